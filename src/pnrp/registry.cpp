#include "pnrp/registry.hpp"

#include "base/check.hpp"
#include "base/unicode.hpp"
#include "identity/delegation.hpp"
#include "pnrp/limits.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

namespace {

// Whether the key is the owner's, or a chain leads from the owner to it.
std::optional<RegisterErrc> key_defect_of(Now now, const Registration& registration) {
    const crypto::PublicKey& key = registration.key->public_key();
    if (registration.chain) {
        if (!registration.name.is_secure()) return RegisterErrc::bad_delegation;
        const auto verified = identity::verify_chain(
            *registration.chain,
            {.now = now.wall,
             .clock_skew = kClockSkewMax,
             .authority = registration.name.authority(),
             .classifier = registration.name.classifier(),
             .publisher = key});
        if (verified) return std::nullopt;
        return verified.error() == identity::ChainErrc::expired ? RegisterErrc::delegation_expired
                                                                : RegisterErrc::bad_delegation;
    }
    const bool is_owned = !registration.name.is_secure() ||
                          identity::authority_of(key) == registration.name.authority();
    return is_owned ? std::nullopt : std::optional(RegisterErrc::wrong_key);
}

// Requires: there is one.
ExtendedPayload payload_of(Now now, const LocalName& name, const Nonce& nonce) {
    ExtendedPayload payload;
    payload.not_after = now.wall + kCpaLifetime;
    payload.id = name.id;
    payload.nonce = nonce;
    payload.kind = name.registration.payload->kind;
    payload.payload = name.registration.payload->bytes;
    return payload;
}

} // namespace

ByteArray<8> location_prefix(const Address& address) {
    ByteArray<8> prefix{};
    const std::size_t first = address.is_v4() ? 12 : 0;
    const std::size_t size = address.is_v4() ? 4 : 8;
    std::copy_n(address.bytes.begin() + static_cast<std::ptrdiff_t>(first), size, prefix.begin());
    return prefix;
}

std::optional<RegisterErrc> defect_of(Now now, const Registration& registration) {
    if (registration.key == nullptr) return RegisterErrc::wrong_key;
    if (const auto defect = key_defect_of(now, registration)) return defect;
    if (registration.endpoints.size() > kAppEndpointsMax) return RegisterErrc::too_many_endpoints;
    if (registration.endpoints.empty() && !registration.payload) return RegisterErrc::no_endpoints;
    const std::string& comment = registration.comment;
    if (!is_utf8(comment) || comment.contains('\0') || comment.size() > kFriendlyNameBytesMax ||
        utf16_length(comment) > kFriendlyNameUnitsMax) {
        return RegisterErrc::comment_too_long;
    }
    const auto& payload = registration.payload;
    if (payload && !is_legal_payload(payload->kind, payload->bytes)) {
        return RegisterErrc::payload_too_long;
    }
    return std::nullopt;
}

PnrpId Registry::new_id(const Registration& registration) {
    KITH_CHECK(exchange_.is_offered());
    ServiceLocation location{};
    const auto prefix =
        registration.prefix.value_or(location_prefix(exchange_.endpoints().front().address));
    const auto suffix = exchange_.secure().bytes<8>();
    std::copy(prefix.begin(), prefix.end(), location.begin());
    std::copy(suffix.begin(), suffix.end(), location.begin() + 8);
    return make_id(p2p_id(exchange_.profile(), registration.name), location);
}

LocalName& Registry::add(Registration registration) {
    const PnrpId id = new_id(registration);
    const RegistrationId registration_id{next_registration_++};
    const auto [at, is_new] =
        names_.insert_or_assign(id, LocalName{registration_id, id, std::move(registration)});
    return at->second;
}

void Registry::renew_ids() {
    std::map<PnrpId, LocalName> renewed;
    for (auto& [old_id, name] : names_) {
        name.id = new_id(name.registration);
        renewed.insert_or_assign(name.id, std::move(name));
    }
    names_ = std::move(renewed);
}

void Registry::remove(RegistrationId id) {
    std::erase_if(names_, [&](const auto& item) { return item.second.registration_id == id; });
}

LocalName* Registry::find(RegistrationId id) {
    const auto at = std::find_if(names_.begin(), names_.end(), [&](const auto& item) {
        return item.second.registration_id == id;
    });
    return at == names_.end() ? nullptr : &at->second;
}

LocalName* Registry::find(const PnrpId& id) {
    return const_cast<LocalName*>(std::as_const(*this).find(id));
}

