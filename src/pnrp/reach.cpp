#include "pnrp/reach.hpp"

#include "pnrp/limits.hpp"
#include "pnrp/network.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

namespace {

// The first tests may have met a crowd that all asked the same, or loss.
constexpr unsigned kEarlyBursts = 4;
constexpr auto kEarlyRetest = 30s;

} // namespace

std::string_view to_string(Reach reach) {
    switch (reach) {
    case Reach::unknown:
        return "unknown";
    case Reach::publish:
        return "publish";
    case Reach::resolve_only:
        return "resolve_only";
    }
    return "unknown";
}

std::string_view to_string(ReachReason reason) {
    switch (reason) {
    case ReachReason::no_network:
        return "no_network";
    case ReachReason::not_tested:
        return "not_tested";
    case ReachReason::local:
        return "local";
    case ReachReason::reached:
        return "reached";
    case ReachReason::reached_translated:
        return "reached_translated";
    case ReachReason::unconfirmed:
        return "unconfirmed";
    case ReachReason::changing_endpoint:
        return "changing_endpoint";
    case ReachReason::filtered:
        return "filtered";
    }
    return "not_tested";
}

// Where the node is -------------------------------------------------------------------------------

// A link or a site has no translator inside, and of loopback and PNRP 4.0 nothing can be asked.
bool ReachFinder::is_tested() const {
    const bool is_loopback = std::any_of(own_.begin(), own_.end(), [](const Endpoint& endpoint) {
        return endpoint.address.scope() == Scope::loopback;
    });
    return exchange_.config().scope == Scope::global && exchange_.profile().finds_reach &&
           !is_loopback;
}

bool ReachFinder::set_place(Now now, std::span<const Endpoint> own) {
    const auto ways_out = exchange_.ways_out();
    const bool is_same = std::ranges::equal(given_, own) && std::ranges::equal(ways_out_, ways_out);
    if (is_same) return false;
    given_.assign(own.begin(), own.end());
    ways_out_.assign(ways_out.begin(), ways_out.end());
    begin(now);
    return true;
}

bool ReachFinder::set_forwarded(Now now, const std::optional<Endpoint>& outside) {
    if (outside == forwarded_) return false;
    forwarded_ = outside;
    begin(now);
    return true;
}

void ReachFinder::begin(Now now) {
    own_.clear();
    for (const Endpoint& endpoint : given_) {
        if (exchange_.is_admissible(endpoint)) own_.push_back(endpoint);
    }
    // All endpoints of a node have one port: one that is forwarded from another has to be alone.
    const bool fits = forwarded_ && exchange_.is_admissible(*forwarded_) &&
                      (own_.empty() || own_.front().port == forwarded_->port);
    if (fits && std::find(own_.begin(), own_.end(), *forwarded_) == own_.end()) {
        own_.push_back(*forwarded_);
    }
    open_address_.reset();
    is_reached_ = false;
    missed_ = 0;
    asks_.clear();
    votes_.clear();
    bursts_ = 0;
    burst_left_ = 0;
    next_ask_.reset();
    held_until_.reset();
    const bool is_open = !own_.empty() || !exchange_.ways_out().empty();
    // At the new addresses whom it contacted at the old ones may still come through.
    if (is_open) exchange_.contacts().set_recording(is_tested());
    is_changed_ = true;
    if (!is_open) return conclude(Reach::unknown, ReachReason::no_network, {});
    if (!is_tested()) {
        const bool is_local = exchange_.config().scope != Scope::global ||
                              (!own_.empty() && exchange_.profile().finds_reach);
        return conclude(
            is_local ? Reach::publish : Reach::unknown,
            is_local ? ReachReason::local : ReachReason::not_tested,
            {});
    }
    conclude(Reach::unknown, ReachReason::not_tested, {});
    // At addresses of its own a node is taken at its word until it has had time to be met.
    if (!is_hidden()) next_ask_ = now.instant + kReachGrace;
    if (is_hidden() && !helpers_.empty()) begin_burst(now);
}

std::vector<Endpoint> ReachFinder::endpoints() const {
    if (!own_.empty()) return own_;
    return outside_ ? std::vector{*outside_} : std::vector<Endpoint>();
}

bool ReachFinder::poll_changed() {
    return std::exchange(is_changed_, false);
}

void ReachFinder::conclude(
    Reach reach, ReachReason reason, const std::optional<Endpoint>& outside) {
    if (reach == reach_ && reason == reason_ && outside == outside_) return;
    reach_ = reach;
    reason_ = reason;
    outside_ = outside;
    is_changed_ = true;
}

// Asking ------------------------------------------------------------------------------------------

