#include "pnrp/id.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace kith::pnrp {

namespace {

constexpr std::size_t kWords = 4;
constexpr unsigned kWordBits = 64;
constexpr unsigned kIdBits = 256;

// An id as four 64-bit digits, most significant first: what the processor can calculate with.
using Words = std::array<std::uint64_t, kWords>;

// Big-endian in memory, whatever the processor is.
std::uint64_t in_big_endian(std::uint64_t word) {
    return std::endian::native == std::endian::little ? std::byteswap(word) : word;
}

Words words_of(const PnrpId& id) {
    auto words = std::bit_cast<Words>(id.bytes);
    for (std::uint64_t& word : words)
        word = in_big_endian(word);
    return words;
}

PnrpId id_from(Words words) {
    for (std::uint64_t& word : words)
        word = in_big_endian(word);
    return {std::bit_cast<ByteArray<32>>(words)};
}

Words subtract(const Words& a, const Words& b) {
    Words out{};
    std::uint64_t borrow = 0;
    for (std::size_t i = kWords; i-- > 0;) {
        const std::uint64_t difference = a[i] - b[i];
        out[i] = difference - borrow;
        borrow = (a[i] < b[i] || difference < borrow) ? 1 : 0;
    }
    return out;
}

Words circular_distance(const Words& a, const Words& b) {
    return std::min(subtract(a, b), subtract(b, a));
}

unsigned leading_zero_bits(const Words& words) {
    for (std::size_t i = 0; i < kWords; ++i) {
        if (words[i] != 0) {
            return static_cast<unsigned>(i) * kWordBits +
                   static_cast<unsigned>(std::countl_zero(words[i]));
        }
    }
    return kIdBits;
}

} // namespace

PnrpId operator+(const PnrpId& a, const PnrpId& b) {
    const Words x = words_of(a);
    const Words y = words_of(b);
    Words out{};
    std::uint64_t carry = 0;
    for (std::size_t i = kWords; i-- > 0;) {
        const std::uint64_t sum = x[i] + y[i];
        out[i] = sum + carry;
        carry = (sum < x[i] || out[i] < sum) ? 1 : 0;
    }
    return id_from(out);
}

PnrpId operator-(const PnrpId& a, const PnrpId& b) {
    return id_from(subtract(words_of(a), words_of(b)));
}

PnrpId successor(const PnrpId& id) {
    return id + power_of_two(0);
}

PnrpId power_of_two(unsigned exponent) {
    KITH_CHECK(exponent < kIdBits);
    PnrpId id;
    id.bytes[id.bytes.size() - 1 - exponent / 8] = static_cast<std::byte>(1U << exponent % 8);
    return id;
}

PnrpId distance(const PnrpId& a, const PnrpId& b) {
    return id_from(circular_distance(words_of(a), words_of(b)));
}

bool is_closer(const PnrpId& a, const PnrpId& b, const PnrpId& target) {
    const Words center = words_of(target);
    return circular_distance(words_of(a), center) < circular_distance(words_of(b), center);
}

unsigned common_prefix_bits(const PnrpId& a, const PnrpId& b) {
    const Words x = words_of(a);
    const Words y = words_of(b);
    Words difference{};
    for (std::size_t i = 0; i < kWords; ++i)
        difference[i] = x[i] ^ y[i];
    return leading_zero_bits(difference);
}

std::optional<unsigned> floor_log2(const PnrpId& id) {
    const unsigned zeros = leading_zero_bits(words_of(id));
    if (zeros == kIdBits) return std::nullopt;
    return kIdBits - 1 - zeros;
}

double circle_fraction(const PnrpId& id) {
    const Words words = words_of(id);
    const unsigned zeros = leading_zero_bits(words);
    if (zeros == kIdBits) return 0.0;
    // The 64 bits from the leading one on, cut (not rounded: 2^256-1 must stay below 1) to the 53
    // that a double holds.
    const std::size_t word = zeros / kWordBits;
    const unsigned shift = zeros % kWordBits;
    std::uint64_t leading = words[word] << shift;
    if (shift != 0 && word + 1 < kWords) leading |= words[word + 1] >> (kWordBits - shift);
    return std::ldexp(static_cast<double>(leading >> 11U), -53 - static_cast<int>(zeros));
}

PnrpId make_id(const P2pId& name, const ServiceLocation& location) {
    PnrpId id;
    const auto rest = std::copy(name.begin(), name.end(), id.bytes.begin());
    std::copy(location.begin(), location.end(), rest);
    return id;
}

P2pId p2p_id_of(const PnrpId& id) {
    P2pId name{};
    std::copy_n(id.bytes.begin(), name.size(), name.begin());
    return name;
}

ServiceLocation service_location_of(const PnrpId& id) {
    ServiceLocation location{};
    std::copy_n(id.bytes.end() - location.size(), location.size(), location.begin());
    return location;
}

std::string to_string(const PnrpId& id) {
    return to_hex(id.bytes);
}

} // namespace kith::pnrp
