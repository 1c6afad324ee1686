#include "pnrp/extended_payload.hpp"

#include "base/check.hpp"
#include "base/unicode.hpp"
#include "crypto/digest.hpp"
#include "pnrp/element.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/signed_fields.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace kith::pnrp {

namespace {

constexpr std::size_t kPayloadOffset = 74;   // 2.2.3.3: the String Type, or the payload without one
constexpr std::size_t kValueHeaderSize = 10; // Number, Total, Type and Length, 2.2.3.3
constexpr std::size_t kStringTypeSize = 2;

constexpr std::uint32_t kTypeString = 0x80000002; // 2.2.3.3
constexpr std::uint32_t kTypeBinary = 0x80000003;
constexpr std::uint16_t kStringUtf16 = 0;
constexpr std::uint16_t kStringUtf8 = 1;

bool is_text(PayloadKind kind) {
    return kind != PayloadKind::binary;
}

// At least one character, then NUL and no NUL before it (decision A37: 2.2.3.3 would not have text
// of one UTF-8 character; it is taken).
bool is_utf8_text(ByteView bytes) {
    const std::string_view text = as_text(bytes);
    return text.size() >= 2 && text.find('\0') == text.size() - 1 && is_utf8(text);
}

bool is_utf16_text(ByteView bytes) {
    if (bytes.size() % 2 != 0) return false;
    std::u16string units;
    units.reserve(bytes.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        units.push_back(static_cast<char16_t>(
            std::to_integer<unsigned>(bytes[i]) | std::to_integer<unsigned>(bytes[i + 1]) << 8U));
    }
    return units.size() >= 2 && units.find(u'\0') == units.size() - 1 &&
           utf16_to_utf8(units).has_value();
}

std::size_t size_of(const Profile& profile, const ExtendedPayload& payload) {
    return kPayloadOffset + (is_text(payload.kind) ? kStringTypeSize : 0) + payload.payload.size() +
           signature_field_size(profile);
}

// Payload Type, Payload Length and String Type: together they are the kind.
template<ConstOr<ExtendedPayload> M, class Io>
void kind_fields(M& m, Io& io, std::size_t payload_length) {
    std::uint32_t type = is_text(m.kind) ? kTypeString : kTypeBinary;
    std::uint16_t string_type = m.kind == PayloadKind::text_utf8 ? kStringUtf8 : kStringUtf16;
    io(wire::le(type));
    io.require(type == kTypeString || type == kTypeBinary);
    le_size<std::uint16_t>(io, payload_length);
    if (type == kTypeString) {
        io(wire::le(string_type));
        io.require(string_type == kStringUtf8 || string_type == kStringUtf16);
    }
    if constexpr (kIsReader<Io>) {
        if (type == kTypeString) {
            m.kind = string_type == kStringUtf8 ? PayloadKind::text_utf8 : PayloadKind::text_utf16;
        }
    }
}

// `size` is that of the whole structure; every other length in it follows from that.
// Requires: it holds a signature and more than the fields before the payload.
template<ConstOr<ExtendedPayload> M, class Io>
void fields(M& m, Io& io, const Profile& profile, std::size_t size) {
    const std::size_t signature_offset = size - signature_field_size(profile);
    const std::size_t payload_length = signature_offset - kPayloadOffset;
    le_size<std::uint16_t>(io, size);
    io(wire::constant(profile.payload.minor), wire::constant(profile.payload.major));
    io(wire::Zeros{2});
    le_size<std::uint16_t>(io, signature_offset);
    date_field(io, m.not_after);
    io(wire::reversed(m.id.bytes), m.nonce);
    io(wire::le_constant(std::uint16_t{1})); // Number of Payloads
    le_size<std::uint16_t>(io, kValueHeaderSize + payload_length);
    kind_fields(m, io, payload_length);
    const std::size_t own_size = payload_length - (is_text(m.kind) ? kStringTypeSize : 0);
    opaque(io, m.payload, own_size);
    io.require(is_legal_payload(m.kind, m.payload));
    signature_field(io, profile, m.signature);
}

std::size_t size_min(const Profile& profile) {
    return kPayloadOffset + kStringTypeSize + signature_field_size(profile);
}

std::size_t size_max(const Profile& profile) {
    return size_min(profile) + kPayloadBytesMax;
}

// All but who signed it.
std::expected<ExtendedPayload, CpaErrc>
check_claims(const Profile& profile, ByteView bytes, const CpaExpectation& expected) {
    auto payload = decode_extended_payload(profile, bytes);
    if (!payload) return payload;
    if (expected.now - expected.clock_skew > payload->not_after) {
        return std::unexpected(CpaErrc::expired);
    }
    if (payload->nonce != expected.nonce) return std::unexpected(CpaErrc::wrong_nonce);
    if (expected.id && payload->id != *expected.id) return std::unexpected(CpaErrc::wrong_id);
    return payload;
}

const ReachTlv* digest_in(const Cpa& cpa) {
    const auto found = std::ranges::find(cpa.reach, kPayloadDigestTlv, &ReachTlv::type);
    return found == cpa.reach.end() ? nullptr : &*found;
}

} // namespace

