#include "sim/name_ledger.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <variant>

namespace kith::sim {

namespace {

bool is_what_was_published(const pnrp::Registration& said, const pnrp::Resolution& found) {
    const ByteView key = said.key->public_key().material();
    return found.name == said.name && std::ranges::equal(found.public_key, key) &&
           found.endpoints == said.endpoints && found.comment == said.comment &&
           found.payload == said.payload;
}

Verdict verdict_of(pnrp::ResolveErrc error) {
    switch (error) {
    case pnrp::ResolveErrc::not_found:
        return Verdict::not_found;
    case pnrp::ResolveErrc::no_valid_answer:
        return Verdict::no_valid_answer;
    case pnrp::ResolveErrc::timed_out:
        return Verdict::timed_out;
    case pnrp::ResolveErrc::no_addresses:
    case pnrp::ResolveErrc::too_many_resolves:
    case pnrp::ResolveErrc::cancelled:
    case pnrp::ResolveErrc::unknown_cloud:
        return Verdict::refused;
    }
    return Verdict::refused;
}

} // namespace

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
    case Verdict::correct:
        return "correct";
    case Verdict::not_found:
        return "not_found";
    case Verdict::no_valid_answer:
        return "no_valid_answer";
    case Verdict::timed_out:
        return "timed_out";
    case Verdict::refused:
        return "refused";
    case Verdict::forged:
        return "forged";
    case Verdict::ghost:
        return "ghost";
    }
    return "unknown";
}

PublicationId NameLedger::published(Instant now, HostId owner, const pnrp::Registration& content) {
    KITH_CHECK(content.name.is_secure() && content.key);
    publications_.push_back({owner, content, now, std::nullopt});
    return static_cast<PublicationId>(publications_.size() - 1);
}

void NameLedger::updated(PublicationId id, const pnrp::Registration& content) {
    publications_[static_cast<std::size_t>(id)].content = content;
}

void NameLedger::withdrawn(Instant now, PublicationId id) {
    Publication& publication = publications_[static_cast<std::size_t>(id)];
    if (!publication.until) publication.until = now;
}

void NameLedger::gone(Instant now, HostId host) {
    for (Publication& publication : publications_) {
        if (publication.owner == host && !publication.until) publication.until = now;
    }
    std::erase_if(open_, [host](const auto& entry) { return entry.first.first == host; });
}

void NameLedger::asked(Instant now, const Question& question) {
    const Open open{question.publication, now, now + question.timeout};
    const bool is_new = open_.emplace(std::pair(question.asker, question.id), open).second;
    KITH_CHECK(is_new);
}

void NameLedger::refused(Instant now, HostId asker, std::optional<PublicationId> publication) {
    answers_.push_back({asker, publication, now, Duration{}, Verdict::refused, 0});
}

Complaint NameLedger::handle_event(Instant now, HostId host, const node::Event& event) {
    const auto* done = std::get_if<pnrp::ResolveDone>(&event);
    if (done == nullptr) return std::nullopt;
    const auto found = open_.find({host, done->id});
    if (found == open_.end()) {
        return fmt::format(
            "ended resolve {}, which is not under way", static_cast<unsigned>(done->id));
    }
    const Open open = found->second;
    open_.erase(found);
    if (now > open.deadline) {
        return fmt::format("ended resolve {} after its timeout", static_cast<unsigned>(done->id));
    }
    Answer answer{host, open.publication, open.started, now - open.started, judge(open, *done), 0};
    if (done->outcome) answer.lookups = done->outcome->lookups;
    answers_.push_back(answer);
    return std::nullopt;
}

Verdict NameLedger::judge(const Open& open, const pnrp::ResolveDone& done) const {
    if (!done.outcome) return verdict_of(done.outcome.error());
    if (!open.publication) return Verdict::forged;
    const Publication& truth = publication(*open.publication);
    if (!is_what_was_published(truth.content, *done.outcome)) return Verdict::forged;
    return truth.until && *truth.until < open.started ? Verdict::ghost : Verdict::correct;
}

Complaint NameLedger::check_overdue(Instant now) const {
    for (const auto& [key, open] : open_) {
        if (open.deadline < now) {
            return fmt::format(
                "host {} left resolve {} open beyond its timeout",
                index_of(key.first),
                static_cast<unsigned>(key.second));
        }
    }
    return std::nullopt;
}

const Publication& NameLedger::publication(PublicationId id) const {
    return publications_[static_cast<std::size_t>(id)];
}

} // namespace kith::sim
