#include "graph/topology.hpp"

#include "graph/record_codec.hpp"
#include "graph/wire_limits.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace kith::graph {

using store::RecordId;

namespace {

constexpr Duration kContactLifetime = 900s;   // MS-PPGRH 3.1.7.5
constexpr Duration kSignatureLifetime = 300s; // 3.1.7.6
constexpr Duration kSignatureRest = 24h;      // 3.1.6.4
constexpr Duration kSignatureSoon = 100ms;    // 3.1.7.11
constexpr Duration kRestMin = 2s;             // of an address that was dialled
constexpr Duration kRestMax = 60s;
constexpr Duration kAskAgain = 10s;      // for peers
constexpr unsigned kContactsSpread = 5;  // Cmax - Cmin, 3.1.7.12
constexpr unsigned kPresenceSpread = 10; // 3.1.7.17
constexpr std::uint32_t kNoLimit = 0xFFFF'FFFF;
/// Above so many nodes the neighbours are 3/4/8: modernization 4.9 says 100, bench/tuning.py that
/// smaller graphs are better off with them as well.
constexpr std::size_t kSmallGraph = 10;

} // namespace

unsigned contacts_min(std::uint64_t signature) {
    const double bits = std::log2(static_cast<double>(std::max<std::uint64_t>(signature, 1)));
    const double wanted = std::max(5.0, 60.0 - bits);
    return static_cast<unsigned>(std::ceil(wanted));
}

