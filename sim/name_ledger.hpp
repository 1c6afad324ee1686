// The truth about names, kept apart from the nodes: who published what and when, who asked for
// what, and whether each answer is what its owner said.
//
// Holds after every event: a resolve that was started ends exactly once, by its deadline, with a
// result that is exactly what the owner published and that the owner could have given at some
// moment since the resolve began. (An answer is signed over the nonce of the question, so a name
// that was withdrawn before the question cannot be found by an honest answer.)

#pragma once

#include "base/time.hpp"
#include "pnrp/registration.hpp"
#include "sim/world.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::sim {

enum class PublicationId : std::uint32_t {};

/// A secure name as its owner published it.
struct Publication {
    HostId owner{};
    pnrp::Registration content;
    Instant since{};
    std::optional<Instant> until; // withdrawn, or its owner gone
};

enum class Verdict : std::uint8_t {
    correct,
    not_found,
    no_valid_answer,
    timed_out,
    refused, // by the caller's own node, or cancelled
    forged,  // found, and not what the owner published
    ghost,   // found, and its owner was gone before the question
};

std::string_view to_string(Verdict verdict);

struct Answer {
    HostId asker{};
    std::optional<PublicationId> publication; // nothing: the name was never published
    Instant started{};
    Duration took{};
    Verdict verdict{};
    unsigned lookups = 0;
};

class NameLedger final : public EventSink {
public:
    PublicationId published(Instant now, HostId owner, const pnrp::Registration& content);

    /// The owner changed what the name says.
    void updated(PublicationId id, const pnrp::Registration& content);

    /// No-op for one that is withdrawn already.
    void withdrawn(Instant now, PublicationId id);

    /// `host` was switched off: its questions will not be answered, its names are withdrawn.
    void gone(Instant now, HostId host);

    struct Question {
        HostId asker{};
        pnrp::ResolveId id{};
        std::optional<PublicationId> publication;
        Duration timeout{};
    };

    /// Call between the command and its `drain()`.
    void asked(Instant now, const Question& question);

    /// The asker's own node would not even begin.
    void refused(Instant now, HostId asker, std::optional<PublicationId> publication);

    Complaint handle_event(Instant now, HostId host, const node::Event& event) override;

    /// A question that is open beyond its deadline. Asked at a cadence: it walks all open ones.
    Complaint check_overdue(Instant now) const;

    const Publication& publication(PublicationId id) const;
    bool is_live(PublicationId id) const { return !publication(id).until; }
    std::size_t publications() const { return publications_.size(); }
    std::size_t open_questions() const { return open_.size(); }
    const std::vector<Answer>& answers() const { return answers_; }
    void forget_answers() { answers_.clear(); }

private:
    struct Open {
        std::optional<PublicationId> publication;
        Instant started{};
        Instant deadline{};
    };

    Verdict judge(const Open& open, const pnrp::ResolveDone& done) const;

    std::vector<Publication> publications_;
    std::map<std::pair<HostId, pnrp::ResolveId>, Open> open_;
    std::vector<Answer> answers_;
};

} // namespace kith::sim
