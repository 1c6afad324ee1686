#include "store/record.hpp"

#include "crypto/digest.hpp"
#include "wire/writer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace kith::store {
namespace {

constexpr std::string_view kDigestPrefix{"PGRP record v2\0", 15};
constexpr std::uint8_t kDeletedFlag = 0x02; // MS-PPGRH 2.2.1.9

/// A text after the number of its bytes.
void write_text(wire::Writer& out, std::string_view text) {
    out(static_cast<std::uint32_t>(text.size()));
    out.bytes(as_bytes(text));
}

/// Where a byte of UTF-8 stands in the order of UTF-16 code units. The two orders differ in one
/// thing: surrogates (lead bytes F0 to F4) come before U+E000 to U+FFFF (lead bytes EE and EF).
unsigned utf16_rank(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0xEE || byte == 0xEF ? byte + 0x10U : byte;
}

std::strong_ordering compare_utf16(std::string_view left, std::string_view right) {
    return std::lexicographical_compare_three_way(
        left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
            return utf16_rank(a) <=> utf16_rank(b);
        });
}

std::strong_ordering compare_bytes(ByteView left, ByteView right) {
    return std::lexicographical_compare_three_way(
        left.begin(), left.end(), right.begin(), right.end());
}

/// The order but for the content.
template<class Other>
std::strong_ordering compare_heads(const Record& left, const Other& right) {
    if (const auto order = left.version <=> right.version; order != 0) return order;
    if (const auto order = !left.modifier.empty() <=> !right.modifier.empty(); order != 0) {
        return order;
    }
    if (const auto order = compare_utf16(left.modifier, right.modifier); order != 0) return order;
    if (const auto order = left.modified <=> right.modified; order != 0) return order;
    if (const auto order = left.security.size() <=> right.security.size(); order != 0) return order;
    return compare_bytes(left.security, right.security);
}

} // namespace

ByteArray<32> content_digest(const Record& record) {
    Bytes input;
    input.reserve(160 + record.creator.size() + record.modifier.size() + record.attributes.size());
    wire::Writer out(input);
    out.bytes(as_bytes(kDigestPrefix));
    out(record.type.bytes,
        record.id.bytes,
        record.version,
        wire::Zeros{3},
        record.is_deleted ? kDeletedFlag : std::uint8_t{0},
        record.created.ticks,
        record.expires.ticks,
        record.modified.ticks);
    write_text(out, record.creator);
    write_text(out, record.modifier);
    write_text(out, record.attributes);
    out(static_cast<std::uint32_t>(record.payload.size()), crypto::sha256({record.payload}));
    return crypto::sha256({input});
}

std::strong_ordering compare_age(const Record& left, const Record& right, Rules rules) {
    const auto order = compare_heads(left, right);
    if (order != 0 || rules == Rules::published) return order;
    return compare_bytes(content_digest(left), content_digest(right));
}

std::strong_ordering compare_age(const Record& left, const RecordAge& right, Rules rules) {
    const auto order = compare_heads(left, right);
    if (order != 0 || rules == Rules::published) return order;
    return compare_bytes(content_digest(left), right.digest);
}

} // namespace kith::store
