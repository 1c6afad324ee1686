#include "node/clouds.hpp"
#include "node/test_ether.hpp"
#include "pnrp/message.hpp"
#include "pnrp/ssdp.hpp"

#include <gmock/gmock.h>

namespace kith::node {
namespace {

using namespace std::chrono_literals;
using pnrp::test::secure_registration;
using test::Ether;
using test::Port;
using testing::ElementsAre;
using testing::IsEmpty;

Address address(const char* text) {
    return *parse_address(text);
}

Endpoint endpoint(const char* text) {
    return *parse_endpoint(text);
}

Publication publication(unsigned number, std::optional<std::string> cloud = std::nullopt) {
    return {secure_registration(number), Publication::Addresses::given, std::move(cloud)};
}

Publication at_own_addresses(unsigned number) {
    return {secure_registration(number), Publication::Addresses::node, std::nullopt};
}

identity::PeerName name_of(unsigned number) {
    return secure_registration(number).name;
}

PublicationId publish(Ether& ether, Ether::Host& host, Publication what) {
    const auto id = host.clouds.publish(ether.now(), std::move(what));
    EXPECT_TRUE(id);
    ether.drain(host);
    return id.value_or(PublicationId{});
}

std::vector<std::string> cloud_names(const Ether& ether, const Ether::Host& host) {
    std::vector<std::string> out;
    for (const CloudStatus& cloud : host.clouds.status(ether.now()))
        out.push_back(cloud.name + " " + std::string(to_string(cloud.state)));
    return out;
}

std::vector<std::string> presences(const Ether::Host& host) {
    std::vector<std::string> out;
    for (const PublishedName& name : host.clouds.names()) {
        for (const Presence& presence : name.presences) {
            std::string text = presence.cloud;
            for (const pnrp::AppEndpoint& where : presence.endpoints)
                text += " " + to_string(where.address);
            out.push_back(text);
        }
    }
    return out;
}

// A host on wire "a" and the internet, one on wire "b" and the internet, and a gate on all three.
struct TwoWires {
    Ether ether;
    Ether::Host& gate = ether.add(
        {{1, "a", {address("fe80::1"), address("2001:db8:a::1")}}, {2, "b", {address("fe80::1")}}});
    Ether::Host& left = ether.add({{1, "a", {address("fe80::a"), address("2001:db8:a::a")}}});
    Ether::Host& right = ether.add({{1, "b", {address("fe80::b"), address("2001:db8:b::b")}}});

