// Somebody who owns nodes of the cloud, and lies with them.
//
// A liar is a whole node with keys and names of its own. What it says to others is changed on its
// way out, more is said in its name, and the adversary remembers what the liars are told. They know
// each other, and say the truth among themselves. What nobody told a liar the adversary does not
// know, but for this: he learns of a question when it is sent, and not when it arrives.

#pragma once

#include "base/random.hpp"
#include "pnrp/authority_buffer.hpp"
#include "pnrp/message.hpp"
#include "pnrp/registration.hpp"
#include "sim/endpoint_hash.hpp"
#include "sim/lies.hpp"
#include "sim/tap.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kith::sim {

class Adversary final : public Tap {
public:
    Adversary(std::uint64_t seed, const Lies& lies);

    /// The node at `endpoint` is his.
    void recruit(const Endpoint& endpoint);

    /// What the liar at `endpoint` has published as `id`.
    void
    enlist(const Endpoint& endpoint, const pnrp::PnrpId& id, const pnrp::Registration& content);

    bool owns(const Endpoint& endpoint) const { return liars_.contains(endpoint); }
    std::size_t liars() const { return liars_.size(); }

    /// How often he told each lie.
    const std::array<std::uint64_t, kLies>& told() const { return told_; }

    TapVerdict pass(const Passage& passage, std::vector<Forgery>& forgeries) override;

private:
    struct Name {
        pnrp::RouteEntry entry;
        pnrp::Registration content;
    };
    /// What was asked of a liar, and how it will be answered every time it is asked again.
    struct Question {
        pnrp::Body body;
        std::optional<Lie> lie;
        std::optional<Bytes> answer; // an AUTHORITY_BUFFER
    };
    using QuestionKey = std::pair<Endpoint, pnrp::MessageId>;
    struct Victim {
        Endpoint endpoint;
        pnrp::PnrpId id;
    };

    void overhear(const Passage& passage, const pnrp::Message& message, std::vector<Forgery>& out);
    void overhear_answer(const pnrp::Authority& answer);
    void mislead(const Passage& passage, const pnrp::Request& request, std::vector<Forgery>& out);
    template<class Body>
    void ask(const Passage& passage, const pnrp::Message& message, const Body& body);
    void prepare(const Passage& passage, const pnrp::Lookup& lookup, Question& question);
    void prepare(const Passage& passage, const pnrp::Inquire& inquire, Question& question);
    TapVerdict twist(const Passage& passage, pnrp::Message message, std::vector<Forgery>& out);
    TapVerdict twist_answer(const Passage& passage, const pnrp::Authority& answer);
    TapVerdict say(const Passage& passage, const pnrp::Message& message);

    std::optional<Lie> choose(std::initializer_list<Lie> among);
    void tell(Lie lie) { ++told_[static_cast<std::size_t>(lie)]; }
    pnrp::AuthorityBuffer answer_to(const pnrp::Lookup& lookup, Lie lie);
    pnrp::AuthorityBuffer
    answer_to(const Passage& passage, const pnrp::Inquire& inquire, Lie lie, const Name* own);
    Bytes forged_cpa(const Endpoint& liar, const pnrp::Inquire& inquire);
    void flood(const Endpoint& from, std::vector<Forgery>& out);
    void say_malformed(const Passage& passage, std::vector<Forgery>& out);
    void
    forge(const Endpoint& from, const Endpoint& to, pnrp::Body body, std::vector<Forgery>& out);

    const Name* name_at(const pnrp::PnrpId& id) const;
    const Name* accomplice(const pnrp::Lookup& lookup) const;
    pnrp::PnrpId claimed_id(const pnrp::PnrpId& target);
    pnrp::PnrpId near(const pnrp::PnrpId& id, unsigned bits_min, unsigned bits_max);
    pnrp::RouteEntry invented(const pnrp::PnrpId& id);
    Endpoint some_liar();
    void record(const Bytes& cpa);
    void meet_sender(const Passage& passage, const std::optional<pnrp::RouteEntry>& entry);
    void meet(const Endpoint& endpoint, const pnrp::PnrpId& id);

    Lies lies_;
    SeededRandom random_;
    SeededSecureRandom secure_;
    std::unordered_map<Endpoint, std::size_t, EndpointHash> liars_; // place in `endpoints_`
    std::vector<Endpoint> endpoints_;
    std::map<pnrp::PnrpId, Name> names_;
    std::map<QuestionKey, Question> questions_;
    std::deque<QuestionKey> asked_;          // the oldest first
    std::map<pnrp::PnrpId, Bytes> recorded_; // CPAs of others, by id
    std::deque<pnrp::PnrpId> recorded_in_order_;
    std::vector<Victim> victims_; // who has talked to a liar
    std::array<std::uint64_t, kLies> told_{};
};

} // namespace kith::sim
