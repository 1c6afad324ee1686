#include "pnrp/questions.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

namespace {

// A LOOKUP that is late by this many times its patience is written off.
constexpr int kPatienceUntilWrittenOff = 2;

template<class Asked>
std::optional<Asked> take(std::vector<Asked>& from, MessageId id) {
    const auto at = std::ranges::find(from, id, &Asked::id);
    if (at == from.end()) return std::nullopt;
    Asked asked = std::move(*at);
    from.erase(at);
    return asked;
}

} // namespace

Instant AskedLookup::written_off_at() const {
    return sent + kPatienceUntilWrittenOff * patience;
}

void Questions::add(AskedLookup lookup) {
    lookups_.push_back(std::move(lookup));
}

void Questions::add(AskedInquire inquire) {
    inquiries_.push_back(std::move(inquire));
}

std::optional<AskedLookup> Questions::take_lookup(MessageId id) {
    return take(lookups_, id);
}

std::optional<AskedInquire> Questions::take_inquire(MessageId id) {
    return take(inquiries_, id);
}

AskedInquire* Questions::find_inquire(MessageId id) {
    const auto at = std::ranges::find(inquiries_, id, &AskedInquire::id);
    return at == inquiries_.end() ? nullptr : &*at;
}

std::size_t Questions::lookups_in_flight() const {
    return static_cast<std::size_t>(
        std::ranges::count(lookups_, false, &AskedLookup::is_written_off));
}

bool Questions::awaits_inquiry() const {
    return std::ranges::any_of(inquiries_, &AskedInquire::is_awaited);
}

bool Questions::has_timely_inquiry() const {
    return std::ranges::any_of(
        inquiries_, [](const AskedInquire& asked) { return asked.is_awaited() && !asked.is_late; });
}

bool Questions::asks_publisher() const {
    return std::ranges::any_of(
        lookups_, [](const AskedLookup& asked) { return asked.hop.is_publisher; });
}

bool Questions::inquires(const RouteEntry& entry) const {
    return std::ranges::any_of(
        inquiries_, [&](const AskedInquire& asked) { return asked.hop.entry == entry; });
}

bool Questions::asks(const RouteEntry& entry) const {
    return inquires(entry) || std::ranges::any_of(lookups_, [&](const AskedLookup& asked) {
               return asked.hop.entry == entry;
           });
}

bool Questions::tests_word_of(const Hop& hop) const {
    return std::ranges::any_of(inquiries_, [&](const AskedInquire& asked) {
        const auto& informant = asked.hop.informant;
        return asked.is_awaited() && informant && hop.entry.has_endpoint(*informant);
    });
}

std::vector<RouteEntry> Questions::note_late_lookups(Now now) {
    std::vector<RouteEntry> late;
    for (AskedLookup& asked : lookups_) {
        if (asked.is_late || now.instant < asked.sent + asked.patience) continue;
        asked.is_late = true;
        late.push_back(asked.hop.entry);
    }
    return late;
}

unsigned Questions::write_off(Now now) {
    unsigned count = 0;
    for (AskedLookup& asked : lookups_) {
        if (asked.is_written_off || now.instant < asked.written_off_at()) continue;
        asked.is_written_off = true;
        ++count;
    }
    return count;
}

std::optional<Instant> Questions::next_late() const {
    std::optional<Instant> next;
    for (const AskedLookup& asked : lookups_) {
        if (asked.is_written_off) continue;
        keep_earlier(next, asked.is_late ? asked.written_off_at() : asked.sent + asked.patience);
    }
    for (const AskedInquire& asked : inquiries_) {
        if (asked.is_awaited() && !asked.is_late) keep_earlier(next, asked.late_at);
    }
    return next;
}

void Questions::clear() {
    lookups_.clear();
    inquiries_.clear();
}

std::size_t Questions::state_bytes() const {
    return lookups_.capacity() * (sizeof(AskedLookup) + 2 * sizeof(Address)) +
           inquiries_.capacity() * (sizeof(AskedInquire) + 2 * sizeof(Address));
}

} // namespace kith::pnrp
