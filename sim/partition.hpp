// Who cannot reach whom: every host is on a side, and the way from one side to another may be cut,
// in one direction or in both.

#pragma once

#include "base/check.hpp"
#include "sim/host_id.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kith::sim {

inline constexpr unsigned kSidesMax =
    8; // a square of bits in one word; more sides than any test uses

class Partition {
public:
    /// Every host is on side 0 until told otherwise. Requires: side < kSidesMax.
    void put(HostId host, unsigned side) {
        KITH_CHECK(side < kSidesMax);
        if (index_of(host) >= sides_.size()) sides_.resize(index_of(host) + 1);
        sides_[index_of(host)] = static_cast<std::uint8_t>(side);
    }

    /// Nothing passes from `from` to `to` any more; the other way stays open.
    void cut_one_way(unsigned from, unsigned to) { cuts_ |= bit(from, to); }

    void cut(unsigned a, unsigned b) { cuts_ |= bit(a, b) | bit(b, a); }

    void heal() { cuts_ = 0; }

    bool is_cut(HostId from, HostId to) const {
        return cuts_ != 0 && (cuts_ & bit(side_of(from), side_of(to))) != 0;
    }

private:
    static std::uint64_t bit(unsigned from, unsigned to) {
        KITH_CHECK(from < kSidesMax && to < kSidesMax);
        return std::uint64_t{1} << (from * kSidesMax + to);
    }

    unsigned side_of(HostId host) const {
        return index_of(host) < sides_.size() ? sides_[index_of(host)] : 0U;
    }

    std::vector<std::uint8_t> sides_;
    std::uint64_t cuts_ = 0;
};

} // namespace kith::sim
