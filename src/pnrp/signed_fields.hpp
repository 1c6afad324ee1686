// What CPAs and extended payloads have in common: the date, the key, the signature and what it
// covers (MS-PNRP 2.2.3.1, 2.2.3.1.4, 2.2.3.2). Here numbers are little-endian.

#pragma once

#include "base/time.hpp"
#include "crypto/key.hpp"
#include "pnrp/element.hpp"
#include "pnrp/profile.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

namespace kith::pnrp {

inline std::size_t key_field_size(const Profile& profile) {
    return 9 + profile.key_oid.size() + profile.key_size;
}

inline std::size_t signature_field_size(const Profile& profile) {
    return 8 + profile.signature_size;
}

/// 8 bytes. What `WallTime` cannot hold, beyond the year 30828, is no date.
template<class Io, ConstOr<WallTime> Value>
void date_field(Io& io, Value& date) {
    auto ticks = static_cast<std::uint64_t>(date.time_since_epoch().count());
    io(wire::le(ticks));
    io.require(ticks <= std::uint64_t{std::numeric_limits<std::int64_t>::max()});
    if constexpr (kIsReader<Io>) {
        date = WallTime(WallClock::duration(static_cast<std::int64_t>(ticks)));
    }
}

template<class Io>
void text_constant(Io& io, std::string_view text) {
    if constexpr (kIsReader<Io>) {
        io.require(std::ranges::equal(io.take_bytes(text.size()), as_bytes(text)));
    } else {
        io.bytes(as_bytes(text));
    }
}

template<std::unsigned_integral T, class Io>
void le_size(Io& io, std::size_t size) {
    KITH_CHECK(size <= std::numeric_limits<T>::max());
    io(wire::le_constant(static_cast<T>(size)));
}

template<class Io, ConstOr<Bytes> Value>
void key_field(Io& io, const Profile& profile, Value& key) {
    le_size<std::uint16_t>(io, key_field_size(profile));
    le_size<std::uint16_t>(io, profile.key_oid.size());
    io(wire::Zeros{2});
    le_size<std::uint16_t>(io, profile.key_size);
    io(wire::Zeros{1});
    text_constant(io, profile.key_oid);
    opaque(io, key, profile.key_size);
}

template<class Io, ConstOr<Bytes> Value>
void signature_field(Io& io, const Profile& profile, Value& signature) {
    le_size<std::uint16_t>(io, signature_field_size(profile));
    le_size<std::uint16_t>(io, profile.signature_size);
    io(wire::le_constant(profile.signature_algorithm));
    opaque(io, signature, profile.signature_size);
}

/// What the signature at the end of `structure` covers: `context`, then all that comes before it.
/// Requires: `structure` is longer than its signature.
inline Bytes signed_bytes(const Profile& profile, std::string_view context, ByteView structure) {
    const ByteView covered = structure.first(structure.size() - signature_field_size(profile));
    Bytes message;
    message.reserve(context.size() + covered.size());
    message.insert(message.end(), as_bytes(context).begin(), as_bytes(context).end());
    message.insert(message.end(), covered.begin(), covered.end());
    return message;
}

/// True if `signature` is one by `key` over what it covers of `structure`.
inline bool is_signed(
    const Profile& profile,
    std::string_view context,
    const crypto::PublicKey& key,
    ByteView structure,
    ByteView signature) {
    const Bytes message = signed_bytes(profile, context, structure);
    if (key.verify(message, signature)) return true;
    if (!profile.accepts_reversed_signatures) return false;
    const Bytes reversed(signature.rbegin(), signature.rend());
    return key.verify(message, reversed);
}

/// Puts the signature by `key` where `structure` has room for it: at its end.
inline void sign_in_place(
    const Profile& profile,
    std::string_view context,
    const crypto::PrivateKey& key,
    Bytes& structure) {
    const Bytes signature = key.sign(signed_bytes(profile, context, structure));
    KITH_CHECK(signature.size() == profile.signature_size);
    std::ranges::copy(signature, structure.end() - static_cast<std::ptrdiff_t>(signature.size()));
}

} // namespace kith::pnrp
