#include "node/discovery.hpp"

#include "pnrp/ssdp.hpp"

#include <algorithm>
#include <utility>

namespace kith::node {

namespace {

constexpr unsigned kSources = 3;
constexpr std::chrono::milliseconds kSsdpAnswerInterval{100}; // no more often, whoever asks
// One node of the cloud asks a seed in each such time, however many there are; or searches the
// link, where each time all the others answer.
constexpr std::chrono::seconds kRefreshSpacing{15};
constexpr std::chrono::seconds kLinkRefreshSpacing{120};

} // namespace

Endpoint ssdp_group_v6() {
    return *parse_endpoint("[ff02::c]:1900");
}

Endpoint ssdp_group_v4() {
    return *parse_endpoint("239.255.255.250:1900");
}

Discovery::Discovery(const DiscoveryConfig& config, PlainRandom& plain)
    : scope_(config.scope),
      profile_(*config.profile),
      use_ssdp_(config.use_ssdp),
      plain_(plain),
      remembered_(config.remembered) {}

void Discovery::set_seeds(Now now, std::span<const Endpoint> seeds) {
    static_cast<void>(now);
    if (seeds_.empty() && !seeds.empty()) refresh_at_.reset(); // it comes sooner with seeds
    seeds_.assign(seeds.begin(), seeds.end());
    // Each node in an order of its own, so that several seeds share the load.
    for (std::size_t i = seeds_.size(); i > 1; --i) {
        std::swap(seeds_[i - 1], seeds_[static_cast<std::size_t>(plain_.below(i))]);
    }
    next_seed_ = 0;
    if (wants_seeds_) try_seeds(profile_.discovers_in_steps ? 1 : kSeedsPerRound);
}

void Discovery::start_round(Now now, std::span<const Endpoint> own) {
    if (is_searching() || own.empty()) return;
    refresh_at_.reset();
    seeds_needed_ = true; // names may have moved since they were resolved
    ask_sources(now, own);
}

void Discovery::ask_sources(Now now, std::span<const Endpoint> own) {
    round_ends_ = now.instant + kRoundTime;
    if (profile_.discovers_in_steps) {
        steps_left_ = kSources;
        take_step(own);
        return;
    }
    try_remembered(kRememberedPerRound);
    if (use_ssdp_) search_link(own);
    try_seeds(kSeedsPerRound);
}

void Discovery::continue_round(Now now, std::span<const Endpoint> own) {
    if (is_searching() || own.empty() || steps_left_ == 0) return;
    round_ends_ = now.instant + kRoundTime;
    take_step(own);
}

// MS-PNRP 3.1.4.2: one source, and what has nothing to offer is passed over.
void Discovery::take_step(std::span<const Endpoint> own) {
    while (steps_left_ > 0) {
        --steps_left_;
        switch (next_source_) {
        case Source::remembered:
            next_source_ = Source::link;
            if (remembered_.empty()) break;
            return try_remembered(kRememberedPerStep);
        case Source::link:
            next_source_ = Source::seeds;
            if (!use_ssdp_) break;
            return search_link(own);
        case Source::seeds:
            next_source_ = Source::remembered;
            return try_seeds(1);
        }
    }
}

void Discovery::ask_again(Now now, std::span<const Endpoint> own) {
    if (own.empty() || (asked_at_ && now.instant - *asked_at_ < kAskAgainInterval)) return;
    asked_at_ = now.instant;
    ask_sources(now, own);
}

void Discovery::try_remembered(std::size_t count_max) {
    for (std::size_t i = 0; i < std::min(count_max, remembered_.size()); ++i) {
        members_.push_back(remembered_[next_remembered_++ % remembered_.size()]);
    }
}

void Discovery::try_seeds(std::size_t count_max) {
    wants_seeds_ = seeds_.empty();
    for (std::size_t i = 0; i < std::min(count_max, seeds_.size()); ++i) {
        members_.push_back(seeds_[next_seed_++ % seeds_.size()]);
    }
}

void Discovery::search_link(std::span<const Endpoint> own) {
    ssdp_answers_ = 0;
    for (const pnrp::SsdpGroup group : {pnrp::SsdpGroup::v6, pnrp::SsdpGroup::v4}) {
        const Endpoint to = group == pnrp::SsdpGroup::v6 ? ssdp_group_v6() : ssdp_group_v4();
        const bool has_family = std::any_of(own.begin(), own.end(), [&](const Endpoint& endpoint) {
            return endpoint.address.is_v4() == to.address.is_v4();
        });
        if (!has_family) continue;
        const std::string search = pnrp::encode_ssdp_search(profile_, scope_, group);
        ssdp_out_.push_back({to, to_owned(as_bytes(search))});
    }
}

bool Discovery::concerns(ByteView payload) const {
    const auto message = pnrp::parse_ssdp(profile_, payload);
    return message && message->scope == scope_;
}

void Discovery::handle_ssdp(
    Now now,
    const Endpoint& from,
    ByteView payload,
    std::span<const Endpoint> own,
    std::size_t names) {
    const auto message = pnrp::parse_ssdp(profile_, payload);
    if (!message || message->scope != scope_) {
        ++ssdp_dropped_;
        return;
    }
    if (!message->member) { // a search
        const bool is_ours = std::any_of(own.begin(), own.end(), [&](const Endpoint& endpoint) {
            return endpoint.address == from.address; // the link gives our own back
        });
        search_heard_ = search_heard_ || !is_ours;
        if (names > 0) answer_search(now, from, payload.size(), own);
        return;
    }
    // On a link the answer must come from the node that it names (docs/protocol/pnrp.md,
    // Discovery).
    const bool is_plausible = scope_ != Scope::link || message->member->address == from.address;
    if (!is_searching() || !is_plausible || ssdp_answers_ >= kSsdpAnswersMax) {
        ++ssdp_dropped_;
        return;
    }
    ++ssdp_answers_;
    members_.push_back(*message->member);
}

void Discovery::answer_search(
    Now now, const Endpoint& from, std::size_t request_size, std::span<const Endpoint> own) {
    if (last_ssdp_answer_ && now.instant - *last_ssdp_answer_ < kSsdpAnswerInterval) return;
    const auto ours = std::find_if(own.begin(), own.end(), [&](const Endpoint& endpoint) {
        return endpoint.address.is_v4() == from.address.is_v4();
    });
    if (ours == own.end()) return;
    const std::string answer = pnrp::encode_ssdp_answer(profile_, scope_, *ours);
    if (answer.size() > 3 * request_size) return;
    last_ssdp_answer_ = now.instant;
    ssdp_out_.push_back({from, to_owned(as_bytes(answer))});
}

void Discovery::schedule_refresh(Now now, double estimated_nodes) {
    if (refresh_at_) return;
    using Seconds = std::chrono::duration<double>;
    const double nodes = std::max(1.0, estimated_nodes);
    const Seconds bounded =
        seeds_.empty()
            ? std::clamp<Seconds>(kLinkRefreshSpacing * nodes, kLinkRefreshMin, kLinkRefreshMax)
            : std::clamp<Seconds>(kRefreshSpacing * nodes, kRefreshMin, kRefreshMax);
    refresh_at_ =
        now.instant + std::chrono::duration_cast<Duration>(bounded * (0.75 + 0.5 * plain_.unit()));
}

void Discovery::handle_timeout(Now now) {
    if (round_ends_ && *round_ends_ <= now.instant) {
        round_ends_.reset();
        wants_seeds_ = false;
    }
    if (refresh_at_ && *refresh_at_ <= now.instant) {
        refresh_at_.reset();
        is_refresh_due_ = seeds_.empty();
        if (!seeds_.empty()) {
            const Endpoint& seed = seeds_[next_seed_++ % seeds_.size()];
            members_.push_back(seed);
            split_test_ = seed;
        }
    }
}

void Discovery::refresh(Now now, std::span<const Endpoint> own) {
    const bool is_due = std::exchange(is_refresh_due_, false);
    if (!is_due || is_searching() || own.empty()) return;
    round_ends_ = now.instant + kRoundTime;
    try_remembered(1);
    if (use_ssdp_) search_link(own);
}

std::optional<Instant> Discovery::next_timeout() const {
    if (!round_ends_ || !refresh_at_) return round_ends_ ? round_ends_ : refresh_at_;
    return std::min(*round_ends_, *refresh_at_);
}

std::optional<Discovery::Ssdp> Discovery::poll_ssdp() {
    if (ssdp_out_.empty()) return std::nullopt;
    Ssdp next = std::move(ssdp_out_.front());
    ssdp_out_.pop_front();
    return next;
}

std::optional<Endpoint> Discovery::poll_member() {
    if (members_.empty()) return std::nullopt;
    const Endpoint next = members_.front();
    members_.pop_front();
    return next;
}

std::optional<Endpoint> Discovery::poll_split_test() {
    return std::exchange(split_test_, std::nullopt);
}

bool Discovery::poll_search_heard() {
    return std::exchange(search_heard_, false);
}

bool Discovery::poll_seeds_needed() {
    return std::exchange(seeds_needed_, false);
}

} // namespace kith::node
