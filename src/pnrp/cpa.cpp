#include "pnrp/cpa.hpp"

#include "base/check.hpp"
#include "base/unicode.hpp"
#include "crypto/digest.hpp"
#include "identity/delegation.hpp"
#include "identity/peer_name.hpp"
#include "pnrp/element.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/route_entry_fields.hpp"
#include "pnrp/signed_fields.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace kith::pnrp {

namespace {

constexpr std::size_t kFixedSize = 48;         // up to and with the nonce, 2.2.3.1
constexpr std::size_t kCountsSize = 4;         // NumPayloads and Total Bytes, 2.2.3.1
constexpr std::size_t kPayloadHeaderSize = 6;  // Type and DataLength, 2.2.3.1.2
constexpr std::uint16_t kAppEndpointSize = 20; // 2.2.3.1.3
constexpr std::size_t kTlvHeaderSize = 4;      // docs/protocol/pnrp.md, Room for reach
constexpr std::uint16_t kTlvCritical = 0x8000;

constexpr std::uint32_t kAppEndpointsType = 1;    // 2.2.3.1.2
constexpr std::uint32_t kReachType = 0x4B49'5448; // "KITH"; docs/protocol/pnrp.md, Room for reach

// A revoke has a nonce of zeros, or, by an older revision of the text, none (decision A6).
enum class NonceForm : std::uint8_t { present, absent };

// What the list of fields knows before it begins.
struct Layout {
    const Profile& profile;
    std::size_t size = 0; // CPA Length
    NonceForm nonce = NonceForm::present;
};

// Sizes ------------------------------------------------------------------------------------------

std::size_t reach_size(const std::vector<ReachTlv>& tlvs) {
    std::size_t size = 0;
    for (const ReachTlv& tlv : tlvs)
        size += kTlvHeaderSize + tlv.value.size();
    return size;
}

std::size_t app_endpoints_size(const std::vector<AppEndpoint>& endpoints) {
    return kAppEndpointSize * endpoints.size();
}

std::size_t payloads_size(const Cpa& cpa) {
    std::size_t size = kCountsSize;
    if (!cpa.app_endpoints.empty()) {
        size += kPayloadHeaderSize + app_endpoints_size(cpa.app_endpoints);
    }
    if (!cpa.reach.empty()) size += kPayloadHeaderSize + reach_size(cpa.reach);
    return size;
}

// Friendly name ----------------------------------------------------------------------------------

Bytes utf16_le(std::u16string_view text) {
    Bytes out;
    out.reserve(2 * text.size());
    for (const char16_t unit : text) {
        out.push_back(static_cast<std::byte>(unit & 0xffU));
        out.push_back(static_cast<std::byte>(unit >> 8U));
    }
    return out;
}

std::optional<std::string> from_utf16_le(ByteView bytes) {
    if (bytes.size() % 2 != 0) return std::nullopt;
    std::u16string units;
    units.reserve(bytes.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        units.push_back(static_cast<char16_t>(
            std::to_integer<unsigned>(bytes[i]) | std::to_integer<unsigned>(bytes[i + 1]) << 8U));
    }
    return utf16_to_utf8(units);
}

Bytes encoded_name(const Cpa& cpa) {
    if (cpa.name_encoding == NameEncoding::utf8) return to_owned(as_bytes(cpa.friendly_name));
    const auto units = utf8_to_utf16(cpa.friendly_name);
    KITH_CHECK(units.has_value());
    return utf16_le(*units);
}

std::optional<std::string> decoded_name(NameEncoding encoding, ByteView bytes) {
    if (encoding == NameEncoding::utf16) return from_utf16_le(bytes);
    const std::string_view text = as_text(bytes);
    if (!is_utf8(text)) return std::nullopt;
    return std::string(text);
}

template<ConstOr<Cpa> M, class Io>
void friendly_name_field(M& cpa, Io& io) {
    if constexpr (kIsReader<Io>) {
        std::uint16_t size = 0;
        io(wire::le(size));
        io.require(size >= 1 && size <= kFriendlyNameBytesMax);
        auto name = decoded_name(cpa.name_encoding, io.take_bytes(size));
        io.require(name.has_value() && name->find('\0') == name->npos);
        // One meaning, one encoding: the profiles that insist on it write UTF-8.
        io.require(cpa.name_encoding == NameEncoding::utf8 || is_tolerant(io));
        if (name) cpa.friendly_name = std::move(*name);
    } else {
        const Bytes name = encoded_name(cpa);
        io.require(name.size() <= kFriendlyNameBytesMax);
        le_size<std::uint16_t>(io, name.size());
        io.bytes(name);
    }
}

// Payloads ---------------------------------------------------------------------------------------

template<ConstOr<AppEndpoint> M, class Io>
void fields(M& endpoint, Io& io) {
    io(endpoint.address.bytes, endpoint.port, wire::le(endpoint.protocol));
}

template<ConstOr<ReachTlv> M, class Io>
void fields(M& tlv, Io& io) {
    auto size = static_cast<std::uint16_t>(tlv.value.size());
    io(wire::le(tlv.type), wire::le(size));
    opaque(io, tlv.value, size);
}

void read_payload(Cpa& cpa, wire::Reader& io, const Profile& profile) {
    std::uint32_t type = 0;
    std::uint16_t size = 0;
    io(wire::le(type), wire::le(size));
    // In this order, each at most once.
    if (type == kAppEndpointsType && cpa.app_endpoints.empty() && cpa.reach.empty()) {
        io.require(size % kAppEndpointSize == 0 && size >= kAppEndpointSize);
        io.require(size <= kAppEndpointSize * kAppEndpointsMax);
        if (io.failed()) return;
        cpa.app_endpoints.resize(size / kAppEndpointSize);
        for (AppEndpoint& endpoint : cpa.app_endpoints)
            fields(endpoint, io);
    } else if (type == kReachType && profile.allows_reach_payload && cpa.reach.empty()) {
        io.require(size >= kTlvHeaderSize && size <= kReachPayloadBytesMax);
        const std::size_t end = io.position() + size;
        while (!io.failed() && io.position() < end)
            fields(cpa.reach.emplace_back(), io);
        io.require(io.position() == end);
    } else {
        io.fail(wire::Errc::bad_value);
    }
}

template<ConstOr<Cpa> M, class Io>
void payloads_field(M& cpa, Io& io, const Profile& profile) {
    auto count = static_cast<std::uint16_t>(
        (cpa.app_endpoints.empty() ? 0 : 1) + (cpa.reach.empty() ? 0 : 1));
    auto total = static_cast<std::uint16_t>(payloads_size(cpa));
    io(wire::le(count), wire::le(total));
    // SHOULD in 2.2.3.1, so the published profile takes others.
    io.require(!cpa.is_revoke || count == 0 || is_tolerant(io));
    if constexpr (kIsReader<Io>) {
        for (std::uint16_t i = 0; i < count && !io.failed(); ++i)
            read_payload(cpa, io, profile);
        io.require(total == payloads_size(cpa));
    } else {
        io.require(cpa.app_endpoints.size() <= kAppEndpointsMax);
        io.require(cpa.reach.empty() || profile.allows_reach_payload);
        io.require(reach_size(cpa.reach) <= kReachPayloadBytesMax);
        if (!cpa.app_endpoints.empty()) {
            io(wire::le_constant(kAppEndpointsType));
            le_size<std::uint16_t>(io, app_endpoints_size(cpa.app_endpoints));
            for (const AppEndpoint& endpoint : cpa.app_endpoints)
                fields(endpoint, io);
        }
        if (!cpa.reach.empty()) {
            io(wire::le_constant(kReachType));
            le_size<std::uint16_t>(io, reach_size(cpa.reach));
            for (const ReachTlv& tlv : cpa.reach)
                fields(tlv, io);
        }
    }
}

// The whole --------------------------------------------------------------------------------------

template<ConstOr<Cpa> M, class Io>
void service_addresses_field(M& cpa, Io& io) {
    auto count = static_cast<std::uint16_t>(cpa.service_addresses.size());
    io(wire::le(count), wire::le_constant(kEndpointSize));
    io.require(count <= kServiceAddressesMax);
    io.require(count >= 1 || cpa.is_revoke);
    if constexpr (kIsReader<Io>) {
        if (io.failed()) return;
        cpa.service_addresses.resize(count);
    }
    for (auto& endpoint : cpa.service_addresses)
        endpoint_fields(io, endpoint);
}

// Who publishes: authority and classifier hash. One of them at least, or there is no name.
template<ConstOr<Cpa> M, class Io>
void name_fields(M& cpa, Io& io) {
    io.require(cpa.authority.has_value() || cpa.classifier_hash.has_value());
    if (cpa.authority) {
        io(wire::reversed(*cpa.authority));
        // Decision A44: with zeros the ids would be those of an unsecured name.
        io.require(*cpa.authority != ByteArray<20>{});
    }
    if (cpa.classifier_hash) io(*cpa.classifier_hash);
}

// Makes room for what the flags promise. Returns F: a name has no room, it is there or empty.
template<ConstOr<Cpa> M, class Io>
bool flags_field(M& cpa, Io& io) {
    bool has_name = !cpa.friendly_name.empty();
    bool has_hash = cpa.classifier_hash.has_value();
    bool has_authority = cpa.authority.has_value();
    bool is_utf8_name = has_name && cpa.name_encoding == NameEncoding::utf8;
    flags<std::uint8_t>(
        io,
        flag(0x20, cpa.has_extended_payload), // X
        flag(0x10, has_name),                 // F
        flag(0x08, has_hash),                 // C
        flag(0x04, has_authority),            // A
        flag(0x02, is_utf8_name),             // U
        flag(0x01, cpa.is_revoke));           // R
    io.require(has_name || !is_utf8_name);
    if constexpr (kIsReader<Io>) {
        if (has_hash) cpa.classifier_hash.emplace();
        if (has_authority) cpa.authority.emplace();
        if (has_name && !is_utf8_name) cpa.name_encoding = NameEncoding::utf16;
    }
    return has_name;
}

template<ConstOr<Cpa> M, class Io>
void fields(M& cpa, Io& io, const Layout& layout) {
    const Profile& profile = layout.profile;
    le_size<std::uint16_t>(io, layout.size);
    io(wire::constant(profile.cpa.minor), wire::constant(profile.cpa.major));
    io(wire::constant(profile.pnrp.minor), wire::constant(profile.pnrp.major));
    const bool has_name = flags_field(cpa, io);
    io(wire::Zeros{1});
    date_field(io, cpa.not_after);
    io(wire::reversed(cpa.service_location));
    if (layout.nonce == NonceForm::present) {
        io(cpa.nonce);
        io.require(!cpa.is_revoke || cpa.nonce == Nonce{});
    }
    name_fields(cpa, io);
    if (has_name) friendly_name_field(cpa, io);
    service_addresses_field(cpa, io);
    payloads_field(cpa, io, profile);
    key_field(io, profile, cpa.public_key);
    signature_field(io, profile, cpa.signature);
}

std::size_t cpa_size(const Profile& profile, const Cpa& cpa) {
    std::size_t size = kFixedSize;
    if (cpa.authority) size += cpa.authority->size();
    if (cpa.classifier_hash) size += cpa.classifier_hash->size();
    if (!cpa.friendly_name.empty()) size += 2 + encoded_name(cpa).size();
    size += 4 + kEndpointSize * cpa.service_addresses.size();
    size += payloads_size(cpa);
    return size + key_field_size(profile) + signature_field_size(profile);
}

// The versions are in the first 6 bytes, whatever comes after them.
bool is_other_version(const Profile& profile, ByteView bytes) {
    constexpr std::size_t kVersionsEnd = 6;
    if (bytes.size() < kVersionsEnd) return false;
    const auto version = [&](std::size_t minor_at) {
        return Version{
            std::to_integer<std::uint8_t>(bytes[minor_at + 1]),
            std::to_integer<std::uint8_t>(bytes[minor_at])};
    };
    return version(2) != profile.cpa || version(4) != profile.pnrp;
}

bool has_unknown_critical_tlv(const Cpa& cpa) {
    return std::ranges::any_of(cpa.reach, [&](const ReachTlv& tlv) {
        const bool is_digest = tlv.type == kPayloadDigestTlv && cpa.has_extended_payload &&
                               tlv.value.size() == kPayloadDigestSize;
        return (tlv.type & kTlvCritical) != 0 && !is_digest;
    });
}

// Whether `cpa` is what `expected` asked for: everything but the signature.
std::expected<void, CpaErrc>
check_claims(const Profile& profile, const Cpa& cpa, const CpaExpectation& expected) {
    if (has_unknown_critical_tlv(cpa)) return std::unexpected(CpaErrc::unknown_critical_tlv);
    if (expected.revoke && !cpa.is_revoke) return std::unexpected(CpaErrc::not_a_revoke);
    // A revoke has no nonce that could be fresh: it proves nothing about anybody's presence.
    if (!expected.revoke && cpa.is_revoke) return std::unexpected(CpaErrc::wrong_nonce);
    if (expected.now - expected.clock_skew > cpa.not_after) {
        return std::unexpected(CpaErrc::expired);
    }
    if (expected.revoke) return {};
    if (cpa.nonce != expected.nonce) return std::unexpected(CpaErrc::wrong_nonce);
    if (expected.id && id_of(profile, cpa) != *expected.id) {
        return std::unexpected(CpaErrc::wrong_id);
    }
    return {};
}

// Whether `key` may speak for the authority in `cpa`: its own, or by a chain (MS-PNRP 3.1.5.7). A
// chain that is there has to hold even where none is needed.
std::expected<void, CpaErrc> check_authority(
    const Profile& profile,
    const Cpa& cpa,
    const crypto::PublicKey& key,
    const CpaExpectation& expected) {
    if (!cpa.authority) return {};
    if (expected.chain) {
        const auto verified = identity::verify_chain(
            *expected.chain,
            {.now = expected.now,
             .clock_skew = expected.clock_skew,
             .authority = {*cpa.authority},
             .classifier = std::string(expected.classifier),
             .publisher = key});
        if (!verified) return std::unexpected(cpa_error(verified.error()));
        // The classifier that the chain is about is the one that the id is made of.
        const auto hash = cpa.classifier_hash.value_or(classifier_hash(profile, {}));
        if (classifier_hash(profile, expected.classifier) != hash) {
            return std::unexpected(CpaErrc::chain_name);
        }
        return {};
    }
    const bool is_owner = identity::authority_of(key).bytes == *cpa.authority;
    if (!is_owner && !expected.key_is_known) return std::unexpected(CpaErrc::wrong_authority);
    return {};
}

P2pId p2p_id_from(
    const Profile& profile, const ByteArray<20>& classifier_hash, const ByteArray<20>& authority) {
    const ByteArray<20> digest =
        profile.digest({classifier_hash, authority, classifier_hash, as_bytes("PNRP")});
    P2pId id{};
    std::copy_n(digest.begin(), id.size(), id.begin());
    return id;
}

} // namespace