Duration signature_delay(NodeId node) {
    const auto top = static_cast<double>(node >> 48U);
    const double seconds = 29.9 * (1.0 - std::exp(-top / 65536.0)) + 0.1;
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

// Records -----------------------------------------------------------------------------------------

void Topology::handle(Now now, const Change& change) {
    if (!change.internal) return;
    if (change.type == kSignatureType) handle_signature(now, change);
    if (change.type == kContactType) handle_contact(now, change);
    if (change.type == kPresenceType) handle_presence(now, change);
    if (change.type == kGraphInfoType && !change.internal->is_deleted) {
        if (auto info = decode_graph_info(change.internal->payload)) {
            context_.info = std::move(*info);
            database_.adopt(now, context_.info);
            context_.tell(PropertiesChanged{});
            use_addresses(now);
        }
    }
}

void Topology::handle_signature(Now now, const Change& change) {
    const bool is_gone = change.internal->is_deleted || change.kind == RecordChangeKind::expired;
    signature_ = is_gone ? std::nullopt : decode_signature(change.internal->payload);
    calculate_signature(now);
    // A contact says which signature it sees (GA-35).
    if (own_contact_ && signature_ && !is_leaving_) {
        const auto mine = contacts_.find(*own_contact_);
        if (mine != contacts_.end() && mine->second.signature != *signature_) publish_contact(now);
    }
    detect_partition(now);
}

void Topology::handle_contact(Now now, const Change& change) {
    const bool is_gone = change.internal->is_deleted || change.kind == RecordChangeKind::expired;
    if (is_gone) {
        if (const auto at = contacts_.find(change.id); at != contacts_.end()) {
            if (at->second.node != context_.node) remember_former(now, at->second.addresses);
            contacts_.erase(at);
        }
        if (change.id == own_contact_) own_contact_.reset();
    } else if (const auto contact = decode_contact(change.internal->payload)) {
        if (contacts_.size() >= kContactsMax && !contacts_.contains(change.id)) return;
        Known known;
        known.node = contact->node;
        known.peer_id = change.internal->creator;
        known.addresses = contact->addresses;
        known.signature = contact->signature;
        contacts_[change.id] = std::move(known);
    }
    maintain_contacts(now);
    detect_partition(now);
}

void Topology::handle_presence(Now now, const Change& change) {
    const bool is_gone = change.internal->is_deleted || change.kind == RecordChangeKind::expired;
    if (is_gone) {
        const auto at = presences_.find(change.id);
        if (change.id == own_presence_) presence_lost(now);
        if (at == presences_.end()) return;
        const Known gone = std::move(at->second);
        presences_.erase(at);
        if (const auto of = present_.find(gone.node);
            of != present_.end() && of->second == change.id) {
            present_.erase(of);
        }
        if (gone.node != context_.node) remember_former(now, gone.addresses);
        context_.tell(NodeChanged{NodeChangeKind::disconnected, gone.node, gone.peer_id});
        plan_presence(now);
        return;
    }
    const auto presence = decode_presence(change.internal->payload);
    if (!presence) return;
    const bool is_known = presences_.contains(change.id);
    if (!is_known && presences_.size() >= kNodesMax) return;
    Known known;
    known.node = presence->node;
    known.peer_id = change.internal->creator;
    known.attributes = presence->attributes;
    known.addresses = presence->addresses;
    for (const Endpoint& address : known.addresses)
        former_.erase(address);
    const bool differs = is_known && (presences_[change.id].addresses != known.addresses ||
                                      presences_[change.id].attributes != known.attributes);
    if (!is_known || differs) { // else a renewal
        const auto kind = is_known ? NodeChangeKind::updated : NodeChangeKind::connected;
        context_.tell(NodeChanged{kind, known.node, known.peer_id});
    }
    present_[known.node] = change.id;
    presences_[change.id] = std::move(known);
}

std::vector<NodeInfo> Topology::nodes() const {
    std::vector<NodeInfo> out;
    for (const auto& [id, known] : presences_) {
        out.push_back({known.node, known.peer_id, known.attributes, known.addresses});
    }
    return out;
}

std::size_t Topology::size_estimate() const {
    return std::max<std::size_t>(presences_.size(), 1);
}

void Topology::remember_former(Now now, std::span<const Endpoint> addresses) {
    for (const Endpoint& address : addresses) {
        if (former_.size() >= kFormerMax && !former_.contains(address)) {
            former_.erase(former_.begin());
        }
        former_[address] = now.instant + kFormerTime;
    }
    if (probe_due_ == Instant::max() && !former_.empty()) {
        probe_due_ = now.instant + context_.scaled(kFormerProbe);
    }
}

// Signature ---------------------------------------------------------------------------------------

void Topology::calculate_signature(Now now) {
    if (!context_.is_synchronized || is_leaving_) return;
    if (signature_ && *signature_ <= context_.node) {
        if (*signature_ != context_.node) signature_due_ = Instant::max();
        return;
    }
    const Duration delay = signature_ ? kSignatureSoon : signature_delay(context_.node);
    signature_due_ = std::min(signature_due_, now.instant + context_.scaled(delay));
}

void Topology::publish_signature(Now now) {
    InternalWish wish;
    wish.type = kSignatureType;
    wish.id = kSignatureId;
    wish.payload = encode_signature(context_.node);
    wish.lifetime = kSignatureLifetime;
    (void)database_.publish(now, std::move(wish));
}

// Contacts and partitions -------------------------------------------------------------------------

void Topology::maintain_contacts(Now now) {
    if (!signature_ || !context_.is_listening() || is_leaving_) return;
    const std::size_t least = contacts_min(*signature_);
    const bool is_contact = own_contact_.has_value();
    const bool wants = (!is_contact && contacts_.size() < least) ||
                       (is_contact && contacts_.size() > least + kContactsSpread);
    if (!wants || contact_due_ != Instant::max()) return;
    contact_due_ = now.instant + context_.scaled(context_.between(10s, 180s));
}

void Topology::contact_due(Now now) {
    contact_due_ = Instant::max();
    if (!signature_ || !context_.is_listening()) return;
    const std::size_t least = contacts_min(*signature_);
    if (!own_contact_ && contacts_.size() < least)
        publish_contact(now);
    else if (own_contact_ && contacts_.size() > least + kContactsSpread) {
        (void)database_.remove_internal(now, *own_contact_);
    }
}

void Topology::publish_contact(Now now) {
    InternalWish wish;
    wish.type = kContactType;
    wish.id = own_contact_;
    wish.payload =
        encode_contact({signature_.value_or(context_.node), context_.node, context_.addresses});
    wish.lifetime = kContactLifetime;
    if (auto id = database_.publish(now, std::move(wish))) own_contact_ = *id;
}

void Topology::detect_partition(Now now) {
    if (!signature_ || partition_due_ != Instant::max() || is_leaving_) return;
    const bool disagrees = std::ranges::any_of(
        contacts_, [&](const auto& item) { return item.second.signature != *signature_; });
    if (disagrees) partition_due_ = now.instant + context_.scaled(context_.between(5s, 30s));
}

void Topology::partition_due(Now now) {
    partition_due_ = Instant::max();
    if (!signature_) return;
    for (const auto& [id, contact] : contacts_) {
        if (contact.signature == *signature_ || contact.node == context_.node ||
            is_connected(contact.addresses, contact.node)) {
            continue;
        }
        for (const Endpoint& address : contact.addresses) {
            if (dial(now, address, true)) return;
        }
    }
}

void Topology::probe_former(Now now) {
    probe_due_ = Instant::max();
    std::erase_if(former_, [&](const auto& item) { return item.second <= now.instant; });
    if (former_.empty() || is_leaving_) return;
    probe_due_ = now.instant + context_.scaled(kFormerProbe);
    // In a large graph the contacts do it for all; in a small one everybody is one.
    if (!own_contact_ && contacts_.size() >= contacts_min(signature_.value_or(1))) return;
    auto at = former_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(context_.plain.below(former_.size())));
    dial(now, at->first, true);
}