void ReachFinder::note_member(Now now, const Endpoint& member) {
    if (!is_tested() || (own_.empty() && exchange_.ways_out().empty())) return;
    if (!is_hidden() && is_reached_) return;
    const Address network = network_of(member.address);
    const bool is_known = std::any_of(helpers_.begin(), helpers_.end(), [&](const Helper& helper) {
        return network_of(helper.endpoint.address) == network;
    });
    if (!is_known) {
        // Whoever was there first is not displaced by a crowd, and whoever came late is not kept
        // out by one.
        if (helpers_.size() >= kReachHelpersMax) helpers_.pop_back();
        helpers_.push_back({member, Instant{}});
    }
    if (!is_hidden()) return;
    if (!next_ask_) {
        begin_burst(now);
    } else if (!is_known && votes_.size() <= kReachVotersMin && burst_left_ == 0) {
        burst_left_ = 1; // one more voice for a verdict that had too few
        next_ask_ = now.instant;
    }
}

void ReachFinder::begin_burst(Now now) {
    if (bursts_++ == 0 && is_hidden()) held_until_ = now.instant + kReachHold;
    burst_left_ = kReachBurst;
    next_ask_ = now.instant;
}

ReachFinder::Helper* ReachFinder::choose_helper(Now now) {
    const auto oldest =
        std::min_element(helpers_.begin(), helpers_.end(), [](const Helper& a, const Helper& b) {
            return a.asked_at < b.asked_at;
        });
    if (oldest == helpers_.end()) return nullptr;
    const bool is_fresh = oldest->asked_at == Instant{};
    if (!is_fresh && now.instant - oldest->asked_at < kReachAskSpacing) return nullptr;
    return &*oldest;
}

void ReachFinder::ask(Now now) {
    Helper* const helper = choose_helper(now);
    if (helper == nullptr || asks_.size() >= kReachAsksMax) return;
    Ask asked;
    asked.key = next_key_++;
    asked.token = PnrpId{exchange_.secure().bytes<32>()};
    asked.at = now.instant;
    Flood flood;
    flood.asks_source = true;
    flood.visit = true;
    flood.validate = asked.token;
    flood.already_flooded = exchange_.contacts().latest();
    const Endpoint to = helper->endpoint;
    helper->asked_at = now.instant;
    const Purpose purpose{Errand::reach, asked.key, asked.token};
    if (exchange_.request(now, {to}, std::move(flood), purpose, std::nullopt)) {
        asks_.push_back(asked);
    }
}

void ReachFinder::handle_ack(Now now, std::uint32_t key, const Endpoint& from, const Ack& ack) {
    const auto asked =
        std::find_if(asks_.begin(), asks_.end(), [&](const Ask& each) { return each.key == key; });
    if (asked == asks_.end() || !ack.source || !exchange_.is_admissible(*ack.source)) return;
    asked->seen = ack.source;
    const bool is_own = std::find(own_.begin(), own_.end(), *ack.source) != own_.end();
    asked->is_passed_on = ack.passed_on && (is_hidden() || is_own);
    if (is_hidden()) {
        const Address network = network_of(from.address);
        std::erase_if(votes_, [&](const Vote& vote) { return vote.network == network; });
        if (votes_.size() >= kReachHelpersMax) votes_.pop_front();
        votes_.push_back({network, *ack.source, now.instant});
    }
    if (asked->is_visited) take_visit(*asked);
    // It may have another endpoint now: all are asked, and one liar changes nothing.
    if (is_hidden() && reach_ == Reach::publish && ack.source != outside_ && burst_left_ == 0) {
        begin_burst(now);
    }
    judge(now);
}

bool ReachFinder::is_neighbour(const Address& address) const {
    const auto is_near = [&](const Endpoint& own) {
        return own.address.is_v4() == address.is_v4() &&
               narrow_network_of(own.address) == narrow_network_of(address);
    };
    // Behind the same translator.
    const auto is_beside = [&](const Vote& vote) { return vote.seen.address == address; };
    return std::any_of(own_.begin(), own_.end(), is_near) ||
           std::any_of(votes_.begin(), votes_.end(), is_beside);
}

// A datagram from an address that nothing was sent to: no translator and no firewall let it in as
// an answer.
void ReachFinder::handle_question(Now now, const Endpoint& from, const PnrpId& validate) {
    if (!is_tested() || (!is_hidden() && is_reached_)) return;
    const bool is_stranger = !exchange_.contacts().has(from.address) && !is_neighbour(from.address);
    const auto asked = std::find_if(
        asks_.begin(), asks_.end(), [&](const Ask& each) { return each.token == validate; });
    if (asked != asks_.end() && !is_stranger) {
        asks_.erase(asked); // says nothing either way
    } else if (asked != asks_.end()) {
        asked->is_visited = true;
        take_visit(*asked);
    }
    if (!is_hidden() && is_stranger) is_reached_ = true;
    judge(now);
}

void ReachFinder::take_visit(Ask& visited) {
    missed_ = 0;
    if (is_hidden() && visited.seen) open_address_ = visited.seen->address;
}

// Judging -----------------------------------------------------------------------------------------

void ReachFinder::lapse(Now now) {
    while (!asks_.empty() && asks_.front().at + kReachAskTime <= now.instant) {
        if (asks_.front().is_passed_on && !asks_.front().is_visited) ++missed_;
        asks_.pop_front();
    }
}

