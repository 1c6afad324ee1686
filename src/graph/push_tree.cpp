#include "graph/push_tree.hpp"

#include "graph/record_codec.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace kith::graph {

using store::IndexEntry;
using store::RecordId;

RecordAbstract abstract_of(const IndexEntry& entry, bool is_wide) {
    RecordAbstract abstract;
    abstract.id = entry.id;
    abstract.version = entry.version;
    if (is_wide) {
        abstract.digest.emplace();
        std::copy_n(entry.digest.begin(), abstract.digest->size(), abstract.digest->begin());
    }
    return abstract;
}

bool is_wanted(const RecordAbstract& abstract, const IndexEntry* ours) {
    if (ours == nullptr || abstract.version > ours->version) return true;
    if (abstract.version < ours->version || !abstract.digest) return false;
    return !std::ranges::equal(*abstract.digest, ByteView(ours->digest).first<16>());
}

void acknowledge(Link& link, const AckEntry& entry, Instant due) {
    link.acks_due = link.acks.empty() ? due : std::min(link.acks_due, due);
    link.acks.push_back(entry);
}

// Out ---------------------------------------------------------------------------------------------

bool PushTree::carries(const IndexEntry& entry) {
    if (entry.id == kSignatureId) return false;
    return entry.bytes >= kAlwaysEagerBelow || is_internal(entry.type);
}

bool PushTree::is_whole(const Link& link, const IndexEntry& entry) {
    return link.is_eager || !link.can.lazy_push || !carries(entry);
}

void PushTree::advertise(Now now, Link& link, const IndexEntry& entry) {
    if (link.adverts.empty()) link.adverts_due = now.instant + kAdvertDelay;
    link.adverts.push_back(abstract_of(entry, link.can.sums));
    if (link.adverts.size() >= kAdvertBatch) link.adverts_due = now.instant;
}

void PushTree::flush_adverts(Link& link) {
    link.adverts_due = Instant::max();
    if (link.adverts.empty()) return;
    Advertise advert;
    advert.abstracts = std::exchange(link.adverts, {});
    advert.flags = link.can.sums ? kWideFlag : std::uint16_t{0};
    context_.counters.adverts_sent += advert.abstracts.size();
    link.send(advert);
}

// The shape ---------------------------------------------------------------------------------------

bool PushTree::receive(Now now, Link& link, const IndexEntry& entry, bool is_fresh) {
    const bool shapes = entry.id == kSignatureId;
    if (!shapes && !carries(entry)) return false;
    if (is_fresh) {
        if (shapes) {
            grow(&link);
        } else {
            ++context_.counters.tree_useful;
            link.is_eager = true;
            note_arrival(now, link, entry);
        }
        return false;
    }
    if (!shapes) ++context_.counters.tree_redundant;
    if (!may_be_lazy(link) || (link.is_tree && spare(now, link, entry))) return false;
    prune(link);
    return true;
}

// A new version of the signature came over `link`, or from here: the ways to the root are new.
void PushTree::grow(Link* link) {
    for (auto& [id, other] : context_.links)
        other.is_tree = false;
    is_drawn_ = link != nullptr;
    late_in_a_row_ = 0;
    way_up_ = 0;
    if (link != nullptr) climb(*link);
}

void PushTree::climb(Link& link) {
    link.is_eager = true;
    if (!link.can.lazy_push) return;
    link.is_tree = true;
    way_up_ = link.id;
}

// The way to the root is gone: whatever brought news from elsewhere takes its place.
void PushTree::hang_on(Now now, Link& link) {
    climb(link);
    acknowledge(link, {kSignatureId, true, false}, now.instant);
}

