#include "host/local_addresses.hpp"
#include "host/no_descriptors_test.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

namespace kith::host {
namespace {

LocalAddress own(const std::string& address, Zone zone = 1, const std::string& name = "eth0") {
    return {.address = *parse_address(address), .zone = zone, .interface = name};
}

// Each place as "cloud endpoint endpoint".
std::vector<std::string>
chosen(const Listening& listening, const std::vector<LocalAddress>& machine) {
    std::vector<std::string> out;
    for (const node::Place& place : choose_places(listening, machine)) {
        std::string text = place.cloud;
        for (const Endpoint& endpoint : place.endpoints)
            text += " " + to_string(endpoint);
        out.push_back(text);
    }
    return out;
}

using Texts = std::vector<std::string>;

const std::vector<Endpoint> kEverywhere{{Address{}, 3540}, {Address::v4(0), 3540}};

TEST(LocalAddresses, has_loopback) {
    const auto all = local_addresses();
    ASSERT_TRUE(all) << all.error().message();
    const bool found = std::ranges::any_of(*all, [](const LocalAddress& a) {
        return a.address == *parse_address("127.0.0.1") && a.zone != 0 && !a.interface.empty();
    });
    EXPECT_TRUE(found);
}

TEST(LocalAddresses, that_cannot_be_read_are_not_none) {
    const auto [all, up] = [] {
        const NoDescriptors none; // looked at later: a sanitizer wants some for its checks
        return std::pair(local_addresses(), up_interfaces());
    }();
    ASSERT_FALSE(all);
    EXPECT_EQ(all.error(), std::errc::too_many_files_open);
    EXPECT_FALSE(up);
    EXPECT_TRUE(local_addresses() && up_interfaces());
}

// PNRP-131
TEST(ChoosePlaces, makes_a_cloud_of_each_scope_and_link_families_in_turn) {
    const std::vector<LocalAddress> machine{
        own("127.0.0.1"),
        own("192.168.1.2"),
        own("203.0.113.9"),
        own("2001:db8::1"),
        own("2001:db8::2"),
        own("fe80::1"),
        own("169.254.7.7"),
        own("fe80::1", 4, "wlan0"),
        own("fd00::1")};
    EXPECT_EQ(
        chosen({.locals = kEverywhere, .only = {}}, machine),
        (Texts{
            "Global_ [2001:db8::1]:3540 203.0.113.9:3540 [2001:db8::2]:3540",
            "SiteLocal_ [fd00::1]:3540 192.168.1.2:3540",
            "LinkLocal_%eth0 [fe80::1]:3540 169.254.7.7:3540",
            "LinkLocal_%wlan0 [fe80::1]:3540"}));
    const auto places = choose_places({.locals = kEverywhere, .only = {}}, machine);
    EXPECT_EQ(places[0].zone, 0U);
    EXPECT_EQ(places[3].zone, 4U);
}

TEST(ChoosePlaces, puts_lasting_addresses_first) {
    LocalAddress temporary = own("2001:db8::a");
    temporary.is_temporary = true;
    LocalAddress deprecated = own("2001:db8::b");
    deprecated.is_deprecated = true;
    EXPECT_EQ(
        chosen({.locals = kEverywhere, .only = {}}, {deprecated, temporary, own("2001:db8::c")}),
        Texts{"Global_ [2001:db8::c]:3540 [2001:db8::a]:3540 [2001:db8::b]:3540"});
}

TEST(ChoosePlaces, offers_a_bound_address_itself_and_nothing_else) {
    const std::vector<Endpoint> bound{*parse_endpoint("[2001:db8::7]:4000")};
    EXPECT_EQ(
        chosen({.locals = bound, .only = {}}, {own("2001:db8::1"), own("fd00::1")}),
        Texts{"Global_ [2001:db8::7]:4000"});
    const std::vector<Endpoint> linked{*parse_endpoint("[fe80::2]:4000")};
    EXPECT_EQ(
        chosen({.locals = linked, .only = {}}, {own("fe80::2", 3, "eth1"), own("fe80::1")}),
        Texts{"LinkLocal_%eth1 [fe80::2]:4000"});
}

TEST(ChoosePlaces, takes_loopback_only_where_it_is_allowed) {
    const std::vector<Endpoint> bound{*parse_endpoint("127.0.0.5:4000")};
    EXPECT_EQ(chosen({.locals = bound, .only = {}}, {}), Texts{});
    EXPECT_EQ(
        chosen({.locals = bound, .allow_loopback = true, .only = {}}, {}),
        Texts{"Global_ 127.0.0.5:4000"});
    const std::vector<std::string> site{"SiteLocal_here"};
    EXPECT_EQ(
        chosen({.locals = bound, .allow_loopback = true, .only = site}, {}),
        Texts{"SiteLocal_here 127.0.0.5:4000"});
}

TEST(ChoosePlaces, goes_only_where_it_is_told) {
    const std::vector<LocalAddress> machine{
        own("2001:db8::1"), own("10.0.0.1"), own("fe80::1", 2, "eth0"), own("fe80::2", 3, "eth1")};
    const auto with = [&](const std::vector<std::string>& only) {
        return chosen({.locals = kEverywhere, .only = only}, machine);
    };
    EXPECT_EQ(with({"LinkLocal_eth1"}), Texts{"LinkLocal_%eth1 [fe80::2]:3540"});
    EXPECT_EQ(with({"LinkLocal_2"}), Texts{"LinkLocal_%eth0 [fe80::1]:3540"});
    EXPECT_EQ(
        with({"LinkLocal_"}),
        (Texts{"LinkLocal_%eth0 [fe80::1]:3540", "LinkLocal_%eth1 [fe80::2]:3540"}));
    EXPECT_EQ(
        with({"SiteLocal_lab", "Global_"}),
        (Texts{"Global_ [2001:db8::1]:3540", "SiteLocal_lab 10.0.0.1:3540"}));
    // A cloud that was asked for is there before its network is, under the same name.
    EXPECT_EQ(with({"LinkLocal_usb0"}), Texts{"LinkLocal_%usb0"});
}

TEST(ChoosePlaces, has_the_global_cloud_before_there_is_an_address) {
    EXPECT_EQ(chosen({.locals = kEverywhere, .only = {}}, {}), Texts{"Global_"});
}

TEST(ChoosePlaces, private_ipv4_addresses_are_ways_out_to_the_global_cloud) {
    const std::vector<LocalAddress> machine{own("fd00::1"), own("192.168.1.5")};
    const auto places = choose_places({.locals = kEverywhere, .only = {}}, machine);
    ASSERT_EQ(places.size(), 2U);
    EXPECT_EQ(places[0].cloud, "Global_");
    EXPECT_TRUE(places[0].endpoints.empty());
    EXPECT_EQ(places[0].ways_out, std::vector{*parse_endpoint("192.168.1.5:3540")});
    EXPECT_EQ(places[1].cloud, "SiteLocal_");
    EXPECT_TRUE(places[1].ways_out.empty());
    const std::vector<Endpoint> bound{*parse_endpoint("192.168.1.5:4000")};
    EXPECT_EQ(choose_places({.locals = bound, .only = {}}, machine).front().ways_out, bound);
}

TEST(ChoosePlaces, is_on_so_many_links) {
    std::vector<LocalAddress> machine;
    for (Zone zone = 1; zone <= 2 * kLinksMax; ++zone)
        machine.push_back(own("fe80::1", zone, "veth" + std::to_string(zone)));
    EXPECT_EQ(chosen({.locals = kEverywhere, .only = {}}, machine).size(), 1 + kLinksMax);
}

TEST(AddressWatch, opens_and_drains_nothing) {
    auto watch = AddressWatch::open();
    ASSERT_TRUE(watch) << watch.error().message();
    watch->drain();
    EXPECT_GE(watch->native_handle(), 0);
}

} // namespace
} // namespace kith::host