ReachFinder::Majority ReachFinder::majority(Now now) {
    std::erase_if(
        votes_, [&](const Vote& vote) { return now.instant - vote.at > kReachVoteLifetime; });
    Majority found{std::nullopt, votes_.size()};
    for (const Vote& vote : votes_) {
        const auto count = static_cast<std::size_t>(std::count_if(
            votes_.begin(), votes_.end(), [&](const Vote& v) { return v.seen == vote.seen; }));
        if (count >= kReachVotersMin && 2 * count > votes_.size()) found.seen = vote.seen;
    }
    return found;
}

void ReachFinder::judge(Now now) {
    if (!is_tested()) return;
    if (is_hidden()) {
        judge_hidden(now);
    } else {
        judge_own();
    }
}

void ReachFinder::judge_own() {
    if (is_reached_) {
        conclude(Reach::publish, ReachReason::reached, {});
        next_ask_.reset();
        asks_.clear();
        helpers_.clear();
        exchange_.contacts().set_recording(false);
    } else if (missed_ >= kReachMissedMax) {
        conclude(Reach::resolve_only, ReachReason::filtered, {});
    }
}

void ReachFinder::judge_hidden(Now now) {
    const Majority most = majority(now);
    if (most.seen && open_address_ == most.seen->address && missed_ < kReachMissedMax) {
        return conclude(Reach::publish, ReachReason::reached_translated, most.seen);
    }
    // A first verdict waits until the first questions have had their time.
    const bool is_first = bursts_ <= 1 && (burst_left_ > 0 || !asks_.empty());
    if (is_first && reach_ == Reach::unknown) return;
    if (most.voters > kReachVotersMin && !most.seen) {
        open_address_.reset();
        return conclude(Reach::resolve_only, ReachReason::changing_endpoint, {});
    }
    if (most.seen && missed_ >= kReachMissedFirst && !open_address_) {
        return conclude(Reach::resolve_only, ReachReason::filtered, {});
    }
    if (missed_ >= kReachMissedMax) {
        open_address_.reset();
        return conclude(Reach::resolve_only, ReachReason::filtered, {});
    }
    // What was proved stays so while those who could speak against it are silent.
    if (reach_ == Reach::publish) return;
    if (reach_ == Reach::unknown) conclude(Reach::resolve_only, ReachReason::unconfirmed, {});
}

// The first test ---------------------------------------------------------------------------------

bool ReachFinder::is_holding(Now now) const {
    return is_tested() && is_hidden() && held_until_ && *held_until_ > now.instant &&
           !open_address_;
}

void ReachFinder::hold(Offer offer) {
    if (offers_.size() < kReachOffersMax) offers_.push_back(std::move(offer));
}

std::optional<Offer> ReachFinder::poll_offer(Now now) {
    if (offers_.empty() || is_holding(now)) return std::nullopt;
    Offer next = std::move(offers_.front());
    offers_.pop_front();
    return next;
}

// The time ----------------------------------------------------------------------------------------

void ReachFinder::handle_timeout(Now now) {
    exchange_.contacts().handle_timeout(now);
    if (held_until_ && *held_until_ <= now.instant) held_until_.reset();
    const std::size_t under_way = asks_.size();
    lapse(now);
    if (asks_.size() != under_way) judge(now);
    if (!next_ask_ || *next_ask_ > now.instant) return;
    if (burst_left_ == 0) {
        // What is open stays open for as long as something leaves: one question now and then does
        // both. Whoever is not, or does not know, is tested again as a whole.
        begin_burst(now);
        if (is_hidden() && reach_ == Reach::publish) burst_left_ = 1;
    }
    ask(now);
    --burst_left_;
    Duration next = kReachAskSpacing;
    if (burst_left_ == 0) {
        const bool is_kept_open = is_hidden() && reach_ != Reach::resolve_only;
        const bool is_early = is_hidden() && bursts_ < kEarlyBursts;
        next = is_kept_open ? Duration(kReachKeepOpen)
               : is_early   ? Duration(kEarlyRetest)
                            : Duration(kReachRetest);
        next = std::chrono::duration_cast<Duration>(next * (0.9 + 0.2 * exchange_.plain().unit()));
    }
    next_ask_ = now.instant + next;
    if (burst_left_ == 0) judge(now);
}

std::optional<Instant> ReachFinder::next_timeout() const {
    std::optional<Instant> next = next_ask_;
    if (!asks_.empty()) keep_earlier(next, asks_.front().at + kReachAskTime);
    keep_earlier(next, held_until_);
    return next;
}

std::size_t ReachFinder::state_bytes() const {
    return own_.capacity() * sizeof(Endpoint) + given_.capacity() * sizeof(Endpoint) +
           helpers_.size() * sizeof(Helper) + asks_.size() * sizeof(Ask) +
           votes_.size() * sizeof(Vote) + offers_.size() * (sizeof(Offer) + 4 * sizeof(Address));
}

} // namespace kith::pnrp
