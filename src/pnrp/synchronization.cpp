#include "pnrp/synchronization.hpp"

#include "pnrp/limits.hpp"
#include "pnrp/network.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

namespace {

HashedNonce hash_nonce(const Profile& profile, const Nonce& nonce) {
    return profile.digest({ByteView(nonce)});
}

} // namespace

void Joiner::start(Now now, const Endpoint& member) {
    const bool is_under_way =
        std::any_of(conversations_.begin(), conversations_.end(), [&](const auto& item) {
            return item.second.member == member;
        });
    if (is_under_way || conversations_.size() >= kSynchronizationsMax) return;
    if (!exchange_.is_open() || exchange_.is_own(member) || !exchange_.is_admissible(member)) {
        done_.push_back({member, false, 0});
        return;
    }
    Conversation conversation;
    conversation.member = member;
    conversation.nonce = exchange_.secure().bytes<16>();
    conversation.hashed_nonce = hash_nonce(exchange_.profile(), conversation.nonce);
    Solicit solicit;
    solicit.hashed_nonce = conversation.hashed_nonce;
    solicit.padded = exchange_.profile().solicit_size > 0;
    if (registry_.size() > 0 && exchange_.is_offered())
        solicit.entry = registry_.entry_of(registry_.names().begin()->first);
    const std::uint32_t key = next_key_++;
    const Purpose purpose{Errand::solicit, key, {}};
    if (!exchange_.request(now, {member}, solicit, purpose, std::nullopt)) {
        done_.push_back({member, false, 0});
        return;
    }
    conversations_.emplace(key, conversation);
}

bool Joiner::expects(std::uint32_t key, const Advertise& advertise) const {
    const auto at = conversations_.find(key);
    return at != conversations_.end() && at->second.hashed_nonce == advertise.hashed_nonce;
}

void Joiner::handle_advertise(
    Now now, std::uint32_t key, const PendingList::Answered& answered, const Advertise& advertise) {
    const auto at = conversations_.find(key);
    if (at == conversations_.end()) return;
    Conversation& conversation = at->second;
    if (advertise.ids.empty()) {
        finish(key, {conversation.member, true, 0});
        return;
    }
    conversation.ids = advertise.ids.size();
    const Request request{conversation.nonce, advertise.ids};
    const Purpose purpose{Errand::request, key, {}};
    if (!exchange_.request(now, {answered.from}, request, purpose, answered.round_trip)) {
        finish(key, {conversation.member, false, 0});
    }
}

void Joiner::handle_acknowledged(std::uint32_t key) {
    const auto at = conversations_.find(key);
    if (at != conversations_.end()) finish(key, {at->second.member, true, at->second.ids});
}

void Joiner::handle_failure(std::uint32_t key) {
    const auto at = conversations_.find(key);
    if (at != conversations_.end()) finish(key, {at->second.member, false, 0});
}

void Joiner::finish(std::uint32_t key, SynchronizeDone done) {
    conversations_.erase(key);
    done_.push_back(done);
}

std::optional<SynchronizeDone> Joiner::poll_done() {
    if (done_.empty()) return std::nullopt;
    const SynchronizeDone next = done_.front();
    done_.pop_front();
    return next;
}

std::size_t Joiner::state_bytes() const {
    return conversations_.size() * (sizeof(Conversation) + 5 * sizeof(void*));
}

// True if fewer than `count_max` of those that are counted are left.
template<class Predicate>
bool Member::make_room(Now now, std::size_t count_max, Predicate&& is_counted) {
    auto oldest = conversations_.end();
    std::size_t count = 0;
    for (auto at = conversations_.begin(); at != conversations_.end(); ++at) {
        if (!is_counted(*at)) continue;
        ++count;
        if (exchange_.proven().is_proven(now, at->joiner)) continue;
        if (oldest == conversations_.end() || at->ends < oldest->ends) oldest = at;
    }
    if (count < count_max) return true;
    if (oldest == conversations_.end()) return false;
    conversations_.erase(oldest);
    return true;
}

bool Member::make_room(Now now, const Endpoint& from) {
    const bool has_network = has_telling_network(from.address);
    const Address network = narrow_network_of(from.address);
    const auto is_of_endpoint = [&](const Conversation& each) { return each.joiner == from; };
    const auto is_of_network = [&](const Conversation& each) {
        return has_network && narrow_network_of(each.joiner.address) == network;
    };
    return make_room(now, kConversationsPerEndpoint, is_of_endpoint) &&
           make_room(now, kConversationsPerNetwork, is_of_network) &&
           make_room(now, kConversationsMax, [](const Conversation&) { return true; });
}