void PushTree::note_arrival(Now now, Link& link, const IndexEntry& entry) {
    Arrival arrival{entry.id, entry.version, link.id, std::nullopt};
    Duration late{0};
    if (const auto at = missing_.find(entry.id); at != missing_.end()) {
        late = now.instant - at->second.told;
        const bool was_asked = std::ranges::any_of(at->second.sources, [&](const Source& source) {
            return source.link == link.id && source.is_asked;
        });
        if (was_asked) arrival.asked_since = at->second.told;
    }
    if (!arrival.asked_since) sample(late);
    if (link.is_tree) late_in_a_row_ = 0;
    if (way_up_ == 0 && is_drawn_ && !link.is_tree && may_be_lazy(link)) hang_on(now, link);
    if (arrivals_.size() >= kArrivalsMax) arrivals_.pop_front();
    arrivals_.push_back(std::move(arrival));
}

// A known record came over the tree: whatever was faster this once is not in it. False if the tree
// has been too slow for too long.
bool PushTree::spare(Now now, Link& link, const IndexEntry& entry) {
    const auto first = std::ranges::find_if(arrivals_, [&](const Arrival& arrival) {
        return arrival.id == entry.id && arrival.version == entry.version;
    });
    if (first == arrivals_.end() || first->link == link.id) return true;
    if (first->asked_since) sample(now.instant - *std::exchange(first->asked_since, std::nullopt));
    Link* faster = context_.links.find(first->link);
    if (faster == nullptr || faster->is_tree || !may_be_lazy(*faster)) return true;
    if (late_in_a_row_++ == 0) late_since_ = now.instant;
    if (late_in_a_row_ > kLateInARowMax && now.instant - late_since_ >= kLateTime) {
        late_in_a_row_ = 0;
        if (link.id == way_up_) hang_on(now, *faster);
        return false;
    }
    prune(*faster);
    acknowledge(*faster, {entry.id, false, true}, now.instant);
    return true;
}

bool PushTree::may_be_lazy(const Link& link) {
    // While one end synchronises, a known record says nothing about the tree.
    return link.can.lazy_push && link.is_neighbour() && link.sync.type == SyncType::none &&
           link.sources.empty() && link.backlog.empty();
}

void PushTree::prune(Link& link) {
    link.is_tree = false;
    if (link.id == way_up_) way_up_ = 0;
    if (!link.is_eager) return;
    link.is_eager = false;
    ++context_.counters.prunes;
}

void PushTree::handle(Link& link, const AckEntry& entry) {
    if (!link.can.lazy_push) return;
    if (entry.prunes) {
        prune(link);
    } else if (entry.was_useful && entry.id == kSignatureId) {
        link.is_tree = true;
        link.is_eager = true;
    }
}

void PushTree::forget(const Link& gone) {
    if (gone.id == way_up_) way_up_ = 0;
    told_.erase(gone.id);
    for (auto& [id, wanted] : missing_)
        std::erase_if(wanted.sources, [&](const Source& it) { return it.link == gone.id; });
    // The tree may have hung on it: the link that was most often first takes its place.
    Link* best = nullptr;
    for (auto& [id, link] : context_.links) {
        if (!link.is_neighbour() || id == gone.id) continue;
        if (link.is_eager) return;
        if (best == nullptr || link.utility > best->utility) best = &link;
    }
    if (best != nullptr) best->is_eager = true;
}

// What does not come ------------------------------------------------------------------------------

void PushTree::handle(Now now, Link& link, const Advertise& advert) {
    // Beyond what one queue holds nobody advertises; synchronisation finds it.
    const std::size_t count = std::min(advert.abstracts.size(), kFloodQueueMax);
    for (const RecordAbstract& abstract : std::span(advert.abstracts).first(count)) {
        const IndexEntry* ours = context_.store.index().find(abstract.id);
        if (!is_wanted(abstract, ours)) {
            if (abstract.version >= ours->version) link.queued.erase(abstract.id); // it has ours
            continue;
        }
        Missing* wanted = await(now, link, abstract);
        if (wanted == nullptr) continue; // synchronisation finds it
        auto& sources = wanted->sources;
        const bool is_known = std::ranges::find(sources, link.id, &Source::link) != sources.end();
        if (sources.size() < kSourcesMax && !is_known) sources.push_back({link.id, false});
    }
}

