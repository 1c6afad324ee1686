#include "pnrp/element.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/message.hpp"
#include "pnrp/test_golden.hpp"
#include "pnrp/test_messages.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

MessageErrc why(ByteView datagram) {
    const auto message = decode_message(modern_profile(), datagram);
    EXPECT_FALSE(message.has_value());
    return message ? MessageErrc{255} : message.error();
}

// One change to a golden datagram: `digits` at `offset`.
MessageErrc why(const std::string& name, std::size_t offset, std::string_view digits) {
    Bytes datagram = golden("modern", name);
    const Bytes change = from_hex(digits).value();
    std::ranges::copy(change, datagram.begin() + static_cast<std::ptrdiff_t>(offset));
    return why(datagram);
}

Bytes without(Bytes bytes, std::size_t offset, std::size_t count) {
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    bytes.erase(first, first + static_cast<std::ptrdiff_t>(count));
    return bytes;
}

Bytes twice(const Bytes& bytes, std::size_t offset, std::size_t count) {
    Bytes out = bytes;
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    out.insert(
        out.begin() + static_cast<std::ptrdiff_t>(offset + count),
        first,
        first + static_cast<std::ptrdiff_t>(count));
    return out;
}

// PNRP-004, PNRP-006
TEST(MessageProperty, WhatIsEncodedDecodesToTheSame) {
    RandomMessages messages(11);
    for (const Profile& profile : {modern_profile(), windows_profile()}) {
        for (int i = 0; i < 4000; ++i) {
            Message message = messages.message();
            if (profile.inquire_size == 0) { // the published profile pads nothing
                if (auto* inquire = std::get_if<Inquire>(&message.body)) inquire->padded = false;
                if (auto* solicit = std::get_if<Solicit>(&message.body)) solicit->padded = false;
            }
            const Bytes datagram = encode_message(profile, message);
            ASSERT_LE(datagram.size(), kDatagramSizeMax);
            const auto decoded = decode_message(profile, datagram);
            ASSERT_TRUE(decoded.has_value()) << to_hex(datagram);
            ASSERT_EQ(*decoded, message) << to_hex(datagram);
            ASSERT_EQ(decoded->body.index(), message.body.index());
        }
    }
}

// PNRP-183, PNRP-189, PNRP-259: one meaning, one encoding, whatever arrives.
TEST(MessageProperty, WhatDecodesEncodesToTheSameBytesHoweverDamaged) {
    RandomMessages messages(12);
    std::size_t accepted = 0;
    for (int i = 0; i < 40; ++i) {
        const Message message = messages.message();
        const Bytes datagram = encode_message(modern_profile(), message);
        damage(datagram, [&](const Bytes& damaged) {
            const auto decoded = decode_message(modern_profile(), damaged);
            if (!decoded) return;
            ++accepted;
            ASSERT_EQ(to_hex(encode_message(modern_profile(), *decoded)), to_hex(damaged));
        });
    }
    for (const char* name :
         {"flood-visit", "flood-visit-order", "flood-source", "ack-source", "ack-visit"}) {
        damage(golden("modern", name), [&](const Bytes& damaged) {
            const auto decoded = decode_message(modern_profile(), damaged);
            if (!decoded) return;
            ASSERT_EQ(to_hex(encode_message(modern_profile(), *decoded)), to_hex(damaged)) << name;
        });
    }
    EXPECT_GT(accepted, 0U); // content may change, form may not
}

// AUTHORITY ends where its datagram does: how long its fragment must be is `Reassembly`'s to say.
TEST(MessageProperty, EveryOtherTruncationIsRefused) {
    RandomMessages messages(13);
    for (int i = 0; i < 400; ++i) {
        const Message message = messages.message();
        if (std::holds_alternative<Authority>(message.body)) continue;
        const Bytes datagram = encode_message(modern_profile(), message);
        for (std::size_t size = 0; size < datagram.size(); ++size) {
            const auto decoded = decode_message(modern_profile(), ByteView(datagram).first(size));
            // A padded message and an ACK have a shorter form that is legal in itself.
            if (decoded) {
                ASSERT_NE(*decoded, message);
                ASSERT_EQ(encode_message(modern_profile(), *decoded).size(), size);
                continue;
            }
            ASSERT_NE(decoded.error(), MessageErrc::bad_padding);
        }
    }
}