std::expected<Cpa, CpaErrc> decode_cpa(const Profile& profile, ByteView bytes) {
    if (is_other_version(profile, bytes)) return std::unexpected(CpaErrc::other_version);
    if (bytes.size() > std::numeric_limits<std::uint16_t>::max()) {
        return std::unexpected(CpaErrc::bad_syntax);
    }
    for (const NonceForm nonce : {NonceForm::present, NonceForm::absent}) {
        Cpa cpa;
        wire::Reader reader(bytes, profile.reserved);
        fields(cpa, reader, Layout{profile, bytes.size(), nonce});
        if (reader.finish() && (nonce == NonceForm::present || cpa.is_revoke)) return cpa;
        if (!is_tolerant(reader)) break;
    }
    return std::unexpected(CpaErrc::bad_syntax);
}

Bytes encode_cpa(const Profile& profile, const Cpa& cpa) {
    Bytes out;
    const std::size_t size = cpa_size(profile, cpa);
    out.reserve(size);
    wire::Writer writer(out);
    fields(cpa, writer, Layout{profile, size});
    KITH_CHECK(out.size() == size);
    return out;
}

Bytes sign_cpa(const Profile& profile, Cpa cpa, const crypto::PrivateKey& key) {
    cpa.public_key = to_owned(key.public_key().material());
    cpa.signature.assign(profile.signature_size, std::byte{0});
    Bytes out = encode_cpa(profile, cpa);
    sign_in_place(profile, profile.cpa_context, key, out);
    return out;
}

