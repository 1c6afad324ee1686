#include "pnrp/maintenance.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kith::pnrp {

Duration Maintenance::jittered(Duration interval) {
    // Plus or minus a tenth, so that the nodes of a cloud do not march in step.
    return std::chrono::duration_cast<Duration>(interval * (0.9 + 0.2 * plain_.unit()));
}

void Maintenance::start(Now now) {
    if (!next_round_) next_round_ = now.instant + jittered(kMaintenanceIntervalSparse);
}

void Maintenance::look_again(Now now) {
    if (!next_round_ || !cache_.empty()) return;
    lonely_rounds_ = 0;
    next_round_ = std::min(*next_round_, now.instant + jittered(kMaintenanceIntervalSparse));
}

void Maintenance::heard(Now now) {
    if (!next_round_ || !cache_.empty()) return;
    if (heard_at_ && now.instant - *heard_at_ < profile_.lonely_interval_max) return;
    heard_at_ = now.instant;
    next_round_ = std::min(*next_round_, now.instant + jittered(kMaintenanceIntervalSparse));
}

void Maintenance::joined(Now now) {
    fills_at_start_ = kFillsAtStart;
    resting_levels_.clear();
    next_round_ = now.instant;
    std::vector<PnrpId> own_ids;
    own_ids.reserve(announcements_.size());
    for (const auto& [own_id, announcement] : announcements_)
        own_ids.push_back(own_id);
    for (const PnrpId& own_id : own_ids)
        reschedule(own_id, now.instant);
}

void Maintenance::reschedule(const PnrpId& own_id, Instant due) {
    const auto known = announcements_.find(own_id);
    if (known != announcements_.end()) {
        const auto [first, last] = announcements_by_time_.equal_range(known->second.due);
        for (auto at = first; at != last; ++at) {
            if (at->second != own_id) continue;
            announcements_by_time_.erase(at);
            break;
        }
        known->second.due = due;
    } else {
        announcements_.emplace(own_id, Announcement{due, std::nullopt});
    }
    announcements_by_time_.emplace(due, own_id);
}

void Maintenance::announce(Instant at, const PnrpId& own_id) {
    reschedule(own_id, at);
}

void Maintenance::forget(const PnrpId& own_id) {
    reschedule(own_id, Instant{});
    announcements_.erase(own_id);
    std::erase_if(announcements_by_time_, [&](const auto& item) { return item.second == own_id; });
}

void Maintenance::neighbour_gone(Now now, std::span<const PnrpId> own_ids) {
    for (const PnrpId& own_id : own_ids) {
        const auto at = announcements_.find(own_id);
        if (at == announcements_.end()) continue;
        Announcement& announcement = at->second;
        Instant due = now.instant + std::chrono::duration_cast<Duration>(
                                        Duration(kLeafRepairDelayMax) * plain_.unit());
        if (announcement.repaired)
            due = std::max(due, *announcement.repaired + kLeafRepairInterval);
        if (due >= announcement.due) continue;
        announcement.repaired = due;
        reschedule(own_id, due);
    }
}

void Maintenance::filled(Now now, const RouteCache::Gap& gap, bool was_news) {
    if (!was_news) resting_levels_[gap.level] = now.instant + kFillPause;
}

void Maintenance::handle_timeout(Now now, std::size_t room) {
    while (room > 0 && !announcements_by_time_.empty() &&
           announcements_by_time_.begin()->first <= now.instant) {
        const PnrpId own_id = announcements_by_time_.begin()->second;
        chores_.emplace_back(AnnounceChore{own_id});
        reschedule(own_id, now.instant + jittered(kAnnounceInterval));
        --room;
    }
    if (next_round_ && *next_round_ <= now.instant) {
        round(now, room);
        next_round_ = now.instant + jittered(interval());
    }
}