TEST(MessageProperty, NoiseNeverDecodesIntoSomethingElse) {
    RandomMessages messages(14);
    for (int i = 0; i < 20'000; ++i) {
        Bytes noise = messages.some_bytes(20, 200);
        const Bytes header = from_hex("0010000c510500").value();
        std::ranges::copy(header, noise.begin());
        noise[7] = static_cast<std::byte>(1 + messages.random().below(11));
        const auto decoded = decode_message(modern_profile(), noise);
        if (decoded) {
            ASSERT_EQ(encode_message(modern_profile(), *decoded), noise);
        }
    }
}

TEST(MessageTest, ElementsHaveThePublishedNumbers) { // PNRP-005
    const std::pair<FieldId, unsigned> published[] = {
        {FieldId::header, 0x0010},
        {FieldId::acked, 0x0018},
        {FieldId::id, 0x0030},
        {FieldId::target_id, 0x0038},
        {FieldId::validate_id, 0x0039},
        {FieldId::flags, 0x0040},
        {FieldId::flood_controls, 0x0043},
        {FieldId::solicit_controls, 0x0044},
        {FieldId::lookup_controls, 0x0045},
        {FieldId::extended_payload, 0x005A},
        {FieldId::id_array, 0x0060},
        {FieldId::cert_chain, 0x0080},
        {FieldId::wchar, 0x0084},
        {FieldId::classifier, 0x0085},
        {FieldId::hashed_nonce, 0x0092},
        {FieldId::nonce, 0x0093},
        {FieldId::split_controls, 0x0098},
        {FieldId::routing_entry, 0x009A},
        {FieldId::validate_cpa, 0x009B},
        {FieldId::revoke_cpa, 0x009C},
        {FieldId::ipv6_endpoint, 0x009D},
        {FieldId::ipv6_endpoint_array, 0x009E}};
    for (const auto& [field, number] : published)
        EXPECT_EQ(static_cast<unsigned>(field), number);
}

// PNRP-008, PNRP-009, PNRP-183
TEST(MessageTest, HeaderIsCheckedFirstAndTellsWhy) {
    EXPECT_EQ(why(Bytes(19)), MessageErrc::truncated);
    EXPECT_EQ(why(Bytes(kDatagramSizeMax + 1)), MessageErrc::oversized);
    EXPECT_EQ(why(Bytes(20)), MessageErrc::not_pnrp);
    EXPECT_EQ(why("ack", 1, "18"), MessageErrc::not_pnrp);
    EXPECT_EQ(why("ack", 3, "0d"), MessageErrc::not_pnrp);
    EXPECT_EQ(why("ack", 4, "50"), MessageErrc::not_pnrp);
    EXPECT_EQ(why("ack", 5, "04"), MessageErrc::other_profile);
    EXPECT_EQ(why("ack", 6, "01"), MessageErrc::other_profile);
    for (const char* type : {"00", "05", "06", "0a", "0c", "ff"})
        EXPECT_EQ(why("ack", 7, type), MessageErrc::unknown_type);
}

