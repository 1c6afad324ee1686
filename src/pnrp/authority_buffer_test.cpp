#include "identity/peer_name.hpp"
#include "pnrp/authority_buffer.hpp"
#include "pnrp/test_golden.hpp"
#include "pnrp/test_messages.hpp"
#include "pnrp/test_vectors.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

const Profile& profile = modern_profile();

AuthorityBuffer full_buffer() {
    AuthorityBuffer buffer;
    buffer.suspicious = true;
    buffer.chain = Bytes(5, std::byte{1});
    buffer.classifier = "abc"; // an odd number of units: padding
    buffer.extended_payload = Bytes(6, std::byte{2});
    buffer.entry = vector::entry({}, {"2001:db8::1"});
    buffer.cpa = Bytes(7, std::byte{3}); // no padding after it
    return buffer;
}

MessageErrc why(ByteView bytes) {
    const auto buffer = decode_authority_buffer(profile, bytes);
    EXPECT_FALSE(buffer.has_value());
    return buffer ? MessageErrc{255} : buffer.error();
}

// PNRP-042, PNRP-046, PNRP-048
TEST(AuthorityBufferTest, ElementsHaveTheirOrderAndPadding) {
    const Bytes bytes = encode_authority_buffer(profile, full_buffer());
    EXPECT_EQ(
        to_hex(bytes),
        "0040000602000000"                         // flags
        "008000090101010101000000"                 // chain
        "008500120003000e0084000200610062"         // classifier
        "00630000"                                 //
        "005a000a0202020202020000"                 // payload
        "009a003a" +                               // entry
            std::string(64, '0') +                 //
            "05000dd40001"                         //
            "20010db80000000000000000000000010000" //
            "009b000b03030303030303");
    EXPECT_EQ(decode_authority_buffer(profile, bytes), full_buffer());
}

TEST(AuthorityBufferTest, WhatIsEncodedDecodesToTheSame) {
    RandomMessages messages(41);
    for (int i = 0; i < 2000; ++i) {
        const AuthorityBuffer buffer = messages.authority_buffer();
        const Bytes bytes = encode_authority_buffer(profile, buffer);
        const auto decoded = decode_authority_buffer(profile, bytes);
        ASSERT_TRUE(decoded.has_value()) << to_hex(bytes);
        ASSERT_EQ(*decoded, buffer);
    }
}

// PNRP-199
TEST(AuthorityBufferTest, WhatDecodesEncodesToTheSameBytesHoweverDamaged) {
    const Bytes whole = encode_authority_buffer(profile, full_buffer());
    damage(whole, [&](const Bytes& damaged) {
        const auto buffer = decode_authority_buffer(profile, damaged);
        if (buffer) {
            ASSERT_EQ(to_hex(encode_authority_buffer(profile, *buffer)), to_hex(damaged));
        }
    });
}

// PNRP-039, PNRP-042, PNRP-044
TEST(AuthorityBufferTest, WrongOrderDuplicatesAndLengthsAreRefused) {
    const std::string flags = "0040000600000000";
    const std::string chain = "0080000501000000";
    const std::string cpa = "009b000801020304";
    const auto hex = [](const std::string& digits) { return from_hex(digits).value(); };
    EXPECT_TRUE(decode_authority_buffer(profile, hex(flags + chain + cpa)).has_value());
    EXPECT_EQ(why({}), MessageErrc::truncated);
    EXPECT_EQ(why(hex(chain)), MessageErrc::bad_syntax);
    EXPECT_EQ(why(hex("004000060000")), MessageErrc::truncated); // A7 is for the published profile
    EXPECT_EQ(why(hex("0040000680000000")), MessageErrc::bad_padding);
    EXPECT_EQ(why(hex("0040000600000001")), MessageErrc::bad_padding);
    EXPECT_EQ(why(hex(flags + cpa + chain)), MessageErrc::trailing_bytes);
    EXPECT_EQ(why(hex(flags + chain + chain)), MessageErrc::trailing_bytes);
    EXPECT_EQ(why(hex(flags + cpa + cpa)), MessageErrc::trailing_bytes);
    EXPECT_EQ(why(hex(flags + "009b0004")), MessageErrc::bad_syntax);
    EXPECT_EQ(why(hex(flags + "009b0003")), MessageErrc::bad_syntax);
    EXPECT_EQ(why(hex(flags + "009b0009" + "01020304")), MessageErrc::truncated);
    EXPECT_EQ(why(Bytes(kAuthorityBufferSizeMax + 1)), MessageErrc::oversized);
}