PnrpId id_of(const Profile& profile, const Cpa& cpa) {
    // Decision A5: a name without a classifier has the hash of the empty one.
    const ByteArray<20> hash =
        cpa.classifier_hash ? *cpa.classifier_hash : classifier_hash(profile, {});
    const P2pId name = p2p_id_from(profile, hash, cpa.authority.value_or(ByteArray<20>{}));
    return make_id(name, cpa.service_location);
}

std::expected<VerifiedCpa, CpaErrc>
verify_cpa(const Profile& profile, ByteView bytes, const CpaExpectation& expected) {
    auto cpa = decode_cpa(profile, bytes);
    if (!cpa) return std::unexpected(cpa.error());
    if (const auto claims = check_claims(profile, *cpa, expected); !claims) {
        return std::unexpected(claims.error());
    }
    const auto key = crypto::PublicKey::parse(profile.key_algorithm, cpa->public_key);
    if (!key) return std::unexpected(CpaErrc::bad_key);
    if (const auto owned = check_authority(profile, *cpa, *key, expected); !owned) {
        return std::unexpected(owned.error());
    }
    if (!is_signed(profile, profile.cpa_context, *key, bytes, cpa->signature)) {
        return std::unexpected(CpaErrc::bad_signature);
    }
    const bool is_compared = expected.id && !expected.revoke;
    const PnrpId id = is_compared ? *expected.id : id_of(profile, *cpa);
    return VerifiedCpa(std::move(*cpa), id);
}