bool is_legal_payload(PayloadKind kind, ByteView payload) {
    if (payload.empty() || payload.size() > kPayloadBytesMax) return false;
    switch (kind) {
    case PayloadKind::binary:
        return true;
    case PayloadKind::text_utf8:
        return is_utf8_text(payload);
    case PayloadKind::text_utf16:
        return is_utf16_text(payload);
    }
    return false;
}

std::expected<ExtendedPayload, CpaErrc>
decode_extended_payload(const Profile& profile, ByteView bytes) {
    constexpr std::size_t kVersionAt = 2;
    if (bytes.size() < size_min(profile) - 1 || bytes.size() > size_max(profile)) {
        return std::unexpected(CpaErrc::bad_syntax);
    }
    const Version version{
        std::to_integer<std::uint8_t>(bytes[kVersionAt + 1]),
        std::to_integer<std::uint8_t>(bytes[kVersionAt])};
    if (version != profile.payload) return std::unexpected(CpaErrc::other_version);

    ExtendedPayload payload;
    wire::Reader reader(bytes, profile.reserved);
    fields(payload, reader, profile, bytes.size());
    if (!reader.finish()) return std::unexpected(CpaErrc::bad_syntax);
    return payload;
}

Bytes encode_extended_payload(const Profile& profile, const ExtendedPayload& payload) {
    Bytes out;
    const std::size_t size = size_of(profile, payload);
    out.reserve(size);
    wire::Writer writer(out);
    fields(payload, writer, profile, size);
    KITH_CHECK(out.size() == size);
    return out;
}

Bytes encode_vouched_payload(const Profile& profile, ExtendedPayload payload) {
    payload.signature.assign(profile.signature_size, std::byte{0});
    return encode_extended_payload(profile, payload);
}

ReachTlv payload_digest(ByteView bytes) {
    static_assert(std::tuple_size_v<crypto::Sha256Digest> == kPayloadDigestSize);
    return {kPayloadDigestTlv, to_owned(crypto::sha256({bytes}))};
}

Bytes sign_extended_payload(
    const Profile& profile, ExtendedPayload payload, const crypto::PrivateKey& key) {
    payload.signature.assign(profile.signature_size, std::byte{0});
    Bytes out = encode_extended_payload(profile, payload);
    sign_in_place(profile, profile.payload_context, key, out);
    return out;
}

std::expected<ExtendedPayload, CpaErrc> verify_extended_payload(
    const Profile& profile, ByteView bytes, const CpaExpectation& expected, ByteView public_key) {
    auto payload = check_claims(profile, bytes, expected);
    if (!payload) return payload;
    const auto key = crypto::PublicKey::parse(profile.key_algorithm, public_key);
    if (!key) return std::unexpected(CpaErrc::bad_key);
    if (!is_signed(profile, profile.payload_context, *key, bytes, payload->signature)) {
        return std::unexpected(CpaErrc::bad_signature);
    }
    return payload;
}

std::expected<ExtendedPayload, CpaErrc> verify_extended_payload(
    const Profile& profile,
    ByteView bytes,
    const CpaExpectation& expected,
    const VerifiedCpa& cpa) {
    const ReachTlv* digest = digest_in(*cpa);
    if (digest == nullptr) {
        return verify_extended_payload(profile, bytes, expected, cpa->public_key);
    }
    auto payload = check_claims(profile, bytes, expected);
    if (!payload) return payload;
    if (digest->value != payload_digest(bytes).value) {
        return std::unexpected(CpaErrc::bad_signature);
    }
    return payload;
}

bool vouches_for_payload(const Cpa& cpa) {
    return digest_in(cpa) != nullptr;
}

} // namespace kith::pnrp
