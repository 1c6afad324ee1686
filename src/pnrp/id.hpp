// PNRP IDs: 256-bit numbers on a circle (MS-PNRP 1.3.3, 3.1.4.4.1).

#pragma once

#include "base/bytes.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace kith::pnrp {

/// A 256-bit unsigned integer, most significant byte first in memory and on the wire. Arithmetic is
/// modulo 2^256: 2^256-1 is next to 0.
struct PnrpId {
    ByteArray<32> bytes{};

    auto operator<=>(const PnrpId&) const = default;

    bool is_zero() const { return *this == PnrpId{}; }
};

PnrpId operator+(const PnrpId& a, const PnrpId& b);
PnrpId operator-(const PnrpId& a, const PnrpId& b);

/// `id` + 1 modulo 2^256: where a registration looks for its neighbours (MS-PNRP 3.2.4.1).
PnrpId successor(const PnrpId& id);

/// 2^`exponent`. Requires: exponent < 256.
PnrpId power_of_two(unsigned exponent);

/// The shorter way round the circle: min(|a-b|, 2^256-|a-b|).
PnrpId distance(const PnrpId& a, const PnrpId& b);

/// True if `a` is strictly closer to `target` than `b` is.
bool is_closer(const PnrpId& a, const PnrpId& b, const PnrpId& target);

/// The number of leading bits that `a` and `b` share, 0 to 256.
unsigned common_prefix_bits(const PnrpId& a, const PnrpId& b);

/// floor(log2(id)); nothing for zero.
std::optional<unsigned> floor_log2(const PnrpId& id);

/// `id` as a fraction of the circle, in [0, 1). Loses all but the leading bits.
double circle_fraction(const PnrpId& id);

/// The halves of a PNRP ID (MS-PNRP 3.1.4.4.1): which name, and where one registration of it is.
using P2pId = ByteArray<16>;
using ServiceLocation = ByteArray<16>;

PnrpId make_id(const P2pId& name, const ServiceLocation& location);
P2pId p2p_id_of(const PnrpId& id);
ServiceLocation service_location_of(const PnrpId& id);

/// 64 lower-case hexadecimal digits.
std::string to_string(const PnrpId& id);

} // namespace kith::pnrp