// Presence ----------------------------------------------------------------------------------------

Duration Topology::presence_lifetime() const {
    // Whatever the properties of others say, it is no more than what a record may live.
    const Duration base = std::clamp<Duration>(
        std::chrono::seconds(context_.info.presence_lifetime),
        std::chrono::seconds(kPresenceLifetimeLeast),
        kLifetimeMax);
    if (!context_.config.offers_capabilities) return base;
    // Renewals of n records in this time are what the graph pays for presence (modernization 4.6).
    const double factor = std::max(1.0, static_cast<double>(size_estimate()) / 100.0);
    const std::chrono::duration<double, Duration::period> scaled(
        static_cast<double>(base.count()) * std::min(factor, 24.0));
    return std::min<Duration>(std::chrono::duration_cast<Duration>(scaled), kLifetimeMax);
}

void Topology::publish_presence(Now now) {
    InternalWish wish;
    wish.type = kPresenceType;
    wish.id = own_presence_;
    wish.payload = encode_presence({context_.node, attributes_, context_.addresses});
    wish.lifetime = presence_lifetime();
    wish.refreshes = !is_forced_; // MS-PPGRH 3.1.7.4
    if (auto id = database_.publish(now, std::move(wish))) own_presence_ = *id;
}

void Topology::maintain_presence(Now now) {
    if (is_leaving_) return;
    if (own_presence_ && !context_.is_listening()) {
        (void)database_.remove_internal(now, *own_presence_);
        return;
    }
    if (!context_.is_listening()) return;
    const std::uint32_t most = context_.info.presence_max;
    if (!own_presence_ && (most == kNoLimit || is_forced_)) {
        publish_presence(now);
        return;
    }
    plan_presence(now);
}

/// Ours lapses when it was forced (GA-38), and others may delete it. It comes back by the timer:
/// to publish is a change of records as well.
void Topology::presence_lost(Now now) {
    own_presence_.reset();
    const bool is_free = context_.info.presence_max == kNoLimit || is_forced_;
    if (is_leaving_ || !is_free) return;
    presence_due_ = std::min(presence_due_, now.instant + context_.scaled(kPresenceAgain));
}

/// Too many are present, or too few.
void Topology::plan_presence(Now now) {
    if (is_leaving_ || !context_.is_listening()) return;
    const std::uint32_t most = context_.info.presence_max;
    if (most == 0 || most == kNoLimit || is_forced_) return;
    const bool is_too_many = own_presence_ && presences_.size() > presences_most();
    const bool is_too_few = !own_presence_ && presences_.size() < most;
    if ((is_too_many || is_too_few) && presence_due_ == Instant::max()) {
        presence_due_ = now.instant + context_.scaled(context_.between(30s, 180s));
    }
}

