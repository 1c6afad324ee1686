// One name published by several nodes in several clouds (docs/protocol/pnrp.md, Several
// registrations).

#include "node/clouds.hpp"
#include "node/test_ether.hpp"

#include <gmock/gmock.h>

namespace kith::node {
namespace {

using namespace std::chrono_literals;
using test::Ether;
using test::Port;
using testing::ElementsAre;

const identity::PeerName kNews = *identity::PeerName::unsecured("news");

Address ip(const char* text) {
    return *parse_address(text);
}

// Three hosts with the internet; one shares wire "a" with the asker, one wire "b".
struct Neighbours {
    Ether ether;
    Ether::Host& asker =
        ether.add({{1, "a", {ip("fe80::1"), ip("2001:db8:a::1")}}, {2, "b", {ip("fe80::1")}}});
    Ether::Host& left = ether.add({{1, "a", {ip("fe80::a"), ip("2001:db8:a::a")}}});
    Ether::Host& right = ether.add({{1, "b", {ip("fe80::b"), ip("2001:db8:b::b")}}});
    Ether::Host& far = ether.add({{1, "c", {ip("2001:db8:c::c")}}});

    Neighbours() {
        const Endpoint seed = *parse_endpoint("[2001:db8:a::1]:3540");
        for (Ether::Host* host : {&asker, &left, &right, &far}) {
            host->clouds.set_seeds(ether.now(), std::span(&seed, 1));
            ether.drain(*host);
        }
        publish(asker, 1, *identity::PeerName::unsecured("other"));
        ether.run(5s);
    }

    void publish(Ether::Host& host, unsigned number, const identity::PeerName& name = kNews) {
        Publication what{
            pnrp::test::secure_registration(number), Publication::Addresses::node, std::nullopt};
        what.registration.name = name;
        what.registration.comment = "copy " + std::to_string(number);
        EXPECT_TRUE(host.clouds.publish(ether.now(), std::move(what)));
        ether.drain(host);
        ether.run(2s);
    }

    std::optional<QueryDone> ask(Ether::Host& host, pnrp::ResolveQuery query) {
        const auto id = host.clouds.resolve(ether.now(), query, std::nullopt);
        ether.drain(host);
        if (!id) return std::nullopt;
        for (int waited = 0; waited < 1000; ++waited) {
            for (const CloudsEvent& event : host.events) {
                const auto* done = std::get_if<QueryDone>(&event);
                if (done != nullptr && done->id == *id) return *done;
            }
            ether.run(20ms);
        }
        return std::nullopt;
    }

    std::optional<QueryDone> all(Ether::Host& host) {
        pnrp::ResolveQuery query{.name = kNews};
        query.extent = pnrp::Extent::all;
        return ask(host, query);
    }

    std::optional<QueryDone> nearest(Ether::Host& host) {
        pnrp::ResolveQuery query{.name = kNews};
        query.criteria = pnrp::kNearest;
        return ask(host, query);
    }
};

std::vector<std::string> sightings(const QueryDone& done) {
    std::vector<std::string> out{done.cloud + " " + done.outcome->comment};
    for (const Sighting& other : done.others)
        out.push_back(other.cloud + " " + other.resolution.comment);
    return out;
}

TEST(SeveralRegistrations, are_found_in_every_cloud) {
    Neighbours net;
    net.publish(net.left, 11);
    net.publish(net.right, 12);
    net.publish(net.far, 13);
    const auto done = net.all(net.asker);
    ASSERT_TRUE(done && done->outcome);
    EXPECT_TRUE(done->is_complete);
    auto found = sightings(*done);
    ASSERT_EQ(found.size(), 5U);
    EXPECT_THAT(
        std::span(found).subspan(3),
        ElementsAre("LinkLocal_%if1 copy 11", "LinkLocal_%if2 copy 12"));
    std::sort(found.begin(), found.begin() + 3); // of one cloud they come in the order of ids
    EXPECT_THAT(
        std::span(found).first(3),
        ElementsAre("Global_ copy 11", "Global_ copy 12", "Global_ copy 13"));
}

// Decision A47: on a link before anywhere else, and here before on a link.
TEST(SeveralRegistrations, the_nearest_is_that_of_the_narrowest_cloud) {
    Neighbours net;
    net.publish(net.far, 13);
    auto done = net.nearest(net.asker);
    ASSERT_TRUE(done && done->outcome);
    EXPECT_THAT(sightings(*done), ElementsAre("Global_ copy 13"));

    net.publish(net.left, 11);
    done = net.nearest(net.asker);
    ASSERT_TRUE(done && done->outcome);
    EXPECT_THAT(sightings(*done), ElementsAre("LinkLocal_%if1 copy 11"));

    net.publish(net.asker, 14);
    done = net.nearest(net.asker);
    ASSERT_TRUE(done && done->outcome);
    EXPECT_TRUE(done->outcome->is_local);
    EXPECT_EQ(done->outcome->comment, "copy 14");
}

TEST(SeveralRegistrations, none_is_a_miss) {
    Neighbours net;
    for (const auto& done : {net.all(net.asker), net.nearest(net.asker)}) {
        ASSERT_TRUE(done);
        EXPECT_EQ(done->outcome.error(), pnrp::ResolveErrc::not_found);
        EXPECT_TRUE(done->others.empty());
    }
}

} // namespace
} // namespace kith::node