bool is_owners(const Profile& profile, const Cpa& cpa) {
    const auto key = crypto::PublicKey::parse(profile.key_algorithm, cpa.public_key);
    return key && cpa.authority && identity::authority_of(*key).bytes == *cpa.authority;
}

CpaErrc cpa_error(identity::ChainErrc error) {
    using identity::ChainErrc;
    switch (error) {
    case ChainErrc::truncated:
        return CpaErrc::chain_truncated;
    case ChainErrc::trailing_bytes:
        return CpaErrc::chain_trailing;
    case ChainErrc::bad_syntax:
    case ChainErrc::wrong_algorithm:
    case ChainErrc::unknown_critical:
        return CpaErrc::chain_syntax;
    case ChainErrc::too_long:
        return CpaErrc::chain_too_long;
    case ChainErrc::expired:
        return CpaErrc::chain_expired;
    case ChainErrc::wrong_name:
    case ChainErrc::not_delegated:
        return CpaErrc::chain_name;
    case ChainErrc::wrong_owner:
    case ChainErrc::wrong_publisher:
    case ChainErrc::broken_link:
    case ChainErrc::bad_signature:
        return CpaErrc::chain_signer;
    }
    return CpaErrc::chain_syntax;
}

ByteArray<16> key_fingerprint(ByteView public_key) {
    const crypto::Sha256Digest whole = crypto::sha256({public_key});
    ByteArray<16> half{};
    std::copy_n(whole.begin(), half.size(), half.begin());
    return half;
}

ByteArray<20> classifier_hash(const Profile& profile, std::string_view classifier) {
    return profile.digest({profile.classifier_bytes(classifier)});
}

P2pId p2p_id(const Profile& profile, const identity::PeerName& name) {
    return p2p_id_from(
        profile, classifier_hash(profile, name.classifier()), name.authority().bytes);
}

} // namespace kith::pnrp
