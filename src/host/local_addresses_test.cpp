#include "host/local_addresses.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

namespace kith::host {
namespace {

LocalAddress own(const std::string& address, Zone zone = 1, const std::string& name = "eth0") {
    return {.address = *parse_address(address), .zone = zone, .interface = name};
}

std::vector<std::string>
chosen(const Listening& listening, const std::vector<LocalAddress>& machine) {
    std::vector<std::string> out;
    for (const Endpoint& endpoint : choose_endpoints(listening, machine))
        out.push_back(to_string(endpoint));
    return out;
}

using Texts = std::vector<std::string>;

const std::vector<Endpoint> kEverywhere{{Address{}, 3540}, {Address::v4(0), 3540}};

TEST(LocalAddresses, has_loopback) {
    const auto all = local_addresses();
    const bool found = std::ranges::any_of(all, [](const LocalAddress& a) {
        return a.address == *parse_address("127.0.0.1") && a.zone != 0 && !a.interface.empty();
    });
    EXPECT_TRUE(found);
}

TEST(ChooseEndpoints, takes_the_addresses_of_the_scope_families_in_turn) {
    const std::vector<LocalAddress> machine{
        own("127.0.0.1"),
        own("192.168.1.2"),
        own("203.0.113.9"),
        own("2001:db8::1"),
        own("2001:db8::2"),
        own("fe80::1"),
        own("fd00::1")};
    const Listening global{.locals = kEverywhere, .scope = Scope::global};
    EXPECT_EQ(
        chosen(global, machine),
        (Texts{"[2001:db8::1]:3540", "203.0.113.9:3540", "[2001:db8::2]:3540"}));
    const Listening site{.locals = kEverywhere, .scope = Scope::site};
    EXPECT_EQ(chosen(site, machine), (Texts{"[fd00::1]:3540", "192.168.1.2:3540"}));
}

TEST(ChooseEndpoints, puts_lasting_addresses_first) {
    LocalAddress temporary = own("2001:db8::a");
    temporary.is_temporary = true;
    LocalAddress deprecated = own("2001:db8::b");
    deprecated.is_deprecated = true;
    const Listening global{.locals = kEverywhere, .scope = Scope::global};
    EXPECT_EQ(
        chosen(global, {deprecated, temporary, own("2001:db8::c")}),
        (Texts{"[2001:db8::c]:3540", "[2001:db8::a]:3540", "[2001:db8::b]:3540"}));
}

TEST(ChooseEndpoints, offers_a_bound_address_itself) {
    const std::vector<Endpoint> bound{*parse_endpoint("[2001:db8::7]:4000")};
    const Listening global{.locals = bound, .scope = Scope::global};
    EXPECT_EQ(chosen(global, {own("2001:db8::1")}), Texts{"[2001:db8::7]:4000"});
    const Listening site{.locals = bound, .scope = Scope::site};
    EXPECT_EQ(chosen(site, {own("fd00::1")}), Texts{});
}

TEST(ChooseEndpoints, takes_loopback_only_where_it_is_allowed) {
    const std::vector<Endpoint> bound{*parse_endpoint("127.0.0.5:4000")};
    Listening listening{.locals = bound, .scope = Scope::global};
    EXPECT_EQ(chosen(listening, {}), Texts{});
    listening.allow_loopback = true;
    EXPECT_EQ(chosen(listening, {}), Texts{"127.0.0.5:4000"});
}

TEST(ChooseEndpoints, stays_in_the_zone_of_a_link_local_cloud) {
    const std::vector<LocalAddress> machine{own("fe80::1", 2, "eth0"), own("fe80::2", 3, "eth1")};
    const Listening link{
        .locals = kEverywhere, .scope = Scope::link, .allow_loopback = false, .zone = 3};
    EXPECT_EQ(chosen(link, machine), Texts{"[fe80::2]:3540"});
}

TEST(ChooseZone, takes_the_interface_by_its_name_or_the_first) {
    const std::vector<LocalAddress> machine{
        own("2001:db8::1", 1, "eth9"), own("fe80::1", 2, "eth0"), own("fe80::2", 3, "eth1")};
    EXPECT_EQ(choose_zone("eth1", machine), 3U);
    EXPECT_EQ(choose_zone("", machine), 2U);
    EXPECT_EQ(choose_zone("eth9", machine), 2U);
    EXPECT_EQ(choose_zone("eth1", {}), 0U);
}

TEST(AddressWatch, opens_and_drains_nothing) {
    auto watch = AddressWatch::open();
    ASSERT_TRUE(watch) << watch.error().message();
    watch->drain();
    EXPECT_GE(watch->native_handle(), 0);
}

} // namespace
} // namespace kith::host