    TwoWires() {
        const Endpoint seed = endpoint("[2001:db8:a::1]:3540");
        for (Ether::Host* host : {&gate, &left, &right}) {
            host->clouds.set_seeds(ether.now(), std::span(&seed, 1));
            ether.drain(*host);
        }
        ether.run(5s);
    }
};

// PNRP-122, PNRP-131
TEST(Clouds, a_node_is_in_the_clouds_that_its_addresses_allow) {
    Ether ether;
    const Ether::Host& host = ether.add(
        {{3, "a", {address("fe80::1"), address("10.0.0.1"), address("2001:db8::1")}},
         {7, "b", {address("fe80::2")}}});
    EXPECT_THAT(
        cloud_names(ether, host),
        ElementsAre(
            "Global_ synchronizing",
            "SiteLocal_ synchronizing",
            "LinkLocal_%if3 synchronizing",
            "LinkLocal_%if7 synchronizing"));
    ether.run(20s);
    EXPECT_THAT(
        cloud_names(ether, host),
        ElementsAre(
            "Global_ alone", "SiteLocal_ alone", "LinkLocal_%if3 alone", "LinkLocal_%if7 alone"));
}

TEST(Clouds, a_name_is_published_in_every_cloud_and_found_in_each) {
    TwoWires net;
    publish(net.ether, net.left, publication(1));
    net.ether.run(2s);
    EXPECT_EQ(net.left.status(net.ether.now(), "Global_").names, 1U);
    EXPECT_EQ(net.left.status(net.ether.now(), "LinkLocal_%if1").names, 1U);
    for (const char* cloud : {"Global_", "LinkLocal_%if1"}) {
        const auto done = net.ether.ask(net.gate, name_of(1), cloud);
        ASSERT_TRUE(done && done->outcome) << cloud;
        EXPECT_EQ(done->cloud, cloud);
    }
}

// PNRP-122: the gate is in both link-local clouds, and carries nothing from one to the other.
TEST(Clouds, a_name_of_one_link_does_not_reach_the_other) {
    TwoWires net;
    publish(net.ether, net.left, publication(1, "LinkLocal_"));
    publish(net.ether, net.gate, publication(2));
    publish(net.ether, net.right, publication(3, "LinkLocal_"));
    net.ether.run(60s);
    ASSERT_TRUE(net.ether.ask(net.gate, name_of(1))->outcome);
    ASSERT_TRUE(net.ether.ask(net.gate, name_of(3))->outcome);
    const auto done = net.ether.ask(net.right, name_of(1));
    ASSERT_TRUE(done);
    EXPECT_EQ(done->outcome.error(), pnrp::ResolveErrc::not_found);
    // What each cloud of the gate knows is of its own link, although it heard both.
    const auto on_a = net.gate.clouds.peers(net.ether.now(), "LinkLocal_%if1");
    ASSERT_EQ(on_a.size(), 1U);
    EXPECT_THAT(on_a[0].entry.addresses, ElementsAre(address("fe80::a")));
    const auto on_b = net.gate.clouds.peers(net.ether.now(), "LinkLocal_%if2");
    ASSERT_EQ(on_b.size(), 1U);
    EXPECT_THAT(on_b[0].entry.addresses, ElementsAre(address("fe80::b")));
    for (const pnrp::PeerInfo& peer : net.right.clouds.peers(net.ether.now(), "Global_")) {
        for (const Address& each : peer.entry.addresses)
            EXPECT_EQ(each.scope(), Scope::global);
    }
}

// PNRP-122, PNRP-185
TEST(Clouds, a_link_local_entry_in_the_global_cloud_is_refused_and_counted_there) {
    TwoWires net;
    pnrp::Flood flood;
    flood.no_ack = true;
    flood.entry = pnrp::RouteEntry{pnrp::PnrpId{{std::byte{0x77}}}, 3540, {address("fe80::a")}};
    const Bytes datagram =
        pnrp::encode_message(pnrp::modern_profile(), pnrp::Message{pnrp::MessageId{1}, flood});
    const auto counted = [&](const char* cloud, pnrp::Drop reason) {
        return net.gate.status(net.ether.now(), cloud).counters.dropped_for(reason);
    };
    net.ether.deliver(
        net.gate,
        {Channel::pnrp,
         endpoint("[2001:db8:a::1]:3540"),
         1,
         endpoint("[2001:db8:a::a]:3540"),
         datagram});
    EXPECT_EQ(counted("Global_", pnrp::Drop::bad_entry), 1U);
    // A link-local source is no member of the global cloud either.
    net.ether.deliver(
        net.gate,
        {Channel::pnrp, endpoint("[2001:db8:a::1]:3540"), 1, endpoint("[fe80::a]:3540"), datagram});
    EXPECT_EQ(counted("Global_", pnrp::Drop::bad_source), 1U);
    // And what comes to the link is for its cloud, whatever it says.
    flood.entry->addresses = {address("2001:db8:a::a")};
    const Bytes global_entry =
        pnrp::encode_message(pnrp::modern_profile(), pnrp::Message{pnrp::MessageId{2}, flood});
    net.ether.deliver(
        net.gate,
        {Channel::pnrp, endpoint("[fe80::1]:3540"), 2, endpoint("[fe80::b]:3540"), global_entry});
    EXPECT_EQ(counted("LinkLocal_%if2", pnrp::Drop::bad_entry), 1U);
    EXPECT_EQ(counted("LinkLocal_%if1", pnrp::Drop::bad_entry), 0U);
    EXPECT_EQ(counted("Global_", pnrp::Drop::bad_entry), 1U);
    net.ether.run(10s);
    for (const CloudStatus& cloud : net.gate.clouds.status(net.ether.now()))
        EXPECT_EQ(cloud.cached, 0U) << cloud.name;
}

// PNRP-185: the same address on two links is two places.
TEST(Clouds, a_datagram_goes_to_the_cloud_of_its_address_and_interface) {
    TwoWires net;
    const Bytes nonsense = to_owned(as_bytes("nonsense that is long enough"));
    const auto arrived = [&](const char* cloud) {
        return net.gate.status(net.ether.now(), cloud).counters.dropped_for(pnrp::Drop::not_pnrp);
    };
    const Endpoint from = endpoint("[fe80::b]:3540");
    net.ether.deliver(net.gate, {Channel::pnrp, endpoint("[fe80::1]:3540"), 2, from, nonsense});
    EXPECT_EQ(arrived("LinkLocal_%if2"), 1U);
    EXPECT_EQ(arrived("LinkLocal_%if1"), 0U);
    EXPECT_EQ(arrived("Global_"), 0U);
    net.ether.deliver(net.gate, {Channel::pnrp, endpoint("[fe80::1]:3540"), 9, from, nonsense});
    net.ether.deliver(net.gate, {Channel::pnrp, endpoint("10.0.0.1:3540"), 1, from, nonsense});
    EXPECT_EQ(net.gate.clouds.unclaimed(), 2U);
    EXPECT_EQ(arrived("LinkLocal_%if2"), 1U);
}

// PNRP-145
TEST(Clouds, discovery_is_matched_by_its_target_and_its_link) {
    TwoWires net;
    const std::string answer =
        pnrp::encode_ssdp_answer(pnrp::modern_profile(), Scope::site, endpoint("[fd00::1]:3540"));
    const Endpoint from{address("fe80::b"), test::kSearchPort};
    const auto before = net.gate.clouds.unclaimed();
    net.ether.deliver(net.gate, {Channel::ssdp, ssdp_group_v6(), 2, from, as_bytes(answer)});
    EXPECT_EQ(net.gate.clouds.unclaimed(), before + 1) << "there is no cloud of the site";
}

TEST(Clouds, the_first_answer_wins_and_the_rest_is_given_up) {
    TwoWires net;
    net.ether.delays[""] = 300ms;
    net.ether.delays["a"] = 1ms;
    publish(net.ether, net.left, publication(1));
    publish(net.ether, net.gate, publication(2));
    net.ether.run(10s);
    net.gate.events.clear();
    const auto done = net.ether.ask(net.gate, name_of(1));
    ASSERT_TRUE(done && done->outcome);
    EXPECT_EQ(done->cloud, "LinkLocal_%if1");
    EXPECT_LT(done->outcome->took, 100ms);
    net.ether.run(5s);
    const auto answers = std::ranges::count_if(net.gate.events, [](const CloudsEvent& event) {
        return std::holds_alternative<QueryDone>(event);
    });
    EXPECT_EQ(answers, 1);
}

TEST(Clouds, a_name_is_missing_when_every_cloud_has_missed_it) {
    TwoWires net;
    publish(net.ether, net.left, publication(1));
    net.ether.run(2s);
    const auto done = net.ether.ask(net.gate, name_of(9));
    ASSERT_TRUE(done);
    EXPECT_EQ(done->outcome.error(), pnrp::ResolveErrc::not_found);
}

TEST(Clouds, a_named_cloud_is_the_only_one_that_is_asked_and_published_in) {
    TwoWires net;
    publish(net.ether, net.left, publication(1, "Global_"));
    net.ether.run(2s);
    EXPECT_THAT(presences(net.left), testing::SizeIs(1));
    ASSERT_TRUE(net.ether.ask(net.gate, name_of(1), "Global_")->outcome);
    const auto searched = net.ether.ask(net.gate, name_of(1), "LinkLocal_");
    ASSERT_TRUE(searched);
    EXPECT_EQ(searched->outcome.error(), pnrp::ResolveErrc::not_found);
    EXPECT_EQ(
        net.gate.clouds.resolve(net.ether.now(), {.name = name_of(1)}, "SiteLocal_").error(),
        pnrp::ResolveErrc::unknown_cloud);
    EXPECT_EQ(
        net.gate.clouds.publish(net.ether.now(), publication(3, "LinkLocal_%if5")).error(),
        pnrp::RegisterErrc::unknown_cloud);
}

TEST(Clouds, a_question_that_is_withdrawn_ends_at_once) {
    TwoWires net;
    const auto id = net.gate.clouds.resolve(net.ether.now(), {.name = name_of(1)}, std::nullopt);
    ASSERT_TRUE(id);
    net.gate.clouds.cancel(net.ether.now(), *id);
    net.ether.drain(net.gate);
    const auto* done = std::get_if<QueryDone>(&net.gate.events.back());
    ASSERT_NE(done, nullptr);
    EXPECT_EQ(done->outcome.error(), pnrp::ResolveErrc::cancelled);
    net.gate.events.clear();
    net.ether.run(15s);
    for (const CloudsEvent& event : net.gate.events)
        EXPECT_FALSE(std::holds_alternative<QueryDone>(event));
}

TEST(Clouds, an_address_is_published_only_where_it_can_be_reached) {
    Ether ether;
    Ether::Host& host =
        ether.add({{1, "a", {address("fe80::1"), address("10.0.0.1"), address("2001:db8::1")}}});
    Publication what = publication(1);
    what.registration.endpoints = {
        {address("10.0.0.1"), 80, 6}, {address("fe80::1"), 80, 6}, {address("2001:db8::1"), 80, 6}};
    const PublicationId id = publish(ether, host, what);
    EXPECT_THAT(
        presences(host),
        ElementsAre(
            "Global_ 2001:db8::1",
            "SiteLocal_ 10.0.0.1 2001:db8::1",
            "LinkLocal_%if1 10.0.0.1 fe80::1 2001:db8::1"));
    what.registration.endpoints = {{address("fe80::1"), 80, 6}};
    ASSERT_TRUE(host.clouds.update(ether.now(), id, what));
    EXPECT_THAT(presences(host), ElementsAre("LinkLocal_%if1 fe80::1"));
    what.cloud = "Global_";
    EXPECT_EQ(host.clouds.update(ether.now(), id, what).error(), pnrp::RegisterErrc::no_endpoints);
    EXPECT_EQ(host.clouds.publish(ether.now(), what).error(), pnrp::RegisterErrc::no_endpoints);
    EXPECT_THAT(presences(host), ElementsAre("LinkLocal_%if1 fe80::1"));
}

// PNRP-238, PNRP-249: a changed address moves the cloud; the old one is never said again.
TEST(Clouds, a_changed_address_is_found_at_once_and_the_old_one_never_again) {
    TwoWires net;
    publish(net.ether, net.left, at_own_addresses(1));
    publish(net.ether, net.right, publication(2));
    publish(net.ether, net.gate, publication(3));
    net.ether.run(10s);
    const auto before = net.ether.ask(net.right, name_of(1));
    ASSERT_TRUE(before && before->outcome);
    EXPECT_EQ(before->outcome->endpoints.front().address, address("2001:db8:a::a"));

    net.ether.plug(net.left, {{1, "a", {address("fe80::a"), address("2001:db8:a::77")}}});

    bool is_found = false;
    for (int second = 0; second < 20; ++second) {
        const auto after = net.ether.ask(net.right, name_of(1), "Global_");
        ASSERT_TRUE(after);
        if (after->outcome) {
            is_found = true;
            ASSERT_EQ(after->outcome->endpoints.size(), 1U);
            EXPECT_EQ(after->outcome->endpoints.front().address, address("2001:db8:a::77"));
            EXPECT_THAT(
                after->outcome->service_addresses, ElementsAre(endpoint("[2001:db8:a::77]:3540")));
        }
        EXPECT_TRUE(is_found || second < 5) << "not found within 5 seconds";
        net.ether.run(1s);
    }
    EXPECT_THAT(
        presences(net.left), ElementsAre("Global_ 2001:db8:a::77", "LinkLocal_%if1 fe80::a"));
}

// A cloud has at most four endpoints, and a name at most ten addresses.
TEST(Clouds, own_addresses_are_those_that_the_cloud_has) {
    Ether ether;
    Port many{1, "a", {}};
    for (char digit : std::string_view("123456789abcdef"))
        many.addresses.push_back(address((std::string("2001:db8::") + digit).c_str()));
    Ether::Host& host = ether.add({many});
    publish(ether, host, at_own_addresses(1));
    EXPECT_THAT(
        presences(host), ElementsAre("Global_ 2001:db8::1 2001:db8::2 2001:db8::3 2001:db8::4"));
}

// PNRP-124, PNRP-129, PNRP-182
TEST(Clouds, a_cloud_that_went_comes_back_with_its_names_or_is_forgotten) {
    Ether ether;
    const std::vector<Port> both{{1, "a", {address("fe80::1")}}, {2, "b", {address("fe80::2")}}};
    const std::vector<Port> one{both[0]};
    Ether::Host& host = ether.add(both);
    publish(ether, host, publication(1));
    ether.plug(host, one);
    EXPECT_EQ(host.status(ether.now(), "LinkLocal_%if2").state, CloudState::no_net);
    EXPECT_EQ(
        host.clouds.resolve(ether.now(), {.name = name_of(1)}, "LinkLocal_%if2").error(),
        pnrp::ResolveErrc::no_addresses);
    ether.run(14min);
    ether.plug(host, both);
    EXPECT_EQ(host.status(ether.now(), "LinkLocal_%if2").state, CloudState::synchronizing);
    EXPECT_EQ(host.status(ether.now(), "LinkLocal_%if2").names, 1U);
    ether.run(14min);
    EXPECT_EQ(host.clouds.status(ether.now()).size(), 2U);
    ether.plug(host, one);
    ether.run(16min);
    EXPECT_EQ(host.clouds.status(ether.now()).size(), 1U);
    EXPECT_THAT(presences(host), testing::SizeIs(1));
}

// PNRP-134
TEST(Clouds, a_cloud_that_appears_takes_the_names_that_are_published_everywhere) {
    Ether ether;
    Ether::Host& host = ether.add({{1, "a", {address("fe80::1")}}});
    publish(ether, host, at_own_addresses(1));
    publish(ether, host, publication(2, "LinkLocal_%if1"));
    EXPECT_THAT(
        presences(host),
        ElementsAre("LinkLocal_%if1 fe80::1", testing::StartsWith("LinkLocal_%if1 2001:db8")));
    ether.plug(host, {{1, "a", {address("fe80::1"), address("2001:db8::1")}}});
    EXPECT_THAT(
        presences(host),
        ElementsAre(
            "Global_ 2001:db8::1",
            "LinkLocal_%if1 fe80::1",
            testing::StartsWith("LinkLocal_%if1 2001:db8")));
}

// PNRP-133, PNRP-247
TEST(Clouds, without_any_network_nothing_is_published_or_asked) {
    Ether ether;
    Ether::Host& host = ether.add({});
    const Place offline{"Global_", 0, {}};
    host.clouds.set_places(ether.now(), std::span(&offline, 1));
    EXPECT_THAT(cloud_names(ether, host), ElementsAre("Global_ no_net"));
    EXPECT_EQ(
        host.clouds.publish(ether.now(), publication(1)).error(), pnrp::RegisterErrc::no_addresses);
    EXPECT_EQ(
        host.clouds.resolve(ether.now(), {.name = name_of(1)}, std::nullopt).error(),
        pnrp::ResolveErrc::no_addresses);
}

// Behind an address translator (docs/protocol/pnrp.md, Reach) -------------------------------------

class BehindTranslator : public testing::Test {
protected:
    BehindTranslator() {
        const Endpoint inside = endpoint("192.168.1.5:3540");
        const std::vector<Place> places{
            {"Global_", 0, {}, {inside}}, {"SiteLocal_", 0, {inside}, {}}};
        host.clouds.set_places(ether.now(), places);
        ether.drain(host);
        for (auto* const reachable : {&anywhere, &global})
            reachable->registration.endpoints = {{address("203.0.113.9"), 443, 6}};
    }