// PNRP-011 to PNRP-014, PNRP-016, PNRP-154
TEST(MessageTest, SolicitIsRefusedUnlessItsFormIsRight) {
    EXPECT_EQ(why("solicit", 14, "0007"), MessageErrc::bad_syntax); // Length of controls
    EXPECT_EQ(why("solicit", 16, "01"), MessageErrc::bad_padding);  // Reserved
    EXPECT_EQ(why("solicit", 17, "02"), MessageErrc::bad_syntax);   // SolicitType
    EXPECT_EQ(why("solicit", 18, "01"), MessageErrc::bad_padding);
    EXPECT_EQ(why("solicit", 22, "0039"), MessageErrc::bad_syntax); // Length of the entry
    EXPECT_EQ(why("solicit", 78, "01"), MessageErrc::bad_padding);  // after the entry
    EXPECT_EQ(why("solicit-minimal", 12, "0093"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("solicit-minimal", 14, "0014"), MessageErrc::bad_syntax);
    const Bytes solicit = golden("modern", "solicit");
    EXPECT_EQ(why(twice(solicit, 12, 8)), MessageErrc::bad_syntax);  // controls twice
    EXPECT_EQ(why(twice(solicit, 20, 60)), MessageErrc::bad_syntax); // entry twice
    EXPECT_EQ(why(twice(solicit, 80, 24)), MessageErrc::trailing_bytes);
    EXPECT_EQ(why(without(solicit, 80, 24)), MessageErrc::truncated);
}

// PNRP-095, PNRP-097
TEST(MessageTest, RouteEntryIsRefusedUnlessItsFormIsRight) {
    constexpr std::size_t kEntry = 24; // behind FieldID and Length
    EXPECT_EQ(why("solicit", kEntry + 32, "04"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("solicit", kEntry + 33, "01"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("solicit", kEntry + 36, "01"), MessageErrc::bad_padding); // flags
    EXPECT_EQ(why("solicit", kEntry + 37, "00"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("solicit", kEntry + 37, "02"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("solicit", kEntry + 37, "15"), MessageErrc::bad_syntax); // 21
}

// PNRP-096, PNRP-098; decision A8: the core ignores such an entry, the message is well-formed.
TEST(MessageTest, PortsAndAddressesAreNotSyntax) {
    for (const char* port : {"0000", "0400"}) {
        Bytes datagram = golden("modern", "solicit");
        std::ranges::copy(from_hex(port).value(), datagram.begin() + 24 + 34);
        EXPECT_TRUE(decode_message(modern_profile(), datagram).has_value()) << port;
    }
}

// PNRP-017 to PNRP-021; decision A32
TEST(MessageTest, IdArraysAreRefusedUnlessTheirLengthsAgree) {
    EXPECT_EQ(why("advertise", 14, "0009"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("advertise", 22, "004d"), MessageErrc::bad_syntax); // Length
    EXPECT_EQ(why("advertise", 24, "0001"), MessageErrc::bad_syntax); // NumEntries
    EXPECT_EQ(why("advertise", 24, "7fff"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("advertise", 26, "0049"), MessageErrc::bad_syntax); // ArrayLength
    EXPECT_EQ(why("advertise", 28, "0031"), MessageErrc::bad_syntax); // ElementFieldType
    EXPECT_EQ(why("advertise", 30, "0010"), MessageErrc::bad_syntax); // EntryLength
    EXPECT_EQ(why("request", 12, "0092"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("request", 14, "0018"), MessageErrc::bad_syntax);
}

// PNRP-022, PNRP-023, PNRP-025, PNRP-027 to PNRP-029, PNRP-189
TEST(MessageTest, FloodIsRefusedUnlessItsFormIsRight) {
    EXPECT_EQ(why("flood", 14, "0006"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("flood", 16, "8001"), MessageErrc::bad_padding);
    EXPECT_EQ(why("flood", 18, "01"), MessageErrc::bad_padding); // Reserved2
    EXPECT_EQ(why("flood", 19, "01"), MessageErrc::bad_padding);
    EXPECT_EQ(why("flood", 20, "0038"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("flood-empty", 60, "0017"), MessageErrc::bad_syntax);  // 23 entries
    EXPECT_EQ(why("flood-revoke", 58, "0004"), MessageErrc::bad_syntax); // an empty CPA
    EXPECT_EQ(why("flood-revoke", 58, "ffff"), MessageErrc::truncated);
    // The entry before the CPA: wrong order.
    const Bytes flood = golden("modern", "flood");
    const Bytes revoke = golden("modern", "flood-revoke");
    Bytes wrong(flood.begin(), flood.end() - 30);
    wrong.insert(wrong.end(), revoke.begin() + 56, revoke.end());
    EXPECT_EQ(why(wrong), MessageErrc::bad_syntax);
}

TEST(MessageTest, ListsOfEndpointsAreBounded) {
    Lookup lookup;
    lookup.path.resize(kPathEndpointsMax);
    Bytes full = encode_message(modern_profile(), {MessageId{1}, lookup});
    EXPECT_TRUE(decode_message(modern_profile(), full).has_value());
    // One more, with every length that belongs to it.
    const std::size_t array = full.size() - 12 - 18 * kPathEndpointsMax;
    const auto patch = [&](std::size_t offset, std::size_t value) {
        full[array + offset] = static_cast<std::byte>(value >> 8U);
        full[array + offset + 1] = static_cast<std::byte>(value & 0xffU);
    };
    patch(2, 12 + 18 * 23);
    patch(4, 23);
    patch(6, 8 + 18 * 23);
    full.resize(full.size() + 18);
    EXPECT_EQ(why(full), MessageErrc::bad_syntax);
    // None at all is legal in a FLOOD, not in a LOOKUP (PNRP-061).
    EXPECT_EQ(why("lookup-bits", 96 + 4, "0000"), MessageErrc::bad_syntax);
}

// PNRP-030 to PNRP-033
TEST(MessageTest, InquireIsRefusedUnlessItsFormIsRight) {
    EXPECT_EQ(why("inquire", 14, "0008"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("inquire", 16, "0019"), MessageErrc::bad_padding); // reserved flags
    EXPECT_EQ(why("inquire", 18, "01"), MessageErrc::bad_padding);
    EXPECT_EQ(why("inquire", 22, "0020"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("inquire", 58, "0018"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("inquire", 56, "0092"), MessageErrc::trailing_bytes);
}

TEST(MessageTest, PaddedQuestionsHaveOneSize) {
    const Bytes inquire = golden("modern", "inquire-padded");
    EXPECT_EQ(why("inquire-padded", 407, "01"), MessageErrc::bad_padding);
    EXPECT_EQ(why("inquire-padded", 78, "0104"), MessageErrc::bad_syntax);
    EXPECT_EQ(why(without(inquire, 404, 4)), MessageErrc::truncated);
    Bytes longer = inquire;
    longer.resize(longer.size() + 4);
    EXPECT_EQ(why(longer), MessageErrc::trailing_bytes);
    EXPECT_EQ(why("solicit-padded", 199, "01"), MessageErrc::bad_padding);
    // The published profile has no such element.
    Bytes published = inquire;
    published[5] = std::byte{4};
    EXPECT_EQ(decode_message(windows_profile(), published).error(), MessageErrc::bad_syntax);
}

// PNRP-035 to PNRP-038, PNRP-194
TEST(MessageTest, AuthorityIsRefusedUnlessItsFormIsRight) {
    EXPECT_EQ(why("authority-cpa", 12, "0019"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("authority-cpa", 22, "0009"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("authority-cpa", 24, "91e5"), MessageErrc::bad_syntax); // Size 37349
    EXPECT_EQ(why("authority-cpa", 26, "0001"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("authority-cpa", 26, "04a4"), MessageErrc::bad_syntax); // beyond Size
    EXPECT_EQ(why("authority-cpa", 24, "0000"), MessageErrc::bad_syntax);
    // The largest buffer's last fragment.
    Authority last{MessageId{1}, kAuthorityBufferSizeMax, 31 * kFragmentSize, Bytes(520)};
    const Message message{MessageId{2}, last};
    EXPECT_EQ(decode_message(modern_profile(), encode_message(modern_profile(), message)), message);
}

// docs/protocol/pnrp.md, Reach
TEST(MessageTest, QuestionsOfReachAreRefusedUnlessTheirFormIsRight) {
    EXPECT_EQ(why("flood-visit", 16, "0007"), MessageErrc::bad_syntax);  // O and D
    EXPECT_EQ(why("flood-visit", 16, "0005"), MessageErrc::bad_syntax);  // D with two endpoints
    EXPECT_EQ(why("flood-visit", 16, "0008"), MessageErrc::bad_padding); // not assigned
    EXPECT_EQ(why("flood-revoke", 16, "0004"), MessageErrc::bad_syntax); // V with a revoke
    EXPECT_EQ(why("flood", 16, "0005"), MessageErrc::bad_syntax);        // V with an entry
    EXPECT_EQ(why("ack-source", 22, "0015"), MessageErrc::bad_syntax);   // its Length
    EXPECT_EQ(why("ack-source", 42, "0001"), MessageErrc::bad_padding);
    EXPECT_EQ(why("ack-visit", 48, "0000"), MessageErrc::bad_syntax); // flags say nothing
    Bytes bare = golden("modern", "ack-source");
    bare.resize(bare.size() - 2);
    EXPECT_EQ(why(bare), MessageErrc::truncated);
    // In PNRP 4.0 these bits are reserved and ignored, and what it sends has none of them.
    Flood asks;
    asks.asks_source = true;
    asks.visit = true;
    const Bytes published = encode_message(windows_profile(), Message{MessageId{1}, asks});
    EXPECT_EQ(published, encode_message(windows_profile(), Message{MessageId{1}, Flood{}}));
}

// PNRP-049 to PNRP-051
TEST(MessageTest, AckHasFlagsOnlyToSaySomething) {
    EXPECT_EQ(why("ack-not-found", 25, "00"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("ack-not-found", 24, "80"), MessageErrc::bad_padding);
    EXPECT_EQ(why("ack-not-found", 22, "0008"), MessageErrc::bad_syntax);
    Bytes padded = golden("modern", "ack-not-found");
    padded.resize(padded.size() + 2);
    EXPECT_EQ(why(padded), MessageErrc::trailing_bytes);
    // The published profile takes flags that say nothing.
    const Bytes silent = from_hex("0010000c5104000900000902001800080000040200400006"
                                  "0000")
                             .value();
    const auto ack = decode_message(windows_profile(), silent);
    ASSERT_TRUE(ack.has_value());
    EXPECT_FALSE(std::get<Ack>(ack->body).not_found);
}

// PNRP-052 to PNRP-055, PNRP-057, PNRP-058, PNRP-259
TEST(MessageTest, LookupIsRefusedUnlessItsFormIsRight) {
    EXPECT_EQ(why("lookup", 14, "000b"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("lookup", 16, "0003"), MessageErrc::bad_padding);
    for (const char* criteria : {"03", "05", "06", "10", "ff"})
        EXPECT_EQ(why("lookup", 20, criteria), MessageErrc::bad_syntax);
    EXPECT_EQ(why("lookup", 22, "01"), MessageErrc::bad_padding);
    EXPECT_EQ(why("lookup", 24, "0039"), MessageErrc::bad_syntax);
    EXPECT_EQ(why("lookup", 60, "0038"), MessageErrc::bad_syntax);
    // PNRP-057: any reason is legal.
    Bytes reason = golden("modern", "lookup");
    reason[21] = std::byte{0xff};
    const auto lookup = decode_message(modern_profile(), reason);
    ASSERT_TRUE(lookup.has_value());
    EXPECT_EQ(std::get<Lookup>(lookup->body).reason, 0xff);
}

} // namespace
} // namespace kith::pnrp
