// What a search has asked and nobody has answered yet.

#pragma once

#include "base/time.hpp"
#include "pnrp/hop.hpp"
#include "pnrp/message.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace kith::pnrp {

/// One LOOKUP under way.
struct AskedLookup {
    MessageId id{};
    Hop hop;
    Instant sent;
    Duration patience{}; // later than that after `sent` is late
    bool is_late = false;
    bool is_written_off = false; // so late that it no longer keeps others from being asked

    /// When it is written off.
    Instant written_off_at() const;
};

/// One INQUIRE under way.
struct AskedInquire {
    MessageId id{};
    Hop hop;
    Nonce nonce{};
    Instant late_at;
    bool is_late = false;
    unsigned refused = 0; // answers that were not valid

    /// False once it had an answer that was not valid: for the honest one nobody waits.
    bool is_awaited() const { return refused == 0; }
};

class Questions {
public:
    void add(AskedLookup lookup);
    void add(AskedInquire inquire);

    /// What was asked under `id` is not under way any more; nothing if it is not.
    std::optional<AskedLookup> take_lookup(MessageId id);
    std::optional<AskedInquire> take_inquire(MessageId id);

    /// Null if no INQUIRE is under way under `id`. Valid until the next change.
    AskedInquire* find_inquire(MessageId id);

    std::span<const AskedLookup> lookups() const { return lookups_; }
    std::span<AskedInquire> inquiries() { return inquiries_; }
    std::span<const AskedInquire> inquiries() const { return inquiries_; }

    /// LOOKUPs that are not written off.
    std::size_t lookups_in_flight() const;

    /// True while an INQUIRE is under way whose answer may be what is looked for.
    bool awaits_inquiry() const;

    /// The same without those that are late: whoever claims the target and stays silent holds
    /// nobody up.
    bool has_timely_inquiry() const;

    /// True while somebody is asked for the registrations beside his own.
    bool asks_publisher() const;

    bool inquires(const RouteEntry& entry) const;
    bool asks(const RouteEntry& entry) const;

    /// True while what `hop` told of is being inquired: only then is it known what its word is
    /// worth.
    bool tests_word_of(const Hop& hop) const;

    /// The entries of those whose LOOKUP is late at `now` and was not before.
    std::vector<RouteEntry> note_late_lookups(Now now);

    /// Writes off the LOOKUPs that are late by so much. Returns how many they are.
    unsigned write_off(Now now);

    /// When the next of them is late or written off.
    std::optional<Instant> next_late() const;

    void clear();
    std::size_t state_bytes() const;

private:
    std::vector<AskedLookup> lookups_;
    std::vector<AskedInquire> inquiries_;
};

} // namespace kith::pnrp
