#include "pnrp/searches.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

void Searches::start(Now now, const SearchGoal& goal, SearchClient client) {
    const std::uint32_t key = next_key_++;
    const auto [at, is_new] =
        running_.emplace(key, Running{Search(key, goal, exchange_, cache_), std::move(client)});
    at->second.search.start(now);
    collect(at);
}

bool Searches::handle_answer(
    Now now,
    std::uint32_t key,
    MessageId id,
    const PendingList::Answered& answered,
    const AuthorityBuffer& buffer) {
    const auto at = running_.find(key);
    if (at == running_.end()) return true;
    const bool is_answered = at->second.search.handle_answer(now, id, answered, buffer);
    collect(at);
    return is_answered;
}

void Searches::handle_failure(Now now, const PendingList::Failed& failed) {
    const auto at = running_.find(failed.purpose.key);
    if (at == running_.end()) return;
    at->second.search.handle_failure(now, failed);
    collect(at);
}

void Searches::handle_timeout(Now now) {
    for (auto at = running_.begin(); at != running_.end();) {
        const auto current = at++;
        const auto due = current->second.search.next_timeout();
        if (!due || *due > now.instant) continue;
        current->second.search.handle_timeout(now);
        collect(current);
    }
}

// Takes what a search has to say, and the search itself once it has ended.
void Searches::collect(std::map<std::uint32_t, Running>::iterator at) {
    Running& running = at->second;
    while (auto finding = running.search.poll_finding())
        findings_.push_back(std::move(*finding));
    if (!running.search.result()) return;
    done_.push_back({std::move(running.client), *running.search.result()});
    running_.erase(at);
}

std::optional<Instant> Searches::next_timeout() const {
    std::optional<Instant> next;
    for (const auto& [key, running] : running_) {
        const auto due = running.search.next_timeout();
        if (due && (!next || *due < *next)) next = due;
    }
    return next;
}

std::optional<SearchFinding> Searches::poll_finding() {
    if (findings_.empty()) return std::nullopt;
    SearchFinding next = std::move(findings_.front());
    findings_.pop_front();
    return next;
}

std::optional<Searches::Done> Searches::poll_done() {
    if (done_.empty()) return std::nullopt;
    Done next = std::move(done_.front());
    done_.pop_front();
    return next;
}

std::size_t Searches::upkeep_count() const {
    return static_cast<std::size_t>(
        std::count_if(running_.begin(), running_.end(), [](const auto& item) {
            return !std::holds_alternative<ForResolve>(item.second.client);
        }));
}

std::size_t Searches::state_bytes() const {
    std::size_t bytes = 0;
    for (const auto& [key, running] : running_) {
        bytes += running.search.state_bytes() + sizeof(SearchClient) + 5 * sizeof(void*);
    }
    return bytes;
}

} // namespace kith::pnrp
