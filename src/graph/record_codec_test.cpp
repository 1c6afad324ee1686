#include "graph/record_codec.hpp"
#include "graph/test_golden.hpp"
#include "graph/wire_limits.hpp"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>

namespace kith::graph {
namespace {

using enum store::Rules;

store::Record golden_record() {
    return decode_record(golden("record-published"), "garden", published).value();
}

// Offsets in record-published: type 0, id 16, version 32, reserved 36, flags 39, creator 40 (13
// units), modifier 70, security 74 (3 bytes), times 81, 89, 97, graph 105 (7 units), version 123,
// payload 125 (5 bytes), attributes 134; 138 bytes.
constexpr std::size_t kSize = 138;

std::optional<RecordErrc> why(const Bytes& bytes, store::Rules rules = published) {
    const auto record = decode_record(bytes, "garden", rules);
    return record ? std::nullopt : std::optional(record.error());
}

std::optional<RecordErrc> why(std::size_t offset, std::string_view digits) {
    Bytes bytes = golden("record-published");
    const Bytes change = from_hex(digits).value();
    std::ranges::copy(change, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    return why(bytes);
}

std::optional<RecordErrc> invalid(
    const std::function<void(store::Record&)>& change,
    std::size_t record_max = 0,
    store::Rules rules = published) {
    store::Record record = golden_record();
    change(record);
    const auto verdict = validate_record(record, record_max, rules);
    return verdict ? std::nullopt : std::optional(verdict.error());
}

// GRAPH-262
TEST(RecordCodec, EveryTruncationIsMalformed) {
    const Bytes whole = golden("record-published");
    ASSERT_EQ(whole.size(), kSize);
    for (std::size_t size = 0; size < kSize; ++size) {
        EXPECT_EQ(
            why(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))),
            RecordErrc::malformed)
            << size;
    }
}

TEST(RecordCodec, ATailIsIgnored) {
    Bytes bytes = golden("record-published");
    bytes.resize(kSize + 7);
    EXPECT_EQ(decode_record(bytes, "garden", published), golden_record());
}

// GRAPH-030, GRAPH-031, GRAPH-035, GRAPH-262
TEST(RecordCodec, LengthsOfIdsAreInTheirRanges) {
    using enum RecordErrc;
    EXPECT_EQ(why(40, "00000000"), malformed); // no creator
    EXPECT_EQ(why(40, "00000001"), malformed); // nothing but a terminator
    EXPECT_EQ(why(40, "00000101"), malformed);
    EXPECT_EQ(why(40, "ffffffff"), malformed);
    EXPECT_EQ(why(70, "00000101"), malformed);
    EXPECT_EQ(why(70, "80000000"), malformed);
    EXPECT_EQ(why(105, "00000000"), malformed);
    EXPECT_EQ(why(105, "00000101"), malformed);
    EXPECT_EQ(why(74, "00010001"), malformed); // security data
    EXPECT_EQ(why(125, "00000006"), malformed);
    EXPECT_EQ(why(125, "ffffffff"), malformed);
    EXPECT_EQ(why(134, "7fffffff"), malformed);
    EXPECT_EQ(why(134, "80000000"), malformed); // twice it is 0 modulo 2^32

    for (const std::size_t units : {std::size_t{2}, std::size_t{256}}) {
        store::Record record = golden_record();
        record.creator = std::string(units - 1, 'c');
        record.modifier = record.creator;
        const std::string graph(units - 1, 'g');
        EXPECT_TRUE(decode_record(encode_record(record, graph, published), graph, published));
    }
}

// GRAPH-030: UTF-16, big-endian (GA-04), ended by its one terminator.
TEST(RecordCodec, TextIsTerminatedUtf16) {
    using enum RecordErrc;
    EXPECT_EQ(why(44, "0062"), std::nullopt); // 'b'
    EXPECT_EQ(why(44, "0000"), malformed);
    EXPECT_EQ(why(68, "0041"), malformed);
    EXPECT_EQ(why(44, "d8000061"), malformed); // half of a pair
    EXPECT_EQ(why(44, "dc00"), malformed);
    EXPECT_EQ(why(44, "d834dd1e"), std::nullopt);
}

// GRAPH-028, GRAPH-029
TEST(RecordCodec, FlagsOtherThanDeletedMeanNothingOrAreRefused) {
    Bytes bytes = golden("record-published");
    bytes[36] = bytes[37] = bytes[38] = std::byte{0xFF};
    bytes[39] = std::byte{0xFD};
    EXPECT_EQ(decode_record(bytes, "garden", published), golden_record());
    Bytes modern_bytes = golden("record-modern");
    modern_bytes[39] = std::byte{0x04};
    EXPECT_EQ(why(modern_bytes, modern), RecordErrc::malformed);
    store::Record refreshing = golden_record();
    refreshing.refreshes = true; // never travels
    EXPECT_EQ(encode_record(refreshing, "garden", published), golden("record-published"));
}

// GRAPH-036, GRAPH-262
TEST(RecordCodec, OtherGraphsAndVersionsAreToldApart) {
    EXPECT_EQ(why(109, "0047"), RecordErrc::other_graph); // "Garden"
    EXPECT_EQ(why(123, "0101"), RecordErrc::other_rules);
    EXPECT_EQ(why(123, "0200"), RecordErrc::other_version);
    EXPECT_EQ(why(golden("record-published"), modern), RecordErrc::other_rules);
    EXPECT_EQ(why(golden("record-modern"), published), RecordErrc::other_rules);
}

// GRAPH-216, GRAPH-263, GRAPH-067, GRAPH-076, GRAPH-215
TEST(RecordRules, AnIdBelongsToItsCreatorOrIsFixed) {
    using enum RecordErrc;
    EXPECT_EQ(invalid([](auto&) {}), std::nullopt);
    EXPECT_EQ(invalid([](auto& r) { r.creator = "bob"; }), foreign_id);
    EXPECT_EQ(invalid([](auto& r) { r.id.bytes[0] ^= std::byte{1}; }), foreign_id);
    EXPECT_EQ(invalid([](auto& r) { r.id.bytes[8] ^= std::byte{1}; }), std::nullopt);
    EXPECT_EQ(invalid([](auto&) {}, 0, modern), foreign_id); // another digest

    for (const auto& [type, id] :
         {std::pair(kGraphInfoType, kGraphInfoId), std::pair(kSignatureType, kSignatureId)}) {
        const auto with = [&](const store::RecordId& given) {
            return invalid([&](auto& r) { r.type = type, r.id = given; });
        };
        EXPECT_EQ(with(id), std::nullopt);
        EXPECT_EQ(with(golden_record().id), foreign_id);
    }
    EXPECT_EQ(invalid([](auto& r) { r.type = kContactType; }), std::nullopt);
    EXPECT_EQ(invalid([](auto& r) { r.id = kGraphInfoId; }), foreign_id);
    EXPECT_EQ(to_string(kGraphInfoId), "6c796768-7732-406b-bc6e-5e9c0d864580");
    EXPECT_EQ(to_string(kSignatureId), "4c515c94-4252-494f-8440-34cc79769c81");
}

// GRAPH-033, GRAPH-264
TEST(RecordRules, TimesAreInOrder) {
    using enum RecordErrc;
    const auto times = [](std::uint64_t created, std::uint64_t modified, std::uint64_t expires) {
        return [=](store::Record& r) {
            r.created = {created};
            r.modified = {modified};
            r.expires = {expires};
        };
    };
    EXPECT_EQ(invalid(times(5, 5, 6)), std::nullopt);
    EXPECT_EQ(invalid(times(5, 5, 5)), bad_times);
    EXPECT_EQ(invalid(times(5, 5, 4)), bad_times);
    EXPECT_EQ(invalid(times(5, 4, 9)), bad_times);
    const auto modified_by = [&](std::uint64_t modified) {
        return invalid([&](auto& r) {
            times(5, modified, 9)(r);
            r.modifier = "bob";
        });
    };
    EXPECT_EQ(modified_by(5), bad_times); // modified, and was not
    EXPECT_EQ(modified_by(6), std::nullopt);
    constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(invalid(times(0, 0, kMax)), std::nullopt);
    EXPECT_EQ(invalid(times(kMax, kMax, kMax)), bad_times);
}

// GRAPH-265
TEST(RecordRules, ADeletedRecordHasNoPayload) {
    EXPECT_EQ(invalid([](auto& r) { r.is_deleted = true; }), RecordErrc::bad_deletion);
    const auto emptied = [](store::Record& r) {
        r.is_deleted = true;
        r.payload.clear();
    };
    EXPECT_EQ(invalid(emptied), std::nullopt);
}

// GRAPH-265, GRAPH-075
TEST(RecordRules, PayloadAndAttributesAreBoundedTogether) {
    using enum RecordErrc;
    const auto sized = [](std::size_t payload, const std::string& value) {
        return [=](store::Record& r) {
            r.payload = Bytes(payload);
            r.attributes.clear();
            if (value.empty()) return;
            r.attributes = "<attributes><attribute name=\"a\" type=\"string\">" + value +
                           "</attribute></attributes>";
            EXPECT_EQ(r.attributes.size(), 71 + value.size());
        };
    };
    EXPECT_EQ(invalid(sized(1024, ""), 1024), std::nullopt);
    EXPECT_EQ(invalid(sized(1025, ""), 1024), too_large);
    // Units and their terminator count two bytes each.
    constexpr std::size_t kMost = 1024 - 2 * (71 + 2 + 1);
    EXPECT_EQ(invalid(sized(kMost, "ab"), 1024), std::nullopt);
    EXPECT_EQ(invalid(sized(kMost + 1, "ab"), 1024), too_large);
    EXPECT_EQ(invalid(sized(kMost, "𝄞"), 1024), std::nullopt);
    EXPECT_EQ(invalid(sized(kRecordMaxDefault, ""), 0), std::nullopt);
    EXPECT_EQ(invalid(sized(kRecordMaxDefault + 1, ""), 0), too_large);
}

// GRAPH-265, GRAPH-079
TEST(RecordRules, AttributesFollowTheirSchema) {
    const auto with = [](const std::string& document) {
        return invalid([&](auto& r) { r.attributes = document; });
    };
    EXPECT_EQ(with("<attributes/>"), std::nullopt);
    EXPECT_EQ(with("<attributes>"), RecordErrc::bad_attributes);
    EXPECT_EQ(with("hello"), RecordErrc::bad_attributes);
    EXPECT_EQ(
        with("<attributes><attribute name=\"a\" type=\"int\">x</attribute></attributes>"),
        RecordErrc::bad_attributes);
}

// GRAPH-009, GRAPH-026
TEST(RecordTypes, ThoseOfTheGraphAndOfGroupsAreReserved) {
    const auto type = [](std::string_view head) {
        return parse_guid(std::string(head) + "-0000-0000-0000-000000000000").value();
    };
    EXPECT_EQ(type("00000100"), kGraphInfoType);
    EXPECT_EQ(type("00000200"), kSignatureType);
    EXPECT_EQ(type("00000300"), kContactType);
    EXPECT_EQ(type("00000400"), kPresenceType);
    for (const char* head : {"00000100", "00000200", "00000300", "00000400"}) {
        EXPECT_TRUE(is_internal(type(head))) << head;
        EXPECT_TRUE(is_reserved(type(head))) << head;
    }
    for (const char* head : {"01000000", "02000000", "03000000", "04000000"}) {
        EXPECT_FALSE(is_internal(type(head))) << head;
        EXPECT_TRUE(is_reserved(type(head))) << head;
    }
    for (const char* head : {"00000000", "00000500", "05000000", "00010000", "01000100"})
        EXPECT_FALSE(is_reserved(type(head))) << head;
    EXPECT_FALSE(is_reserved(parse_guid("00000100-0000-0000-0000-000000000001").value()));
}

// One field of a payload changed: is it still read?
template<class Read>
bool reads(Read read, const std::string& name, std::size_t offset, std::string_view digits) {
    Bytes bytes = golden(name);
    const Bytes change = from_hex(digits).value();
    KITH_CHECK(offset + change.size() <= bytes.size());
    std::ranges::copy(change, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    return read(bytes).has_value();
}

// GRAPH-068 to GRAPH-070, GRAPH-072, GRAPH-075
TEST(InternalPayloads, GraphInfoKeepsItsRules) {
    const auto fits = [](std::size_t offset, std::string_view digits) {
        return reads(decode_graph_info, "graph-info", offset, digits);
    };
    const std::size_t end = golden("graph-info").size();
    EXPECT_TRUE(fits(4, "fffffffd")); // flags that mean nothing
    EXPECT_FALSE(fits(0, "00000000"));
    EXPECT_FALSE(fits(2, "ffff")); // more than there is
    EXPECT_FALSE(fits(8, "00000000"));
    EXPECT_FALSE(fits(8, "00000004")); // scope
    EXPECT_FALSE(fits(12, "00000000"));
    EXPECT_FALSE(fits(12, "00000101"));
    EXPECT_FALSE(fits(end - 12, "0000012b")); // 299 s
    EXPECT_TRUE(fits(end - 12, "0000012c"));
    EXPECT_FALSE(fits(end - 4, "000003ff"));
    EXPECT_TRUE(fits(end - 4, "00000400"));
    EXPECT_TRUE(fits(end - 4, "00000000"));
    EXPECT_TRUE(fits(end - 4, "03c00000"));
    EXPECT_FALSE(fits(end - 4, "03c00001"));
    Bytes bytes = golden("graph-info");
    std::fill_n(bytes.end() - 12, 4, std::byte{0});
    EXPECT_EQ(decode_graph_info(bytes).value().presence_lifetime, 300U); // 0: the default

    bytes = golden("graph-info");
    bytes.resize(end + 3); // beyond its size: ignored
    EXPECT_TRUE(decode_graph_info(bytes).has_value());
    EXPECT_FALSE(reads(decode_graph_info, "graph-info-extras", end + 2, "ffff"));
}

// GRAPH-070: 256 units of a name and 512 of a comment, with the terminator.
TEST(InternalPayloads, GraphInfoBoundsItsTexts) {
    GraphInfo info;
    info.graph_id = "g";
    info.creator = "c";
    info.friendly_name = std::string(255, 'n');
    info.comment = std::string(511, 'n');
    const Bytes whole = encode_graph_info(info);
    EXPECT_EQ(decode_graph_info(whole), info);
    Bytes bytes = whole;
    const std::size_t name = 12 + 8 + 8; // its length
    ASSERT_EQ(bytes[name + 2], std::byte{1});
    bytes[name + 3] = std::byte{1};
    EXPECT_FALSE(decode_graph_info(bytes).has_value());
    bytes = whole;
    ASSERT_EQ(bytes[name + 4 + 512 + 2], std::byte{2});
    bytes[name + 4 + 512 + 3] = std::byte{1};
    EXPECT_FALSE(decode_graph_info(bytes).has_value());
}

// GRAPH-021, GRAPH-077, GRAPH-078
TEST(InternalPayloads, AddressesKeepTheirFormAndNumber) {
    const auto contact = [](std::size_t offset, std::string_view digits) {
        return reads(decode_contact, "contact", offset, digits);
    };
    EXPECT_FALSE(contact(16, "00000003"));
    EXPECT_FALSE(contact(16, "ffffffff"));
    EXPECT_FALSE(contact(16, "08000002")); // 32 of it: 64 modulo 2^32
    EXPECT_TRUE(contact(16, "00000001"));  // what follows is ignored
    EXPECT_FALSE(contact(20, "0000001c"));
    EXPECT_FALSE(contact(24, "0002"));
    EXPECT_TRUE(contact(28, "ffffffff")); // flow information
    EXPECT_TRUE(contact(48, "ffffffff")); // the scope id
    EXPECT_FALSE(reads(decode_presence, "presence", 8, "00000009"));
    EXPECT_FALSE(reads(decode_presence, "presence", 8, "7fffffff"));
    EXPECT_FALSE(decode_signature(Bytes(7)).has_value());
    EXPECT_FALSE(decode_contact({}).has_value());
    EXPECT_FALSE(decode_presence({}).has_value());
    EXPECT_FALSE(decode_graph_info({}).has_value());
}

} // namespace
} // namespace kith::graph