    Ether ether;
    Ether::Host& host = ether.add({});
    Publication anywhere = publication(1);
    Publication global = publication(2, "Global_");
    const Endpoint outside = endpoint("203.0.113.7:13540");
};

TEST_F(BehindTranslator, it_is_in_the_global_cloud_to_resolve) {
    EXPECT_THAT(
        cloud_names(ether, host), ElementsAre("Global_ synchronizing", "SiteLocal_ synchronizing"));
    const CloudStatus& status = host.status(ether.now(), "Global_");
    EXPECT_EQ(status.reach, pnrp::Reach::unknown);
    EXPECT_THAT(status.endpoints, IsEmpty());
    EXPECT_EQ(host.status(ether.now(), "SiteLocal_").reach, pnrp::Reach::publish);
    EXPECT_TRUE(host.clouds.resolve(ether.now(), {.name = name_of(9)}, "Global_"));
    EXPECT_EQ(host.clouds.publish(ether.now(), global).error(), pnrp::RegisterErrc::resolve_only);
}

TEST_F(BehindTranslator, names_follow_into_the_global_cloud_with_a_forwarded_port) {
    publish(ether, host, anywhere);
    EXPECT_THAT(presences(host), ElementsAre("SiteLocal_ 203.0.113.9"));
    host.clouds.set_forwarded(ether.now(), outside);
    ether.drain(host);
    EXPECT_THAT(presences(host), ElementsAre("Global_ 203.0.113.9", "SiteLocal_ 203.0.113.9"));
    EXPECT_THAT(host.status(ether.now(), "Global_").endpoints, ElementsAre(outside));
    EXPECT_TRUE(host.clouds.publish(ether.now(), global));
    const bool is_told = std::ranges::any_of(host.events, [&](const CloudsEvent& event) {
        const auto* changed = std::get_if<CloudReachChanged>(&event);
        return changed != nullptr && changed->cloud == "Global_" &&
               changed->endpoints == std::vector{outside};
    });
    EXPECT_TRUE(is_told);
    // The gateway has forgotten it: nobody is sent there any more.
    host.clouds.set_forwarded(ether.now(), std::nullopt);
    ether.drain(host);
    EXPECT_THAT(host.status(ether.now(), "Global_").endpoints, IsEmpty());
    EXPECT_EQ(
        host.clouds.publish(ether.now(), publication(3, "Global_")).error(),
        pnrp::RegisterErrc::resolve_only);
}

// Both clouds have one address here; where a datagram came from tells them apart.
TEST_F(BehindTranslator, what_comes_from_outside_is_the_global_clouds) {
    host.clouds.set_forwarded(ether.now(), outside);
    const Bytes question = pnrp::encode_message(
        pnrp::modern_profile(), pnrp::Message{pnrp::MessageId{1}, pnrp::Flood{}});
    Arrival arrival;
    arrival.local = endpoint("192.168.1.5:3540");
    arrival.payload = question;
    arrival.from = endpoint("198.51.100.4:3540");
    ether.deliver(host, arrival);
    EXPECT_EQ(host.status(ether.now(), "Global_").counters.datagrams_in, 1U);
    EXPECT_EQ(host.status(ether.now(), "Global_").reach, pnrp::Reach::publish);
    arrival.from = endpoint("192.168.1.9:3540");
    ether.deliver(host, arrival);
    EXPECT_EQ(host.status(ether.now(), "SiteLocal_").counters.datagrams_in, 1U);
    EXPECT_EQ(host.status(ether.now(), "Global_").counters.datagrams_in, 1U);
}

// PNRP-135: what one cloud remembers leads that cloud back, without seed and without search.
TEST(Clouds, each_remembers_its_own_members_for_the_next_run) {
    TwoWires net;
    publish(net.ether, net.left, publication(1));
    publish(net.ether, net.right, publication(2));
    publish(net.ether, net.gate, publication(3));
    net.ether.run(60s);
    const Remembered kept = net.left.clouds.remembered(net.ether.now());
    ASSERT_TRUE(kept.contains("Global_") && kept.contains("LinkLocal_%if1"));
    for (const Endpoint& each : kept.at("Global_"))
        EXPECT_EQ(each.address.scope(), Scope::global);
    EXPECT_THAT(kept.at("LinkLocal_%if1"), ElementsAre(endpoint("[fe80::1]:3540")));
    net.left.is_up = false;
    CloudsConfig config;
    config.node.use_ssdp = false;
    config.remembered = kept;
    Ether::Host& again = net.ether.add(net.left.ports, config);
    net.ether.run(5s);
    EXPECT_EQ(again.status(net.ether.now(), "Global_").state, CloudState::active);
    EXPECT_EQ(again.status(net.ether.now(), "LinkLocal_%if1").state, CloudState::active);
}

// PNRP-132
TEST(Clouds, two_clouds_never_share_an_endpoint) {
    Ether ether;
    Ether::Host& host = ether.add({});
    const Endpoint own = endpoint("[2001:db8::1]:3540");
    const Endpoint linked = endpoint("[fe80::1]:3540");
    const Place places[] = {
        {"Global_", 0, {own}},
        {"LinkLocal_%x", 4, {linked}},
        {"LinkLocal_%y", 4, {linked}},
        {"SiteLocal_one", 0, {endpoint("10.0.0.1:3540")}},
        {"SiteLocal_two", 0, {endpoint("10.0.0.1:3540")}},
    };
    host.clouds.set_places(ether.now(), places);
    EXPECT_THAT(host.clouds.names_of("LinkLocal_"), ElementsAre("LinkLocal_%x"));
    EXPECT_THAT(host.clouds.names_of("SiteLocal_"), ElementsAre("SiteLocal_one"));
}

// PNRP-133
TEST(Clouds, are_bounded) {
    Ether ether;
    Ether::Host& host = ether.add({});
    std::vector<Place> places;
    for (Zone zone = 1; zone <= 2 * kCloudsMax; ++zone) {
        places.push_back(
            {"LinkLocal_%" + std::to_string(zone), zone, {endpoint("[fe80::1]:3540")}});
    }
    host.clouds.set_places(ether.now(), places);
    EXPECT_EQ(host.clouds.status(ether.now()).size(), kCloudsMax);
}

TEST(Clouds, leaving_takes_every_name_back) {
    TwoWires net;
    publish(net.ether, net.left, publication(1));
    net.ether.run(2s);
    net.left.clouds.leave(net.ether.now());
    net.ether.drain(net.left);
    EXPECT_THAT(net.left.clouds.names(), IsEmpty());
    EXPECT_EQ(net.left.status(net.ether.now(), "LinkLocal_%if1").names, 0U);
}

TEST(CloudName, selects_by_name_scope_interface_and_number) {
    EXPECT_TRUE(selects_cloud("Global_", "Global_", 0));
    EXPECT_TRUE(selects_cloud("LinkLocal_", "LinkLocal_%eth0", 2));
    EXPECT_TRUE(selects_cloud("LinkLocal_eth0", "LinkLocal_%eth0", 2));
    EXPECT_TRUE(selects_cloud("LinkLocal_%eth0", "LinkLocal_%eth0", 2));
    EXPECT_TRUE(selects_cloud("LinkLocal_2", "LinkLocal_%eth0", 2));
    EXPECT_TRUE(selects_cloud("SiteLocal_", "SiteLocal_campus", 0));
    EXPECT_FALSE(selects_cloud("LinkLocal_3", "LinkLocal_%eth0", 2));
    EXPECT_FALSE(selects_cloud("LinkLocal_0", "LinkLocal_%eth0", 0));
    EXPECT_FALSE(selects_cloud("SiteLocal_2", "SiteLocal_", 0));
    EXPECT_FALSE(selects_cloud("SiteLocal_", "LinkLocal_%eth0", 2));
    EXPECT_FALSE(selects_cloud("nonsense", "Global_", 0));
}

} // namespace
} // namespace kith::node