Advertise Member::answer(
    Now now, const Endpoint& from, MessageId id, const Solicit& solicit, std::size_t ids_max) {
    Advertise advertise{id, {}, solicit.hashed_nonce};
    const auto known = std::find_if(
        conversations_.begin(), conversations_.end(), [&](const Conversation& conversation) {
            return conversation.joiner == from && conversation.hashed_nonce == solicit.hashed_nonce;
        });
    if (known != conversations_.end()) { // a SOLICIT sent again
        known->ends = now.instant + kConversationTimeout;
        advertise.ids = known->advertised;
        if (advertise.ids.size() > ids_max) advertise.ids.resize(ids_max);
        return advertise;
    }
    auto ids = choose_ids(solicit, ids_max);
    if (ids.empty() || !make_room(now, from)) return advertise;
    advertise.ids = std::move(ids);
    conversations_.push_back(
        {from,
         solicit.hashed_nonce,
         advertise.ids,
         solicit.entry ? solicit.entry->id : PnrpId{},
         now.instant + kConversationTimeout});
    return advertise;
}

// Five ids, roughly evenly spread over the cache; with fewer cached, our own as well.
std::vector<PnrpId> Member::choose_ids(const Solicit& solicit, std::size_t ids_max) {
    const std::size_t wanted = std::min(ids_max, kAdvertisedIdsMax);
    std::vector<PnrpId> ids;
    if (solicit.type.value_or(SolicitType::any) == SolicitType::any) {
        const auto entries = cache_.entries();
        const std::size_t count = std::min(wanted, entries.size());
        const std::size_t start = entries.empty() ? 0 : exchange_.plain().below(entries.size());
        for (std::size_t i = 0; i < count; ++i) {
            const PnrpId& id =
                entries[(start + i * entries.size() / count) % entries.size()].entry.id;
            if (!solicit.entry || solicit.entry->id != id) ids.push_back(id);
        }
    }
    for (const auto& [id, name] : registry_.names()) {
        if (ids.size() >= wanted) break;
        ids.push_back(id);
    }
    return ids;
}

std::optional<std::vector<Flood>>
Member::handle_request(Now now, const Endpoint& from, const Request& request) {
    static_cast<void>(now);
    const HashedNonce hashed = hash_nonce(exchange_.profile(), request.nonce);
    bool has_conversation = false;
    for (auto at = conversations_.begin(); at != conversations_.end(); ++at) {
        if (at->joiner != from) continue;
        has_conversation = true;
        if (at->hashed_nonce != hashed) continue;
        std::vector<Flood> floods;
        const auto add = [&](const RouteEntry& entry) {
            Flood& flood = floods.emplace_back();
            flood.no_ack = true;
            flood.validate = at->shown;
            flood.entry = entry;
        };
        for (const PnrpId& id : at->advertised) { // each once, and nothing else (decision A42)
            if (std::find(request.ids.begin(), request.ids.end(), id) == request.ids.end())
                continue;
            if (const CachedRoute* cached = cache_.find(id)) {
                add(cached->entry);
            } else if (registry_.find(id) != nullptr) {
                add(registry_.entry_of(id));
            }
        }
        conversations_.erase(at);
        return floods;
    }
    exchange_.counters().drop(has_conversation ? Drop::bad_nonce : Drop::no_conversation);
    return std::nullopt;
}

void Member::handle_timeout(Now now) {
    std::erase_if(conversations_, [&](const Conversation& conversation) {
        return conversation.ends <= now.instant;
    });
}

std::optional<Instant> Member::next_timeout() const {
    std::optional<Instant> next;
    for (const Conversation& conversation : conversations_) {
        if (!next || conversation.ends < *next) next = conversation.ends;
    }
    return next;
}

std::size_t Member::state_bytes() const {
    std::size_t bytes = conversations_.capacity() * sizeof(Conversation);
    for (const Conversation& conversation : conversations_) {
        bytes += conversation.advertised.capacity() * sizeof(PnrpId);
    }
    return bytes;
}

} // namespace kith::pnrp