/// Above so many one withdraws.
std::size_t Topology::presences_most() const {
    return std::size_t{context_.info.presence_max} + kPresenceSpread;
}

void Topology::presence_due(Now now) {
    presence_due_ = Instant::max();
    if (is_leaving_) return;
    const bool is_wanted = is_forced_ || presences_.size() < context_.info.presence_max;
    if (own_presence_ && presences_.size() > presences_most() && !is_forced_) {
        (void)database_.remove_internal(now, *own_presence_);
    } else if (!own_presence_ && is_wanted && context_.is_listening()) {
        publish_presence(now);
    }
}

void Topology::set_presence(Now now, std::string attributes, bool forced) {
    attributes_ = std::move(attributes);
    is_forced_ = forced;
    if (own_presence_)
        publish_presence(now);
    else
        maintain_presence(now);
}

void Topology::set_addresses(Now now, std::vector<Endpoint> addresses) {
    given_ = std::move(addresses);
    use_addresses(now);
}

// Of what we were given, what lies in the scope of the graph (MS-PPGRH 3.1.1).
void Topology::use_addresses(Now now) {
    std::vector<Endpoint> usable;
    for (const Endpoint& endpoint : given_) {
        const Scope scope = endpoint.address.scope();
        const bool is_anywhere = context_.info.scope == Scope::global || scope == Scope::loopback;
        if (is_anywhere || scope == context_.info.scope) usable.push_back(endpoint);
    }
    if (usable == context_.addresses) return;
    context_.addresses = std::move(usable);
    if (!context_.is_synchronized) return;
    if (own_presence_ && context_.is_listening()) publish_presence(now);
    if (own_contact_ && context_.is_listening())
        publish_contact(now);
    else if (own_contact_)
        (void)database_.remove_internal(now, *own_contact_);
    handshake_.announce_addresses();
    maintain(now, false);
}

void Topology::load(Now now) {
    met_.load();
    if (met_.addresses().empty()) return;
    for (const Endpoint& address : met_.addresses())
        former_[address] = now.instant + kFormerTime;
    probe_due_ = now.instant + context_.scaled(kFormerProbe);
    maintenance_due_ = now.instant;
}

void Topology::restore() {
    met_.load();
    signature_.reset();
    contacts_.clear();
    presences_.clear();
    present_.clear();
    own_contact_.reset();
    own_presence_.reset();
    std::vector<RecordId> stored;
    context_.store.index().visit(
        store::SyncKey::lowest(), store::SyncKey::highest(), [&](const store::IndexEntry& entry) {
            if (is_internal(entry.type) && !entry.is_deleted) stored.push_back(entry.id);
            return true;
        });
    for (const RecordId& id : stored) {
        const auto found = context_.store.get(id);
        if (!found || !*found) continue;
        const store::Record& record = **found;
        if (record.type == kSignatureType) signature_ = decode_signature(record.payload);
        if (record.type == kContactType) restore_contact(record);
        if (record.type == kPresenceType) restore_presence(record);
    }
}

void Topology::restore_contact(const store::Record& record) {
    const auto contact = decode_contact(record.payload);
    if (!contact || contacts_.size() >= kContactsMax) return;
    contacts_[record.id] = {
        contact->node, record.creator, "", contact->addresses, contact->signature};
    if (contact->node == context_.node) own_contact_ = record.id;
}

void Topology::restore_presence(const store::Record& record) {
    const auto presence = decode_presence(record.payload);
    if (!presence || presences_.size() >= kNodesMax) return;
    presences_[record.id] = {
        presence->node, record.creator, presence->attributes, presence->addresses, 0};
    present_[presence->node] = record.id;
    if (presence->node == context_.node) own_presence_ = record.id;
}

void Topology::start(Now now) {
    handshake_.announce_addresses();
    maintain(now, false);
}

void Topology::leave(Now now) {
    is_leaving_ = true;
    if (own_contact_) (void)database_.remove_internal(now, *own_contact_);
    if (own_presence_) (void)database_.remove_internal(now, *own_presence_);
    if (signature_ == context_.node) (void)database_.remove_internal(now, kSignatureId);
}

