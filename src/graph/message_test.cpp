// Every bound of the fourteen messages, violated one by one: each test changes one field of a
// golden message.

#include "graph/message.hpp"
#include "graph/test_golden.hpp"
#include "graph/wire_limits.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace kith::graph {
namespace {

using enum MessageErrc;

std::optional<MessageErrc> why(ByteView bytes) {
    const auto message = decode(bytes);
    return message ? std::nullopt : std::optional(message.error());
}

// A golden message with `digits` at `offset`.
Bytes changed(const std::string& name, std::size_t offset, std::string_view digits) {
    Bytes bytes = golden(name);
    const Bytes change = from_hex(digits).value();
    KITH_CHECK(offset + change.size() <= bytes.size());
    std::ranges::copy(change, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    return bytes;
}

std::optional<MessageErrc>
why(const std::string& name, std::size_t offset, std::string_view digits) {
    return why(changed(name, offset, digits));
}

// The first `size` bytes of a golden message, which say that they are all.
Bytes cut(const std::string& name, std::size_t size) {
    Bytes bytes = golden(name);
    bytes.resize(size);
    bytes[2] = static_cast<std::byte>(size >> 8U);
    bytes[3] = static_cast<std::byte>(size);
    return bytes;
}

// With `extra` zeros at its end, counted by its size.
Bytes longer(const std::string& name, std::size_t extra) {
    return cut(name, golden(name).size() + extra);
}

// GRAPH-015 to GRAPH-017, GRAPH-145
TEST(GraphMessage, AHeaderIsEightBytesOfTheRightSizeVersionAndType) {
    for (std::size_t size = 0; size < 8; ++size) {
        EXPECT_EQ(why(ByteView(golden("sync-end")).first(size)), truncated) << size;
    }
    EXPECT_EQ(why("sync-end", 0, "0000000d"), truncated);
    EXPECT_EQ(why("sync-end", 0, "0000000b"), bad_bounds);
    EXPECT_EQ(why("sync-end", 0, "ffffffff"), truncated);
    EXPECT_EQ(why("sync-end", 4, "11"), bad_version);
    EXPECT_EQ(why("sync-end", 4, "01"), bad_version);
    EXPECT_EQ(why("sync-end", 5, "00"), unknown_type);
    EXPECT_EQ(why("sync-end", 5, "0f"), unknown_type);
    EXPECT_EQ(why("sync-end", 5, "ff"), unknown_type);
}

// GRAPH-018, GRAPH-044
TEST(GraphMessage, ReservedFieldsAreNotLookedAt) {
    for (const char* name : {"auth-info", "connect", "welcome", "request", "ack", "sync-end"}) {
        EXPECT_EQ(decode(changed(name, 6, "ffff")), decode(golden(name))) << name;
    }
    EXPECT_EQ(decode(changed("auth-info", 9, "ff")), decode(golden("auth-info")));
    EXPECT_EQ(decode(changed("connect", 14, "ffff")), decode(golden("connect")));
    EXPECT_EQ(decode(changed("connect", 8, "f3")), decode(golden("connect")));
    EXPECT_EQ(decode(changed("welcome", 25, "ff")), decode(golden("welcome")));
    EXPECT_EQ(decode(changed("solicit-hash", 18, "ffff")), decode(golden("solicit-hash")));
    EXPECT_EQ(decode(changed("advertise", 18, "ffff")), decode(golden("advertise")));
    EXPECT_EQ(decode(changed("sync-end", 8, "ffffffff")), decode(golden("sync-end")));
    EXPECT_EQ(decode(changed("pt2pt", 10, "ffff")), decode(golden("pt2pt")));
    EXPECT_EQ(decode(changed("ack", 28, "fffffffd")), decode(golden("ack")));
}

// GRAPH-132, GRAPH-146, GRAPH-156, GRAPH-166, GRAPH-169, GRAPH-171, GRAPH-176, GRAPH-178,
// GRAPH-181, GRAPH-186, GRAPH-188, GRAPH-194, GRAPH-200, GRAPH-202
TEST(GraphMessage, NoneIsShorterThanItsFixedPart) {
    const std::vector<std::pair<std::string, std::size_t>> sizes{
        {"auth-info", 16},
        {"connect", 24},
        {"welcome", 32},
        {"refuse", 12},
        {"disconnect", 12},
        {"solicit-new", 12},
        {"solicit-time", 20},
        {"solicit-hash", 20},
        {"advertise", 24},
        {"request", 16},
        {"flood", 16},
        {"sync-end", 12},
        {"pt2pt", 28},
        {"ack", 12}};
    for (const auto& [name, size] : sizes) {
        for (std::size_t less = 8; less < size; ++less)
            EXPECT_EQ(why(cut(name, less)), truncated) << name << less;
        EXPECT_NE(why(cut(name, size)), truncated) << name;
    }
}

// GRAPH-008: messages may gain data that nobody's offsets lead to.
TEST(GraphMessage, BytesThatNoOffsetLeadsToAreSkipped) {
    for (const char* name :
         {"refuse",
          "disconnect",
          "solicit-new",
          "solicit-time",
          "solicit-hash",
          "advertise",
          "request",
          "sync-end",
          "ack"}) {
        EXPECT_EQ(decode(longer(name, 5)), decode(golden(name))) << name;
    }
    // The text ends at its terminator.
    EXPECT_EQ(decode(longer("auth-info", 5)), decode(golden("auth-info")));
    EXPECT_EQ(decode(longer("connect", 5)), decode(golden("connect")));
    EXPECT_EQ(decode(longer("welcome", 5)), decode(golden("welcome")));
}

// GRAPH-040, GRAPH-132
TEST(GraphMessage, AuthInfoHasOneOfTwoKindsAndItsTextInOrder) {
    EXPECT_EQ(why("auth-info", 8, "00"), bad_value);
    EXPECT_EQ(why("auth-info", 8, "03"), bad_value);
    EXPECT_EQ(why("auth-info", 10, "0017"), bad_bounds); // graph where the source begins
    EXPECT_EQ(why("auth-info", 10, "000f"), bad_bounds); // inside the fixed part
    EXPECT_EQ(why("auth-info", 12, "0024"), bad_bounds); // source where the destination begins
    EXPECT_EQ(why("auth-info", 12, "0010"), bad_bounds); // source where the graph begins
    EXPECT_EQ(why("auth-info", 14, "0029"), bad_bounds); // one past the end
    EXPECT_EQ(why("auth-info", 14, "ffff"), bad_bounds);
}

// GRAPH-041, GRAPH-133
TEST(GraphMessage, IdsInAuthInfoAreNotEmpty) {
    EXPECT_EQ(why("auth-info", 16, "00"), bad_value);
    EXPECT_EQ(why("auth-info", 23, "00"), bad_value);
    EXPECT_EQ(why("auth-info", 36, "00"), bad_value);
    const auto none = decode(changed("auth-info", 14, "0028")); // the size: not there
    ASSERT_TRUE(none.has_value());
    EXPECT_FALSE(std::get<AuthInfo>(*none).destination.has_value());
}

// GRAPH-039
TEST(GraphMessage, TextIsTerminatedUtf8) {
    EXPECT_EQ(why("auth-info", 22, "41"), bad_text); // runs into the next
    EXPECT_EQ(why("auth-info", 39, "41"), bad_text); // runs off the end
    EXPECT_EQ(why("auth-info", 16, "ff"), bad_text);
    EXPECT_EQ(why("auth-info", 16, "eda080"), bad_text); // a surrogate
    EXPECT_EQ(why("connect", 69, "41"), bad_text);
    EXPECT_EQ(why("connect", 64, "c0"), bad_text);
    EXPECT_EQ(why("welcome", 84, "41"), bad_text);
}

// GRAPH-035: 256 units with the terminator.
TEST(GraphMessage, TextHasAMostLength) {
    const auto with_graph_id = [](const std::string& id) {
        Bytes bytes = encode(AuthInfo{LinkKind::neighbour, "g", "p", std::nullopt});
        bytes.insert(bytes.begin() + 16, id.size() - 1, std::byte{'g'});
        std::ranges::copy(as_bytes(id), bytes.begin() + 16);
        for (const std::size_t field : {std::size_t{2}, std::size_t{12}, std::size_t{14}}) {
            const std::size_t value = (std::to_integer<std::size_t>(bytes[field]) << 8U) +
                                      std::to_integer<std::size_t>(bytes[field + 1]) + id.size() -
                                      1;
            bytes[field] = static_cast<std::byte>(value >> 8U);
            bytes[field + 1] = static_cast<std::byte>(value);
        }
        return why(bytes);
    };
    EXPECT_EQ(with_graph_id(std::string(255, 'a')), std::nullopt);
    EXPECT_EQ(with_graph_id(std::string(256, 'a')), too_large);
    std::string wide; // units count, not bytes
    for (int i = 0; i < 255; ++i)
        wide += "語";
    EXPECT_EQ(with_graph_id(wide), std::nullopt);
}

// GRAPH-045, GRAPH-146
TEST(GraphMessage, ConnectKeepsItsBounds) {
    EXPECT_EQ(why("connect-plain", 8, "08"), bad_value); // an update without addresses
    EXPECT_EQ(why("connect", 9, "03"), bad_bounds);      // one more runs into the name
    EXPECT_EQ(why("connect", 10, "0019"), bad_bounds);
    EXPECT_EQ(why("connect", 10, "0017"), bad_bounds); // inside the fixed part
    EXPECT_EQ(why("connect", 10, "ffff"), bad_bounds);
    EXPECT_EQ(why("connect", 12, "0047"), bad_bounds); // past the end
    EXPECT_EQ(why("connect", 12, "003f"), bad_bounds); // inside the addresses
    const auto nameless = decode(changed("connect", 12, "0046"));
    ASSERT_TRUE(nameless.has_value());
    EXPECT_FALSE(std::get<Connect>(*nameless).friendly_name.has_value()); // GRAPH-046
    // Without addresses their offset has no meaning (GA-24).
    EXPECT_EQ(why("connect-plain", 10, "0000"), std::nullopt);
    EXPECT_EQ(why("connect-plain", 10, "ffff"), std::nullopt);
}

// GRAPH-019
TEST(GraphMessage, AddressesHaveTheirFamily) {
    for (const auto& [name, offset] : {std::pair{"connect", 24}, {"welcome", 32}, {"refuse", 12}}) {
        EXPECT_EQ(why(name, static_cast<std::size_t>(offset), "0002"), bad_value) << name;
        EXPECT_EQ(why(name, static_cast<std::size_t>(offset) + 20, "0018"), bad_value) << name;
    }
}

// GRAPH-048, GRAPH-156
TEST(GraphMessage, WelcomeKeepsItsBounds) {
    EXPECT_EQ(why("welcome", 24, "03"), bad_bounds);
    EXPECT_EQ(why("welcome", 26, "0021"), bad_bounds); // the addresses run into the peer id
    EXPECT_EQ(why("welcome", 26, "001f"), bad_bounds);
    EXPECT_EQ(why("welcome", 28, "0047"), bad_bounds); // the peer id inside the addresses
    EXPECT_EQ(why("welcome", 28, "0055"), bad_bounds); // the peer id where the name begins
    EXPECT_EQ(why("welcome", 30, "005c"), bad_bounds); // the name past the end
    EXPECT_EQ(why("welcome", 72, "00"), bad_value);    // no peer id
    const auto nameless = decode(changed("welcome", 30, "005b"));
    ASSERT_TRUE(nameless.has_value());
    EXPECT_FALSE(std::get<Welcome>(*nameless).friendly_name.has_value());
}

// GRAPH-050, GRAPH-053, GRAPH-166, GRAPH-169
TEST(GraphMessage, RefuseAndDisconnectKeepTheirBounds) {
    EXPECT_EQ(why("refuse", 8, "00"), bad_value);
    EXPECT_EQ(why("refuse", 8, "05"), bad_value);
    EXPECT_EQ(why("refuse", 9, "03"), bad_bounds);
    EXPECT_EQ(why("refuse", 10, "000d"), bad_bounds);
    EXPECT_EQ(why("refuse", 10, "000b"), bad_bounds);
    EXPECT_EQ(why("disconnect", 8, "00"), bad_value);
    EXPECT_EQ(why("disconnect", 8, "04"), bad_value);
    EXPECT_EQ(why("disconnect", 9, "01"), bad_bounds);
    // GA-24: published nodes send 0 or the size of the message.
    EXPECT_EQ(why("disconnect", 10, "0000"), std::nullopt);
    EXPECT_EQ(why("disconnect", 10, "ffff"), std::nullopt);
}

// GRAPH-171, GRAPH-176
TEST(GraphMessage, SolicitNewAndTimeKeepTheirBounds) {
    for (const char* name : {"solicit-new", "solicit-time"}) {
        EXPECT_EQ(why(name, 8, "0200"), bad_value) << name; // one type may be included
        EXPECT_EQ(why(name, 8, "0101"), bad_value) << name; // or some excluded
        EXPECT_EQ(why(name, 8, "0003"), bad_bounds) << name;
        EXPECT_EQ(why(name, 8, "00ff"), bad_bounds) << name;
        EXPECT_EQ(why(name, 10, "ffff"), bad_bounds) << name;
        EXPECT_EQ(why(name, 10, "0000"), bad_bounds) << name;
    }
    EXPECT_EQ(why("solicit-new", 10, "000d"), bad_bounds);
    EXPECT_EQ(why("solicit-time", 10, "0015"), bad_bounds);
    EXPECT_EQ(why("solicit-new-all", 10, "000d"), bad_bounds);
}

// GRAPH-178, GA-26
TEST(GraphMessage, SolicitHashKeepsItsBounds) {
    EXPECT_EQ(why("solicit-hash", 8, "0101"), bad_value);
    EXPECT_EQ(why("solicit-hash", 9, "02"), bad_bounds); // types run into the entries
    EXPECT_EQ(why("solicit-hash", 10, "0015"), bad_bounds);
    EXPECT_EQ(why("solicit-hash", 10, "0013"), bad_bounds);
    EXPECT_EQ(why("solicit-hash", 12, "00000002"), bad_bounds);
    EXPECT_EQ(why("solicit-hash", 12, "ffffffff"), bad_bounds);
    EXPECT_EQ(why("solicit-hash", 12, "06666667"), bad_bounds); // 40 of it: 24 modulo 2^32
    EXPECT_EQ(why("solicit-hash", 16, "0025"), bad_bounds);
    EXPECT_EQ(why("solicit-hash", 16, "0023"), bad_bounds);
}

// GRAPH-181
TEST(GraphMessage, AdvertiseKeepsItsBounds) {
    EXPECT_EQ(why("advertise", 8, "00000002"), bad_bounds);
    EXPECT_EQ(why("advertise", 8, "04ec4ec5"), bad_bounds); // 52 of it: 4 modulo 2^32
    EXPECT_EQ(why("advertise", 8, "ffffffff"), bad_bounds);
    EXPECT_EQ(why("advertise", 12, "00000002"), bad_bounds);
    EXPECT_EQ(why("advertise", 12, "0ccccccd"), bad_bounds); // 20 of it: 4 modulo 2^32
    EXPECT_EQ(why("advertise", 16, "0019"), bad_bounds);
    EXPECT_EQ(why("advertise", 16, "0017"), bad_bounds);
    EXPECT_EQ(why("advertise", 20, "0000004b"), bad_bounds);
    EXPECT_EQ(why("advertise", 20, "0000004d"), bad_bounds);
    EXPECT_EQ(why("advertise", 20, "ffffffff"), bad_bounds);
    // Wide abstracts are longer than the narrow ones that are here.
    const Bytes wide = changed("advertise", 18, "0002");
    EXPECT_EQ(decode(wide, {.wide = true}), std::unexpected(bad_bounds));
}

// GRAPH-186, GA-25
TEST(GraphMessage, RequestKeepsItsBounds) {
    EXPECT_EQ(why("request", 8, "00000002"), bad_bounds);
    EXPECT_EQ(why("request", 8, "0ccccccd"), bad_bounds);
    EXPECT_EQ(why("request", 12, "00000011"), bad_bounds);
    EXPECT_EQ(why("request", 12, "0000000f"), bad_bounds);
    EXPECT_EQ(why("request-empty", 12, "00000015"), bad_bounds);
    EXPECT_EQ(why("request-empty", 12, "00000014"), std::nullopt);
    EXPECT_EQ(decode(cut("request-empty", 16)), decode(golden("request-empty")));
}

// GRAPH-062, GRAPH-188, GA-46
TEST(GraphMessage, FloodKeepsItsBounds) {
    EXPECT_EQ(why("flood", 10, "0001"), bad_value);
    EXPECT_EQ(why("flood", 8, "000b"), bad_bounds);
    EXPECT_EQ(why("flood", 8, "ffff"), bad_bounds);
    Bytes at_end = cut("flood", 20);
    at_end[9] = std::byte{21};
    EXPECT_EQ(why(at_end), bad_bounds);
    at_end[9] = std::byte{20}; // nothing is a record: its codec says so
    EXPECT_EQ(why(at_end), std::nullopt);
    const Bytes least = encode(Flood{}); // found by a fuzzer: too short to be taken again
    EXPECT_EQ(decode(least), decode(at_end));
}

// GRAPH-202, GA-32
TEST(GraphMessage, Pt2ptKeepsItsBounds) {
    EXPECT_EQ(why("pt2pt", 8, "001b"), bad_bounds);
    EXPECT_EQ(why("pt2pt", 8, "0021"), bad_bounds);
    EXPECT_EQ(why("pt2pt", 8, "0020"), std::nullopt);
}

// GRAPH-200
TEST(GraphMessage, AckKeepsItsBounds) {
    EXPECT_EQ(why("ack", 8, "0003"), bad_bounds);
    EXPECT_EQ(why("ack", 8, "ffff"), bad_bounds);
    EXPECT_EQ(why("ack", 10, "000d"), bad_bounds);
    EXPECT_EQ(why("ack", 10, "000b"), bad_bounds);
    EXPECT_EQ(why("ack", 10, "ffff"), bad_bounds);
}

// GRAPH-008: what a published node would skip is skipped here too.
TEST(GraphMessage, AGapThatIsNoListOfCapabilitiesIsSkipped) {
    const auto found = [](const Bytes& bytes) {
        return std::get<Connect>(decode(bytes).value()).capabilities.size();
    };
    EXPECT_EQ(found(golden("connect-capabilities")), 3U);
    EXPECT_EQ(found(changed("connect-capabilities", 26, "ffff")), 0U); // runs off the gap
    EXPECT_EQ(found(changed("connect-capabilities", 36, "0001")), 0U);
    EXPECT_EQ(found(changed("connect-capabilities", 10, "0024")), 0U); // half of one at its end
    EXPECT_EQ(found(changed("connect-capabilities", 10, "001c")), 1U);
}

TEST(GraphMessage, AListOfCapabilitiesHasAMostLength) {
    const auto found = [](std::size_t count, std::size_t size) {
        Connect connect;
        Bytes gap;
        for (std::size_t i = 0; i < count; ++i) {
            gap.insert(gap.end(), 2, std::byte{7});
            gap.push_back(static_cast<std::byte>(size >> 8U));
            gap.push_back(static_cast<std::byte>(size));
            gap.insert(gap.end(), size, std::byte{0});
        }
        Bytes bytes = encode(connect);
        bytes.insert(bytes.end(), gap.begin(), gap.end());
        for (const std::size_t field : {std::size_t{2}, std::size_t{10}, std::size_t{12}}) {
            bytes[field] = static_cast<std::byte>(bytes.size() >> 8U);
            bytes[field + 1] = static_cast<std::byte>(bytes.size());
        }
        return std::get<Connect>(decode(bytes).value()).capabilities.size();
    };
    EXPECT_EQ(found(kCapabilitiesMax, 0), kCapabilitiesMax);
    EXPECT_EQ(found(kCapabilitiesMax + 1, 0), 0U);
    EXPECT_EQ(found(1, kCapabilityBytesMax - 4), 1U);
    EXPECT_EQ(found(1, kCapabilityBytesMax - 3), 0U);
}

// GRAPH-056
TEST(TypeFilter, CoversWhatItIncludesOrWhatItDoesNotExclude) {
    const Guid a = Guid::from_halves(1, 1);
    const Guid b = Guid::from_halves(2, 2);
    EXPECT_TRUE((TypeFilter{}.covers(a)));
    EXPECT_TRUE((TypeFilter{{a}, {}}.covers(a)));
    EXPECT_FALSE((TypeFilter{{a}, {}}.covers(b)));
    EXPECT_FALSE((TypeFilter{{}, {a, b}}.covers(b)));
    EXPECT_TRUE((TypeFilter{{}, {a}}.covers(b)));
}

} // namespace
} // namespace kith::graph
