#include "base/endpoint.hpp"
#include "base/random.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith {
namespace {

Address address(std::string_view text) {
    const auto parsed = parse_address(text);
    EXPECT_TRUE(parsed.has_value()) << text;
    return parsed.value_or(Address{});
}

Scope scope_of(std::string_view text) {
    return address(text).scope();
}

// The scope table of docs/protocol/pnrp.md: each range with its first and last address, and the
// ones just outside.
TEST(Address, AnIpv4AddressHasTheScopeOfTheTable) {
    for (const std::string_view text : {"169.254.0.0", "169.254.255.255"})
        EXPECT_EQ(scope_of(text), Scope::link) << text;
    for (const std::string_view text :
         {"10.0.0.0",
          "10.255.255.255",
          "172.16.0.0",
          "172.31.255.255",
          "192.168.0.0",
          "192.168.255.255",
          "100.64.0.0",
          "100.127.255.255"})
        EXPECT_EQ(scope_of(text), Scope::site) << text;
    for (const std::string_view text : {"127.0.0.0", "127.0.0.1", "127.255.255.255"})
        EXPECT_EQ(scope_of(text), Scope::loopback) << text;
    for (const std::string_view text :
         {"0.0.0.0",
          "0.255.255.255",
          "224.0.0.0",
          "239.255.255.250",
          "240.0.0.0",
          "255.255.255.255"})
        EXPECT_EQ(scope_of(text), Scope::none) << text;
    for (const std::string_view text :
         {"1.0.0.0",
          "9.255.255.255",
          "11.0.0.0",
          "100.63.255.255",
          "100.128.0.0",
          "126.255.255.255",
          "128.0.0.0",
          "169.253.255.255",
          "169.255.0.0",
          "172.15.255.255",
          "172.32.0.0",
          "192.167.255.255",
          "192.169.0.0",
          "203.0.113.9",
          "223.255.255.255"})
        EXPECT_EQ(scope_of(text), Scope::global) << text;
}

TEST(Address, AnIpv6AddressHasTheScopeOfTheTable) {
    for (const std::string_view text : {"fe80::", "fe80::1", "febf:ffff::1"})
        EXPECT_EQ(scope_of(text), Scope::link) << text;
    for (const std::string_view text : {"fc00::", "fdff:ffff::1", "fec0::1", "feff:ffff::1"})
        EXPECT_EQ(scope_of(text), Scope::site) << text;
    EXPECT_EQ(scope_of("::1"), Scope::loopback);
    for (const std::string_view text :
         {"::",
          "::2",
          "ff02::1",
          "ff0e::1",
          "ffff::1",
          "64:ff9b::1",
          "::fffe:1.2.3.4",
          "::1.2.3.4"})
        EXPECT_EQ(scope_of(text), Scope::none) << text;
    for (const std::string_view text :
         {"2001:db8::1", "2002::1", "100::1", "fbff::1", "fe00::1", "fe7f::1"})
        EXPECT_EQ(scope_of(text), Scope::global) << text;
}

// In the same 16 bytes: an IPv4 address never escapes its scope by its other spelling.
TEST(Address, AMappedAddressIsTheIpv4One) {
    EXPECT_EQ(address("::ffff:10.1.2.3"), address("10.1.2.3"));
    EXPECT_EQ(address("::ffff:a01:203"), Address::v4(0x0a010203));
    EXPECT_EQ(scope_of("::ffff:10.1.2.3"), Scope::site);
    EXPECT_EQ(scope_of("::ffff:127.0.0.1"), Scope::loopback);
    EXPECT_EQ(to_hex(address("10.1.2.3").bytes), "00000000000000000000ffff0a010203");
    EXPECT_TRUE(address("10.1.2.3").is_v4());
    EXPECT_FALSE(address("::10.1.2.3").is_v4());
    EXPECT_FALSE(address("2001:db8::1").is_v4());
}

TEST(Address, IsUnspecifiedInBothFamilies) {
    EXPECT_TRUE(Address{}.is_unspecified());
    EXPECT_TRUE(address("::").is_unspecified());
    EXPECT_TRUE(address("0.0.0.0").is_unspecified());
    EXPECT_FALSE(address("::1").is_unspecified());
    EXPECT_FALSE(address("0.0.0.1").is_unspecified());
}

TEST(Address, APrefixKeepsItsLeadingBits) {
    const Address v6 = address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    EXPECT_EQ(v6.prefix(0), address("::"));
    EXPECT_EQ(v6.prefix(1), address("8000::"));
    EXPECT_EQ(v6.prefix(63), address("ffff:ffff:ffff:fffe::"));
    EXPECT_EQ(v6.prefix(64), address("ffff:ffff:ffff:ffff::"));
    EXPECT_EQ(v6.prefix(127), address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"));
    EXPECT_EQ(v6.prefix(128), v6);
    const Address v4 = address("203.0.113.255");
    EXPECT_EQ(v4.prefix(32), v4);
    EXPECT_EQ(v4.prefix(24), address("203.0.113.0"));
    EXPECT_EQ(v4.prefix(25), address("203.0.113.128"));
    EXPECT_EQ(v4.prefix(0), address("0.0.0.0"));
}

// A bit by bit count says the same for every length.
TEST(Address, APrefixAgreesWithCountingBits) {
    SeededSecureRandom random(1);
    for (int i = 0; i < 20; ++i) {
        const Address whole{random.bytes<16>()};
        for (unsigned length = 0; length <= 128; ++length) {
            Address expected;
            for (unsigned bit = 0; bit < length; ++bit) {
                const std::byte mask = std::byte{0x80} >> (bit % 8);
                expected.bytes[bit / 8] |= whole.bytes[bit / 8] & mask;
            }
            ASSERT_EQ(whole.prefix(length), expected) << length;
        }
    }
}

TEST(AddressDeathTest, APrefixIsNotLongerThanTheAddress) {
    EXPECT_DEATH(static_cast<void>(address("::1").prefix(129)), "internal error");
    EXPECT_DEATH(static_cast<void>(address("1.2.3.4").prefix(33)), "internal error");
}

TEST(Address, RefusesWhatIsNoLiteral) {
    for (const std::string_view text :
         {"",
          " ",
          "1",
          "1.2.3",
          "1.2.3.4.5",
          "256.1.1.1",
          "01.2.3.4",
          "1.2.3.4 ",
          " 1.2.3.4",
          "1.2.3.4:5",
          "0x1.2.3.4",
          ":",
          ":::",
          "1::2::3",
          "12345::",
          "::g",
          "[::1]",
          "fe80::1%1",
          "fe80::1%eth0",
          "::1/64",
          "localhost",
          "::ffff:1.2.3",
          "1:2:3:4:5:6:7",
          "1:2:3:4:5:6:7:8:9"})
        EXPECT_FALSE(parse_address(text).has_value()) << text;
    EXPECT_FALSE(parse_address(std::string_view("1.2.3.4\0", 8)).has_value());
    EXPECT_FALSE(parse_address(std::string_view("::1\0x", 5)).has_value());
    EXPECT_FALSE(parse_address(std::string(100'000, '1')).has_value());
}

TEST(Address, ReadsTheLongestLiteral) {
    const std::string_view text = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255";
    EXPECT_EQ(address(text).prefix(128), address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
}

TEST(Endpoint, ReadsBothFamilies) {
    EXPECT_EQ(parse_endpoint("1.2.3.4:3540"), (Endpoint{address("1.2.3.4"), 3540}));
    EXPECT_EQ(parse_endpoint("[2001:db8::1]:1"), (Endpoint{address("2001:db8::1"), 1}));
    EXPECT_EQ(parse_endpoint("[::]:65535"), (Endpoint{address("::"), 65535}));
    EXPECT_EQ(parse_endpoint("[::ffff:1.2.3.4]:9"), (Endpoint{address("1.2.3.4"), 9}));
}

TEST(Endpoint, RefusesWhatIsNone) {
    for (const std::string_view text :
         {"",
          ":",
          ":1",
          "1.2.3.4",
          "1.2.3.4:",
          "1.2.3.4:0",
          "1.2.3.4:65536",
          "1.2.3.4:-1",
          "1.2.3.4:+1",
          "1.2.3.4: 1",
          "1.2.3.4:1 ",
          "1.2.3.4:0x1",
          "1.2.3.4:99999999999",
          "[]:1",
          "[1.2.3.4]:1",
          "::1:1",
          "2001:db8::1",
          "[::1]",
          "[::1]1",
          "[::1:1",
          "::1]:1",
          "[[::1]]:1",
          "[fe80::1%1]:1",
          "localhost:1",
          "[::1]:1:1"})
        EXPECT_FALSE(parse_endpoint(text).has_value()) << text;
}

// RFC 5952 for IPv6; a mapped address is shown as what it is.
TEST(Endpoint, PrintsTheUsualForm) {
    EXPECT_EQ(to_string(address("2001:DB8:0:0:0:0:0:1")), "2001:db8::1");
    EXPECT_EQ(to_string(address("::ffff:1.2.3.4")), "1.2.3.4");
    EXPECT_EQ(to_string(Address{}), "::");
    EXPECT_EQ(to_string(Endpoint{address("::1"), 80}), "[::1]:80");
    EXPECT_EQ(to_string(Endpoint{address("1.2.3.4"), 80}), "1.2.3.4:80");
}

TEST(Endpoint, PrintsWhatItParses) {
    SeededSecureRandom random(2);
    SeededRandom choice(2);
    for (int i = 0; i < 2000; ++i) {
        Endpoint endpoint{Address{random.bytes<16>()}, 1};
        if (choice.below(2) == 0) endpoint.address = Address::v4(random.next_u32());
        for (std::byte& b : endpoint.address.bytes) // zeros, so that they are compressed
            if (!endpoint.address.is_v4() && choice.below(2) == 0) b = std::byte{0};
        endpoint.port = static_cast<std::uint16_t>(1 + choice.below(65535));
        EXPECT_EQ(parse_endpoint(to_string(endpoint)), endpoint) << to_string(endpoint);
    }
}

TEST(Scope, HasAName) {
    EXPECT_EQ(to_string(Scope::none), "none");
    EXPECT_EQ(to_string(Scope::loopback), "loopback");
    EXPECT_EQ(to_string(Scope::link), "link");
    EXPECT_EQ(to_string(Scope::site), "site");
    EXPECT_EQ(to_string(Scope::global), "global");
}

} // namespace
} // namespace kith