// Connections -------------------------------------------------------------------------------------

void Topology::tune() {
    if (!context_.config.tunes_itself) return;
    Tuning& tuning = context_.config.tuning;
    const bool is_large = size_estimate() > kSmallGraph;
    tuning.neighbours_min = is_large ? 3 : 2;
    tuning.neighbours_ideal = is_large ? 4 : 3;
    tuning.neighbours_max = is_large ? 8 : 7;
}

void Topology::maintain(Now now, bool by_timer) {
    if (is_leaving_ || !context_.is_open) return;
    tune();
    calculate_signature(now);
    maintain_contacts(now);
    detect_partition(now);
    maintain_connections(now, by_timer);
    maintain_presence(now);
    if (by_timer && own_contact_ && context_.links.neighbours() > 0) {
        context_.tell(PeersNeeded{}); // long-term repair (MS-PPGRH 3.1.7.15)
    }
    const Duration interval =
        context_.links.neighbours() > 0 ? kMaintenanceWith : kMaintenanceWithout;
    maintenance_due_ = now.instant + context_.scaled(interval);
}

void Topology::prune(Now now) {
    Link* least = nullptr;
    for (auto& [id, link] : context_.links) {
        // A fresh link has had no chance to be useful; one of the tree is what holds it together.
        if (!link.is_neighbour() || link.is_tree ||
            now.instant - link.connected_at < context_.scaled(kMaintenanceWith)) {
            continue;
        }
        if (least == nullptr || link.utility < least->utility) least = &link;
    }
    if (least == nullptr) return;
    least->send(Disconnect{DisconnectReason::least_useful, handshake_.referrals_for(*least)});
    context_.close(*least, true);
}

void Topology::maintain_connections(Now now, bool by_timer) {
    const Tuning& tuning = context_.config.tuning;
    const std::size_t neighbours = context_.links.neighbours();
    if (neighbours > tuning.neighbours_ideal && by_timer) prune(now);
    // Links on their way count: each of them is likely to become a neighbour.
    const std::size_t coming = neighbours + dials();
    // Whom we called may never give the records: we go on looking beside it.
    const bool is_stuck =
        !context_.is_synchronized && !is_joining(now) && neighbours < tuning.neighbours_max;
    const bool wants = coming == 0 || is_stuck ||
                       (coming < tuning.neighbours_min && context_.is_synchronized) ||
                       (coming < tuning.neighbours_ideal && by_timer);
    if (!wants) return;
    if (const auto candidate = pick_candidate(now)) {
        const bool is_under_way = dial(now, candidate->address, false);
        if (is_under_way && candidate->is_rationed) rationed_dials_.push_back(now.instant);
        return;
    }
    const bool is_asked = asked_for_peers_ && now.instant - *asked_for_peers_ < kAskAgain;
    if ((neighbours == 0 || is_stuck) && !is_asked) {
        asked_for_peers_ = now.instant;
        context_.tell(PeersNeeded{});
    }
    if (neighbours < tuning.neighbours_min) {
        const Duration wait = neighbours == 0 ? kRestMin : kAskAgain;
        repair_due_ = std::min(repair_due_, now.instant + context_.scaled(wait));
    }
}

bool Topology::is_connected(const std::vector<Endpoint>& addresses, NodeId node) const {
    return std::ranges::any_of(context_.links, [&](const auto& item) {
        const Link& link = item.second;
        if (!link.is_neighbour()) return false;
        if (node != 0 && link.node == node) return true;
        return std::ranges::any_of(addresses, [&](const Endpoint& address) {
            return std::ranges::find(link.addresses, address) != link.addresses.end();
        });
    });
}

bool Topology::is_dialling(const Endpoint& address) const {
    return std::ranges::any_of(context_.links, [&](const auto& item) {
        const Link& link = item.second;
        return !link.is_incoming && !link.is_dead() && link.remote == address;
    });
}

