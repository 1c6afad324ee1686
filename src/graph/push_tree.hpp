// Who gets records whole, and who gets abstracts (modernization 4.6;
// docs/protocol/graph-behaviour.md, Push trees).
//
// The signature record shapes one tree for all: it is flooded over every link from the node with
// the lowest id, and the link that brings a new version of it first leads to that node by the
// shortest way. Those links are the tree and stay eager; the others are lazy. What else comes twice
// prunes links outside the tree only, and what is advertised and does not come is asked for.

#pragma once

#include "base/time.hpp"
#include "graph/context.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace kith::graph {

class PushTree {
public:
    explicit PushTree(Context& context) : context_(context) {}

    /// True if a record travels over the tree; the others go whole over every link.
    static bool carries(const store::IndexEntry& entry);

    /// True if a record is sent whole over `link`.
    static bool is_whole(const Link& link, const store::IndexEntry& entry);

    /// Its abstract goes over a lazy link soon.
    static void advertise(Now now, Link& link, const store::IndexEntry& entry);

    /// A record came whole, and was new or known. True if the other end is to make the link lazy.
    bool receive(Now now, Link& link, const store::IndexEntry& entry, bool is_fresh);

    /// The signature is a new one, and our own: this is the root.
    void take_root() { grow(nullptr); }

    /// The record is here: nobody is asked for it.
    void settle(const store::RecordId& id);

    void handle(Link& link, const AckEntry& entry);
    /// An ADVERTISE without boundaries: what the peer has.
    void handle(Now now, Link& link, const Advertise& advert);
    /// A REQUEST that grafts.
    void handle(Link& link, const Request& request);

    void forget(const Link& gone);

    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;
    std::size_t memory() const;

private:
    struct Source {
        LinkId link = 0;
        bool is_asked = false;
    };
    /// An advertised record that is waited for.
    struct Missing {
        std::uint32_t version = 0;
        LinkId teller = 0; // who advertised it first
        Instant told{};
        Instant due{};
        std::vector<Source> sources; // in the order of their adverts
    };
    /// A record that came a moment ago.
    struct Arrival {
        store::RecordId id;
        std::uint32_t version = 0;
        LinkId link = 0;
        std::optional<Instant> asked_since; // its advert, if it came because we asked
    };

    using MissingById = std::map<store::RecordId, Missing>;

    void grow(Link* link);
    void climb(Link& link);
    void hang_on(Now now, Link& link);
    void note_arrival(Now now, Link& link, const store::IndexEntry& entry);
    bool spare(Now now, Link& link, const store::IndexEntry& entry);
    void prune(Link& link);
    static bool may_be_lazy(const Link& link);
    void sample(Duration late);
    Duration patience(const Link& link) const;
    Missing* await(Now now, const Link& link, const RecordAbstract& abstract);
    MissingById::iterator drop(MissingById::iterator at);
    Link* next_source(Missing& wanted);
    void graft(Now now);
    void flush_adverts(Link& link);

    Context& context_;
    MissingById missing_;
    std::map<LinkId, std::size_t> told_; // of those, by teller
    Instant graft_due_ = Instant::max(); // not after the first of them
    std::deque<Arrival> arrivals_;       // the newest last
    bool is_drawn_ = false;              // by a root that is not here
    LinkId way_up_ = 0;                  // to the root; none: 0
    unsigned late_in_a_row_ = 0;         // records that the tree brought second
    Instant late_since_{};
    Duration late_mean_{0}; // of the tree behind the first advert
    Duration late_spread_ = kLateSpread;
};

/// The abstract of a record, with its digest where both ends compare by it.
RecordAbstract abstract_of(const store::IndexEntry& entry, bool is_wide);

/// True if what `abstract` names is newer than ours, or another record of the same version.
bool is_wanted(const RecordAbstract& abstract, const store::IndexEntry* ours);

/// An acknowledgement goes with the next ones, or at once.
void acknowledge(Link& link, const AckEntry& entry, Instant due);

} // namespace kith::graph