const LocalName* Registry::find(const PnrpId& id) const {
    const auto at = names_.find(id);
    return at == names_.end() ? nullptr : &at->second;
}

const LocalName* Registry::find(const identity::PeerName& name) const {
    const auto at = std::find_if(names_.begin(), names_.end(), [&](const auto& item) {
        return item.second.registration.name == name;
    });
    return at == names_.end() ? nullptr : &at->second;
}

const LocalName* Registry::nearest(const PnrpId& target) const {
    if (names_.empty()) return nullptr;
    const auto above = names_.lower_bound(target);
    const auto& up = above == names_.end() ? *names_.begin() : *above;
    const auto& down = above == names_.begin() ? *names_.rbegin() : *std::prev(above);
    return is_closer(down.first, up.first, target) ? &down.second : &up.second;
}

std::vector<PnrpId> Registry::ids() const {
    std::vector<PnrpId> ids;
    ids.reserve(names_.size());
    for (const auto& [id, name] : names_)
        ids.push_back(id);
    return ids;
}

RouteEntry Registry::entry_of(const PnrpId& id) const {
    RouteEntry entry;
    entry.id = id;
    for (const Endpoint& endpoint : exchange_.endpoints()) {
        entry.port = endpoint.port;
        entry.addresses.push_back(endpoint.address);
    }
    return entry;
}

Cpa Registry::certified(Now now, const LocalName& name) const {
    const Registration& registration = name.registration;
    Cpa cpa;
    cpa.not_after = now.wall + kCpaLifetime;
    cpa.service_location = service_location_of(name.id);
    if (registration.name.is_secure()) cpa.authority = registration.name.authority().bytes;
    if (!registration.name.classifier().empty()) {
        cpa.classifier_hash = classifier_hash(exchange_.profile(), registration.name.classifier());
    }
    return cpa;
}

AuthorityBuffer Registry::answer(Now now, const LocalName& name, const Inquire& inquire) {
    const Profile& profile = exchange_.profile();
    AuthorityBuffer buffer;
    const Registration& registration = name.registration;
    const Nonce nonce = inquire.nonce.value_or(Nonce{});
    const bool has_payload = inquire.flags.extended_payload && registration.payload.has_value();
    const bool is_vouched_for = has_payload && inquire.flags.cpa && profile.vouches_for_payload;
    if (is_vouched_for) {
        buffer.extended_payload = encode_vouched_payload(profile, payload_of(now, name, nonce));
    } else if (has_payload) {
        buffer.extended_payload =
            sign_extended_payload(profile, payload_of(now, name, nonce), *registration.key);
        ++exchange_.counters().signatures_made;
    }
    if (inquire.flags.cpa) {
        Cpa cpa = certified(now, name);
        cpa.nonce = nonce;
        cpa.friendly_name = registration.comment;
        if (profile.writes_utf16_names) cpa.name_encoding = NameEncoding::utf16;
        cpa.has_extended_payload = registration.payload.has_value();
        cpa.service_addresses.assign(exchange_.endpoints().begin(), exchange_.endpoints().end());
        cpa.app_endpoints = registration.endpoints;
        if (is_vouched_for) cpa.reach = {payload_digest(*buffer.extended_payload)};
        buffer.cpa = sign_cpa(profile, std::move(cpa), *registration.key);
        ++exchange_.counters().signatures_made;
        // Decision A23: the receiver needs both to check a chain and the id.
        if (!registration.name.classifier().empty()) {
            buffer.classifier = registration.name.classifier();
        }
        buffer.entry = entry_of(name.id);
    }
    if (inquire.flags.chain) buffer.chain = registration.chain; // MS-PNRP 3.2.5.6
    return buffer;
}

Bytes Registry::revocation(Now now, const LocalName& name) {
    Cpa cpa = certified(now, name);
    cpa.is_revoke = true;
    ++exchange_.counters().signatures_made;
    return sign_cpa(exchange_.profile(), std::move(cpa), *name.registration.key);
}

std::size_t Registry::state_bytes() const {
    std::size_t bytes = 0;
    for (const auto& [id, name] : names_) {
        const Registration& registration = name.registration;
        bytes += sizeof id + sizeof name + 4 * sizeof(void*);
        bytes += registration.endpoints.capacity() * sizeof(AppEndpoint);
        bytes += registration.name.classifier().capacity() + registration.comment.capacity();
        if (registration.payload) bytes += registration.payload->bytes.capacity();
        if (registration.chain) bytes += registration.chain->capacity();
    }
    return bytes;
}

} // namespace kith::pnrp