/// What is waited for now that `link` has advertised it; null if it has advertised too much.
PushTree::Missing* PushTree::await(Now now, const Link& link, const RecordAbstract& abstract) {
    const auto known = missing_.find(abstract.id);
    if (known != missing_.end() && known->second.version >= abstract.version) {
        return &known->second;
    }
    if (told_[link.id] >= kMissingEachMax || missing_.size() >= kMissingMax) return nullptr;
    if (known != missing_.end()) drop(known);
    Missing wanted;
    wanted.version = abstract.version;
    wanted.teller = link.id;
    wanted.told = now.instant;
    wanted.due = now.instant + patience(link);
    graft_due_ = std::min(graft_due_, wanted.due);
    ++told_[link.id];
    return &missing_.emplace(abstract.id, std::move(wanted)).first->second;
}

PushTree::MissingById::iterator PushTree::drop(MissingById::iterator at) {
    if (const auto told = told_.find(at->second.teller); told != told_.end()) --told->second;
    return missing_.erase(at);
}

void PushTree::settle(const RecordId& id) {
    if (const auto at = missing_.find(id); at != missing_.end()) drop(at);
}

// As in RFC 6298: the tree may be as late as it is now and then.
void PushTree::sample(Duration late) {
    const Duration off = late > late_mean_ ? late - late_mean_ : late_mean_ - late;
    late_spread_ = late_spread_ * 15 / 16 + off / 16;
    late_mean_ = late_mean_ * 15 / 16 + late / 16;
}

Duration PushTree::patience(const Link& link) const {
    const Duration usual = late_mean_ + late_spread_ * 4;
    const Duration most = std::max(kGraftDelayMax, link.round_trip * 8);
    return std::clamp(std::max(link.round_trip * 2, usual), kGraftDelayMin, most);
}

Link* PushTree::next_source(Missing& wanted) {
    for (Source& source : wanted.sources) {
        if (std::exchange(source.is_asked, true)) continue;
        Link* link = context_.links.find(source.link);
        if (link != nullptr && link->is_neighbour()) return link;
    }
    return nullptr;
}

void PushTree::graft(Now now) {
    if (graft_due_ > now.instant) return;
    graft_due_ = Instant::max();
    std::map<LinkId, Request> requests;
    for (auto at = missing_.begin(); at != missing_.end();) {
        Missing& wanted = at->second;
        if (wanted.due > now.instant) {
            graft_due_ = std::min(graft_due_, wanted.due);
            ++at;
            continue;
        }
        const Link* source = next_source(wanted);
        if (source == nullptr) {
            at = drop(at); // whoever had it is gone, or did not send it
            continue;
        }
        requests[source->id].abstracts.push_back({at->first, wanted.version, std::nullopt});
        wanted.due = now.instant +
                     std::clamp(source->round_trip * 3, kGraftDelayMin * 2, kGraftDelayMax * 4);
        graft_due_ = std::min(graft_due_, wanted.due);
        ++at;
    }
    for (auto& [id, request] : requests) {
        Link* link = context_.links.find(id);
        if (link == nullptr) continue;
        request.is_graft = true;
        link->is_eager = true;
        context_.counters.grafts += request.abstracts.size();
        link->send(request);
    }
}

void PushTree::handle(Link& link, const Request& request) {
    link.is_eager = true;
    for (const RecordAbstract& abstract : request.abstracts) {
        if (!link.enqueue(abstract.id)) return;
    }
}

// Time --------------------------------------------------------------------------------------------

void PushTree::handle_timeout(Now now) {
    for (auto& [id, link] : context_.links) {
        if (link.adverts_due <= now.instant) flush_adverts(link);
    }
    graft(now);
}

std::optional<Instant> PushTree::next_timeout() const {
    std::optional<Instant> next;
    for (const auto& [id, link] : context_.links) {
        if (!link.is_dead() && link.adverts_due != Instant::max()) {
            keep_earlier(next, link.adverts_due);
        }
    }
    if (graft_due_ != Instant::max()) keep_earlier(next, graft_due_);
    return next;
}

std::size_t PushTree::memory() const {
    return missing_.size() * (sizeof(Missing) + 96) + arrivals_.size() * sizeof(Arrival);
}

} // namespace kith::graph
