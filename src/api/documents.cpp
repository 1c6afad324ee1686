#include "api/documents.hpp"

#include "api/app_address.hpp"
#include "api/encoding.hpp"
#include "identity/contact_card.hpp"
#include "identity/host_name.hpp"
#include "pnrp/profile.hpp"

#include <algorithm>
#include <chrono>

namespace kith::api {

namespace {

Json json_milliseconds(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

std::int64_t whole_milliseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

// A name too long for the form of a host name has none.
Json host_name(const identity::PeerName& name) {
    const auto host = identity::to_host_name(name);
    return host ? Json(*host) : Json(nullptr);
}

template<class T>
Json texts(const std::vector<T>& values) {
    Json out = Json::array();
    for (const T& value : values)
        out.push_back(to_string(value));
    return out;
}

std::string_view state_text(node::CloudState state) {
    using node::CloudState;
    switch (state) {
    case CloudState::virtual_cloud:
        return "virtual";
    case CloudState::synchronizing:
        return "synchronizing";
    case CloudState::active:
        return "active";
    case CloudState::dead:
        return "dead";
    case CloudState::disabled:
        return "disabled";
    case CloudState::no_net:
        return "no_net";
    case CloudState::alone:
        return "alone";
    }
    return "virtual";
}

std::string_view kind_text(pnrp::PayloadKind kind) {
    switch (kind) {
    case pnrp::PayloadKind::binary:
        return "binary";
    case pnrp::PayloadKind::text_utf8:
        return "text_utf8";
    case pnrp::PayloadKind::text_utf16:
        return "text_utf16";
    }
    return "binary";
}

Json payload_bytes(const std::optional<pnrp::Payload>& payload) {
    return payload ? Json(to_base64(payload->bytes)) : Json(nullptr);
}

Json counters_document(const node::CloudStatus& cloud) {
    const pnrp::Counters& counters = cloud.counters;
    Json dropped = Json::object();
    for (std::size_t i = 0; i < pnrp::kDropReasons; ++i) {
        const auto reason = static_cast<pnrp::Drop>(i);
        dropped[std::string(pnrp::to_string(reason))] = counters.dropped_for(reason);
    }
    return {
        {"datagrams_in", counters.datagrams_in},
        {"datagrams_out", counters.datagrams_out},
        {"bytes_in", counters.bytes_in},
        {"bytes_out", counters.bytes_out},
        {"resent", counters.resent},
        {"signatures_made", counters.signatures_made},
        {"signatures_checked", counters.signatures_checked},
        {"dropped", std::move(dropped)},
        {"ssdp_dropped", cloud.ssdp_dropped}};
}

} // namespace

Json status_document(const Services& services) {
    const ProcessFacts& facts = services.facts;
    const node::Clouds& node = services.node.clouds();
    return {
        {"version", facts.version},
        {"commit", facts.commit},
        {"pid", facts.pid},
        {"started", to_rfc3339(facts.started)},
        {"profile", services.profile->name},
        {"seed_node", facts.is_seed_node},
        {"data", facts.data},
        {"identities", services.vault.list().size()},
        {"names", node.names().size()},
        {"unclaimed", node.unclaimed()},
        {"clouds", clouds_document(services)}};
}

Json clouds_document(const Services& services) {
    Json clouds = Json::array();
    for (const node::CloudStatus& cloud : services.node.clouds().status(services.node.now()))
        clouds.push_back(cloud_document(cloud));
    return clouds;
}

Json cloud_document(const node::CloudStatus& cloud) {
    const Json estimate = cloud.estimated_nodes ? Json(*cloud.estimated_nodes) : Json(nullptr);
    return {
        {"name", cloud.name},
        {"scope", to_string(cloud.scope)},
        {"zone", cloud.zone},
        {"state", state_text(cloud.state)},
        {"reach", to_string(cloud.reach)},
        {"reach_reason", to_string(cloud.reach_reason)},
        {"endpoints", texts(cloud.endpoints)},
        {"cached", cloud.cached},
        {"leaf_set", cloud.leaf_set},
        {"names", cloud.names},
        {"estimated_nodes", estimate},
        {"state_bytes", cloud.state_bytes},
        {"counters", counters_document(cloud)}};
}

Json peer_document(const pnrp::PeerInfo& peer) {
    Json endpoints = Json::array();
    for (const Address& address : peer.entry.addresses)
        endpoints.push_back(to_string(Endpoint{address, peer.entry.port}));
    return {
        {"id", to_string(peer.entry.id)},
        {"endpoints", std::move(endpoints)},
        {"leaf_set", peer.in_leaf_set},
        {"heard_ago_ms", whole_milliseconds(peer.heard_ago)},
        {"round_trip_ms", peer.round_trip ? json_milliseconds(*peer.round_trip) : Json(nullptr)}};
}

Json identity_document(const identity::StoredIdentity& identity) {
    const identity::IdentityCard& card = identity.card;
    return {
        {"name", card.label},
        {"peer_name", card.name.to_string()},
        {"authority", to_hex(card.name.authority().bytes)},
        {"host_name", host_name(card.name)},
        {"algorithm", crypto::to_string(card.public_key.algorithm())},
        {"public_key_base64", to_base64(card.public_key.material())},
        {"safety_code", identity::safety_code(card.public_key)},
        {"created", to_rfc3339(card.created)},
        {"protected", card.is_sealed},
        {"default", identity.is_default}};
}

Json name_document(const node::PublishedName& name, const PublishedName& published) {
    const pnrp::Registration& registration = published.publication.registration;
    Json presences = Json::array();
    std::vector<pnrp::AppEndpoint> addresses;
    bool is_announced = false;
    for (const node::Presence& presence : name.presences) {
        presences.push_back(
            {{"cloud", presence.cloud},
             {"id", to_string(presence.id)},
             {"announced", presence.is_announced},
             {"addresses", texts(presence.endpoints)}});
        is_announced |= presence.is_announced;
        for (const pnrp::AppEndpoint& address : presence.endpoints) {
            if (std::ranges::find(addresses, address) == addresses.end())
                addresses.push_back(address);
        }
    }
    // Of the widest cloud: what a name has in the others is in `clouds`.
    const bool is_somewhere = !name.presences.empty();
    return {
        {"peer_name", name.name.to_string()},
        {"host_name", host_name(name.name)},
        {"secure", name.name.is_secure()},
        {"identity", published.identity ? Json(*published.identity) : Json(nullptr)},
        {"cloud", is_somewhere ? Json(name.presences.front().cloud) : Json(nullptr)},
        {"id", is_somewhere ? Json(to_string(name.presences.front().id)) : Json(nullptr)},
        {"announced", is_announced},
        {"addresses", texts(addresses)},
        {"comment", registration.comment},
        {"payload_base64", payload_bytes(registration.payload)},
        {"clouds", std::move(presences)},
        {"kept", published.is_kept},
        {"waiting", nullptr}};
}

Json resolution_document(const pnrp::Resolution& resolution, const std::string& cloud) {
    const auto& payload = resolution.payload;
    return {
        {"peer_name", resolution.name.to_string()},
        {"host_name", host_name(resolution.name)},
        {"secure", resolution.name.is_secure()},
        // Everything that comes out of the core is signed. Only of a secure name does that say
        // whose signature it is.
        {"verified", resolution.name.is_secure()},
        {"cloud", cloud},
        {"id", to_string(resolution.id)},
        {"addresses", texts(resolution.endpoints)},
        {"comment", resolution.comment},
        {"payload_base64", payload_bytes(payload)},
        {"payload_kind", payload ? Json(kind_text(payload->kind)) : Json(nullptr)},
        {"public_key_base64", to_base64(resolution.public_key)},
        {"node_endpoints", texts(resolution.service_addresses)},
        {"expires", to_rfc3339(resolution.not_after)},
        {"local", resolution.is_local},
        {"delegated", resolution.is_delegated},
        {"lookups", resolution.lookups},
        {"took_ms", json_milliseconds(resolution.took)}};
}

Json registrations_document(const node::QueryDone& found) {
    const pnrp::Resolution& first = *found.outcome;
    Json registrations = Json::array();
    registrations.push_back(resolution_document(first, found.cloud));
    for (const node::Sighting& other : found.others)
        registrations.push_back(resolution_document(other.resolution, other.cloud));
    return {
        {"peer_name", first.name.to_string()},
        {"host_name", host_name(first.name)},
        {"complete", found.is_complete},
        {"registrations", std::move(registrations)}};
}

} // namespace kith::api