std::size_t Topology::dials() const {
    return static_cast<std::size_t>(std::ranges::count_if(context_.links, [](const auto& item) {
        const Link& link = item.second;
        return !link.is_incoming && link.kind == LinkKind::neighbour && !link.is_dead() &&
               link.state != LinkState::connected;
    }));
}

/// True while somebody whom we called is to give us the records, or is being called.
bool Topology::is_joining(Now now) const {
    return dials() > 0 || std::ranges::any_of(context_.links, [&](const auto& item) {
               const Link& link = item.second;
               return link.is_neighbour() && !link.is_incoming &&
                      link.sync.type != SyncType::none &&
                      now.instant - link.connected_at < kJoinPatience;
           });
}

bool Topology::may_dial(Now now, const Endpoint& address) const {
    if (std::ranges::find(context_.addresses, address) != context_.addresses.end()) return false;
    const auto tried = tried_.find(address);
    if (tried != tried_.end() && tried->second.until > now.instant) return false;
    const auto barren = barren_.find(address);
    if (barren != barren_.end() && barren->second.until > now.instant) return false;
    return !is_dialling(address) && !is_connected({address}, 0);
}

bool Topology::dial(Now now, const Endpoint& address, bool is_repair) {
    if (is_leaving_ || dials() >= kDialsAtOnce || !may_dial(now, address)) return false;
    if (tried_.size() >= kFormerMax) {
        std::erase_if(tried_, [&](const auto& item) { return item.second.until <= now.instant; });
        if (tried_.size() >= kFormerMax) tried_.erase(tried_.begin());
    }
    Tried& tried = tried_[address];
    tried.rest = std::clamp(tried.rest * 2, kRestMin, is_repair ? kFormerProbe : kRestMax);
    tried.until = now.instant + context_.scaled(tried.rest);
    handshake_.dial(now, address, LinkKind::neighbour, std::nullopt);
    return true;
}

/// Whether it was worth to connect there. A node that lacks the graph asks for all of it, so that
/// one by which it does not get it is not to be asked every few seconds; and what ended a link at
/// once, on whichever end, will end the next one.
void Topology::rate(Now now, const Link& link, FailureReason why) {
    if (link.is_incoming || link.kind == LinkKind::direct) return;
    const bool is_brief = now.instant - link.connected_at < context_.scaled(kBriefTime);
    const bool gave_nothing =
        why == FailureReason::protocol || (why == FailureReason::unreachable && !is_brief);
    const bool is_barren = link.has_other_rules || (!context_.is_synchronized && gave_nothing);
    if (!is_barren && !is_brief) {
        barren_.erase(link.remote);
        return;
    }
    if (barren_.size() >= kFormerMax && !barren_.contains(link.remote)) {
        barren_.erase(barren_.begin());
    }
    Tried& barren = barren_[link.remote];
    const Duration next = is_barren ? std::clamp(barren.rest * 2, kBarrenRestMin, kBarrenRestMax)
                                    : std::clamp(barren.rest * 2, kRestMin, kRestMax);
    barren.rest = std::max(barren.rest, next);
    barren.until = now.instant + context_.scaled(barren.rest);
}

bool Topology::may_dial_rationed(Now now) {
    while (!rationed_dials_.empty() &&
           rationed_dials_.front() + kReferralDialsTime <= now.instant) {
        rationed_dials_.pop_front();
    }
    return rationed_dials_.size() < kReferralDialsMax;
}