// Where nobody was for long, nobody will be in the next ten seconds; whoever comes says so himself.
Duration Maintenance::interval() const {
    if (cache_.size() > kSparseCache) {
        return is_calm_ ? Duration(profile_.calm_interval) : Duration(kMaintenanceInterval);
    }
    Duration interval = kMaintenanceIntervalSparse;
    for (unsigned i = 1; i < lonely_rounds_ && interval < profile_.lonely_interval_max; ++i)
        interval = std::min<Duration>(2 * interval, profile_.lonely_interval_max);
    return interval;
}

void Maintenance::round(Now now, std::size_t room) {
    ++rounds_;
    chores_.emplace_back(ExpireChore{});
    lonely_rounds_ = cache_.empty() ? lonely_rounds_ + 1 : 0;
    if (cache_.empty()) {
        chores_.emplace_back(FindMembersChore{});
        return;
    }
    const std::size_t before = chores_.size();
    const CachedRoute* quiet = nullptr; // late ones first, then the longest silent
    for (const CachedRoute& route : cache_.entries()) {
        if (route.key == std::nullopt && cache_.is_in_leaf_set(route.entry.id)) {
            chores_.emplace_back(CertifyChore{route.entry.id});
        } else if (
            quiet == nullptr ||
            std::pair(!route.is_late, route.heard) < std::pair(!quiet->is_late, quiet->heard)) {
            quiet = &route;
        }
    }
    fill(now, room);
    is_calm_ = chores_.size() == before;
    if (profile_.random_probes > 0) {
        probe_at_random();
    } else if (quiet != nullptr && now.instant - quiet->heard >= kMaintenanceInterval) {
        chores_.emplace_back(ProbeChore{quiet->entry.id});
    }
}

// As the published protocol's sister does it: a few random entries, so that dead ones go.
void Maintenance::probe_at_random() {
    std::vector<PnrpId> ids;
    for (const CachedRoute& route : cache_.entries())
        ids.push_back(route.entry.id);
    for (unsigned left = profile_.random_probes; left > 0 && !ids.empty(); --left) {
        std::swap(ids[plain_.below(ids.size())], ids.back());
        chores_.emplace_back(ProbeChore{ids.back()});
        ids.pop_back();
    }
}

void Maintenance::fill(Now now, std::size_t room) {
    std::size_t wanted = std::min<std::size_t>(kFillsPerMaintenance, room);
    if (fills_at_start_ > 0) {
        wanted = std::min<std::size_t>(fills_at_start_, room);
        fills_at_start_ = 0;
    }
    auto gaps = cache_.gaps(rounds_);
    std::erase_if(gaps, [&](const RouteCache::Gap& gap) {
        const auto resting = resting_levels_.find(gap.level);
        return resting != resting_levels_.end() && resting->second > now.instant;
    });
    // A different part of the list each time; at the start, all of it.
    for (; wanted > 0 && !gaps.empty(); --wanted) {
        const auto pick = static_cast<std::ptrdiff_t>(plain_.below(gaps.size()));
        chores_.emplace_back(FillChore{gaps[static_cast<std::size_t>(pick)]});
        gaps.erase(gaps.begin() + pick);
    }
}

std::optional<Chore> Maintenance::poll_chore() {
    if (chores_.empty()) return std::nullopt;
    Chore next = std::move(chores_.front());
    chores_.pop_front();
    return next;
}

std::optional<Instant> Maintenance::next_timeout(std::size_t room) const {
    std::optional<Instant> next = next_round_;
    if (room > 0 && !announcements_by_time_.empty()) {
        const Instant due = announcements_by_time_.begin()->first;
        next = next ? std::min(*next, due) : due;
    }
    return next;
}

std::size_t Maintenance::state_bytes() const {
    constexpr std::size_t kNode = 4 * sizeof(void*);
    return announcements_.size() * (sizeof(PnrpId) + sizeof(Announcement) + kNode) +
           announcements_by_time_.size() * (sizeof(Instant) + sizeof(PnrpId) + kNode) +
           resting_levels_.size() * (sizeof(unsigned) + sizeof(Instant) + kNode);
}

} // namespace kith::pnrp