// PNRP-044, PNRP-045
TEST(AuthorityBufferTest, ClassifierIsAPeerNamesClassifier) {
    const std::string head = "0040000600000000"
                             "0085";
    const auto hex = [](const std::string& digits) { return from_hex(digits).value(); };
    const auto one_unit = [&](const std::string& unit) {
        return hex(
            head +
            "000e"
            "0001"
            "000a"
            "0084"
            "0002" +
            unit + "0000");
    };
    EXPECT_EQ(decode_authority_buffer(profile, one_unit("20ac"))->classifier, "\u20ac");
    EXPECT_EQ(why(one_unit("0000")), MessageErrc::bad_syntax);
    EXPECT_EQ(why(one_unit("d800")), MessageErrc::bad_syntax); // a lone surrogate

    AuthorityBuffer buffer;
    buffer.classifier = std::string(identity::kClassifierUnitsMax, 'c');
    Bytes longest = encode_authority_buffer(profile, buffer);
    EXPECT_EQ(decode_authority_buffer(profile, longest), buffer);
    // 150 units: the 149th and the padding behind it make room.
    const auto patch = [&](std::size_t offset, std::size_t value) {
        longest[offset] = static_cast<std::byte>(value >> 8U);
        longest[offset + 1] = static_cast<std::byte>(value & 0xffU);
    };
    patch(10, 12 + 300);
    patch(12, 150);
    patch(14, 8 + 300);
    patch(longest.size() - 2, 'c');
    EXPECT_EQ(why(longest), MessageErrc::bad_syntax);
}

// PNRP-273, PNRP-274; vectors 3.2
TEST(SplitAuthorityTest, EveryFragmentButTheLastHas1188Bytes) {
    const auto sizes = [](std::size_t size) {
        std::vector<std::size_t> out;
        for (const Authority& part : split_authority(MessageId{1}, Bytes(size)))
            out.push_back(part.fragment.size());
        return out;
    };
    using Sizes = std::vector<std::size_t>;
    EXPECT_EQ(sizes(8), (Sizes{8}));
    EXPECT_EQ(sizes(1188), (Sizes{1188}));
    EXPECT_EQ(sizes(1189), (Sizes{1188, 1}));
    EXPECT_EQ(sizes(2000), (Sizes{1188, 812}));
    const Sizes largest = sizes(kAuthorityBufferSizeMax);
    EXPECT_EQ(largest.size(), 32U);
    EXPECT_EQ(largest.back(), 520U);
}

Bytes numbered(std::size_t size) {
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::byte>((i * 31 + i / 256) & 0xffU);
    return out;
}

// PNRP-195, PNRP-198
TEST(ReassemblyTest, FragmentsInAnyOrderAndTwiceMakeTheBuffer) {
    SeededRandom random(42);
    for (int i = 0; i < 300; ++i) {
        const Bytes buffer = numbered(1 + random.below(kAuthorityBufferSizeMax));
        auto fragments = split_authority(MessageId{1}, buffer);
        for (std::size_t n = fragments.size(); n > 1; --n)
            std::swap(fragments[n - 1], fragments[random.below(n)]);
        Reassembly reassembly;
        for (std::size_t n = 0; n < fragments.size(); ++n) {
            const bool is_last = n + 1 == fragments.size();
            ASSERT_EQ(
                reassembly.add(fragments[n]),
                is_last ? Reassembly::Outcome::complete : Reassembly::Outcome::incomplete);
            if (!is_last) { // repeated: changes nothing
                ASSERT_EQ(
                    reassembly.add(fragments[random.below(n + 1)]),
                    Reassembly::Outcome::incomplete);
            }
        }
        ASSERT_EQ(reassembly.take(), buffer);
    }
}

// PNRP-197
TEST(ReassemblyTest, FragmentsThatContradictAreRefused) {
    const auto parts = split_authority(MessageId{1}, numbered(3000));
    const auto outcome = [&](const Authority& second) {
        Reassembly reassembly;
        EXPECT_EQ(reassembly.add(parts[0]), Reassembly::Outcome::incomplete);
        return reassembly.add(second);
    };
    EXPECT_EQ(outcome(parts[1]), Reassembly::Outcome::incomplete);
    Authority other = parts[1];
    other.size = 3001;
    EXPECT_EQ(outcome(other), Reassembly::Outcome::refused); // another Size
    other = parts[1];
    other.offset = 1189;
    EXPECT_EQ(outcome(other), Reassembly::Outcome::refused);
    other = parts[1];
    other.fragment.pop_back();
    EXPECT_EQ(outcome(other), Reassembly::Outcome::refused); // too short before the end
    other = parts[2];
    other.fragment.push_back({});
    EXPECT_EQ(outcome(other), Reassembly::Outcome::refused); // beyond Size
    other = parts[2];
    other.offset = 3 * 1188;
    EXPECT_EQ(outcome(other), Reassembly::Outcome::refused);
    other = parts[0];
    other.fragment[7] ^= std::byte{1};
    EXPECT_EQ(outcome(other), Reassembly::Outcome::refused); // the same place, other bytes
    EXPECT_EQ(
        Reassembly().add({MessageId{1}, 37349, 0, Bytes(1188)}), Reassembly::Outcome::refused);
    EXPECT_EQ(Reassembly().add({MessageId{1}, 0, 0, {}}), Reassembly::Outcome::refused);
}

// A Size of 37348 costs nothing before the bytes are here.
TEST(ReassemblyTest, MemoryGrowsWithWhatArrived) {
    const auto parts = split_authority(MessageId{1}, numbered(kAuthorityBufferSizeMax));
    Reassembly reassembly;
    reassembly.add(parts.back());
    EXPECT_LT(reassembly.state_bytes(), 1200U);
    reassembly.add(parts.front());
    EXPECT_LT(reassembly.state_bytes(), 2400U);
    EXPECT_GT(reassembly.state_bytes(), 1188U + 520U);
}

} // namespace
} // namespace kith::pnrp