std::optional<Topology::Candidate> Topology::pick_candidate(Now now) {
    // A uniform choice among the present nodes, the contacts, the referrals and, for who is alone,
    // those that have been here, without a list of all: a few draws find one that serves, if most
    // do.
    constexpr int kDraws = 16;
    const bool may_ration = may_dial_rationed(now);
    const std::size_t referred = may_ration ? referrals_.size() : 0;
    const std::size_t former = may_ration && context_.links.neighbours() == 0 ? former_.size() : 0;
    const std::size_t all = presences_.size() + contacts_.size() + referred + former;
    if (all == 0) return std::nullopt;
    for (int draw = 0; draw < kDraws; ++draw) {
        std::size_t pick = context_.plain.below(all);
        std::vector<Endpoint> addresses;
        NodeId node = 0;
        bool is_rationed = false;
        if (pick < presences_.size()) {
            // Ids are random, so the record after a random id is a random one.
            const Guid at = Guid::from_halves(context_.plain.next(), context_.plain.next());
            auto found = presences_.lower_bound(at);
            if (found == presences_.end()) found = presences_.begin();
            node = found->second.node;
            addresses = found->second.addresses;
        } else if (pick -= presences_.size(); pick < contacts_.size()) {
            auto found = contacts_.begin();
            std::advance(found, static_cast<std::ptrdiff_t>(pick));
            node = found->second.node;
            addresses = found->second.addresses;
        } else {
            is_rationed = true;
            pick -= contacts_.size();
            addresses = {
                pick < referred
                    ? referrals_[pick]
                    : std::next(former_.begin(), static_cast<std::ptrdiff_t>(pick - referred))
                          ->first};
        }
        if (node == context_.node && node != 0) continue;
        if (is_connected(addresses, node)) continue;
        for (const Endpoint& address : addresses) {
            if (may_dial(now, address)) return Candidate{address, is_rationed};
        }
    }
    return std::nullopt;
}

void Topology::add_referral(const Endpoint& address) {
    // Ports of services are no peers' (modernization 4.3).
    if (address.port < 1024 || std::ranges::find(referrals_, address) != referrals_.end()) return;
    if (referrals_.size() >= kReferralsMax) referrals_.pop_front();
    referrals_.push_back(address);
}

void Topology::offer_peer(Now now, const Endpoint& address) {
    asked_for_peers_.reset();
    dial(now, address, context_.links.neighbours() > 0);
}

void Topology::neighbour_gained(Now now, const Link& link) {
    for (const Endpoint& address : link.addresses) {
        tried_.erase(address);
        former_.erase(address);
    }
    met_.meet(link.node, link.addresses);
    if (context_.links.neighbours() == 1)
        maintain(now, false);
    else
        maintain_connections(now, false);
}

void Topology::link_lost(Now now, const Link& link, bool was_neighbour, FailureReason why) {
    if (is_leaving_) return;
    if (was_neighbour) {
        rate(now, link, why);
        remember_former(now, link.addresses);
        maintain(now, false);
        return;
    }
    if (link.is_incoming || link.kind == LinkKind::direct) return;
    // A refusal brought referrals: the next one is tried at once.
    maintain_connections(now, false);
    if (context_.links.neighbours() < context_.config.tuning.neighbours_min) {
        repair_due_ = std::min(repair_due_, now.instant + context_.scaled(kRepairDelay));
    }
}

// Time --------------------------------------------------------------------------------------------

void Topology::handle_timeout(Now now) {
    if (signature_due_ <= now.instant) {
        signature_due_ = now.instant + kSignatureRest;
        if (context_.is_synchronized && (!signature_ || *signature_ > context_.node)) {
            publish_signature(now);
        }
    }
    if (contact_due_ <= now.instant) contact_due(now);
    if (partition_due_ <= now.instant) partition_due(now);
    if (presence_due_ <= now.instant) presence_due(now);
    if (probe_due_ <= now.instant) probe_former(now);
    if (repair_due_ <= now.instant) {
        repair_due_ = Instant::max();
        maintain_connections(now, false);
    }
    if (maintenance_due_ <= now.instant) maintain(now, true);
}

std::optional<Instant> Topology::next_timeout() const {
    std::optional<Instant> next;
    for (const Instant due :
         {signature_due_,
          contact_due_,
          partition_due_,
          presence_due_,
          maintenance_due_,
          repair_due_,
          probe_due_}) {
        if (due != Instant::max()) keep_earlier(next, due);
    }
    return next;
}

std::size_t Topology::memory() const {
    constexpr std::size_t kEach = sizeof(Known) + 96 + 2 * sizeof(Endpoint);
    return (presences_.size() + contacts_.size()) * kEach + present_.size() * 64 +
           (former_.size() + tried_.size() + barren_.size() + referrals_.size()) * 64;
}

} // namespace kith::graph
