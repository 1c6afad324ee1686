// A few graphs joined by pipes, in virtual time: for the tests of the machines. The simulator is
// where many nodes and bad networks are.

#pragma once

#include "base/overload.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "graph/graph.hpp"
#include "store/memory_store.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::graph {

inline const store::RecordType kNotes = *parse_guid("8d2a2f0e-5a25-4f6c-9a55-1b6b1c6f0001");

/// One node: its graph, its store and what it was told.
struct Peer {
    Peer(
        std::size_t index_in,
        const GraphConfig& config,
        SecurityProvider* security,
        std::uint64_t seed)
        : index(index_in),
          secure(seed),
          plain(seed + 1),
          kept(std::make_shared<store::MemoryStore>(config.rules)),
          graph(config, store, security, secure, plain) {}

    /// One that was there before, with what it kept.
    Peer(const Peer& before, const GraphConfig& config)
        : index(before.index),
          secure(before.secure),
          plain(before.plain),
          kept(before.kept),
          graph(config, store, nullptr, secure, plain) {}

    std::size_t index;
    SeededSecureRandom secure;
    SeededRandom plain;
    std::shared_ptr<store::MemoryStore> kept;
    store::MemoryStore& store = *kept;
    Graph graph;
    std::vector<Event> events;

    template<class T>
    std::vector<T> told() const {
        std::vector<T> out;
        for (const Event& event : events) {
            if (const auto* it = std::get_if<T>(&event)) out.push_back(*it);
        }
        return out;
    }
};

class World {
public:
    Duration delay = std::chrono::milliseconds(1);
    bool answers_needs = true; // PeersNeeded is answered with the first peer's address

    static Endpoint address(std::size_t index) {
        return {Address::v4(0x0A00'0001U + static_cast<std::uint32_t>(index)), 4000};
    }

    static GraphConfig config(const std::string& peer_id) {
        GraphConfig config;
        config.graph_id = "a graph";
        config.peer_id = peer_id;
        return config;
    }

    Peer& add(GraphConfig config, SecurityProvider* security = nullptr) {
        peers_.push_back(
            std::make_unique<Peer>(peers_.size(), config, security, 1000 + peers_.size() * 7));
        return *peers_.back();
    }

    /// The founder, listening.
    Peer& found(SecurityProvider* security = nullptr) {
        Peer& peer = add(config("peer 0"), security);
        EXPECT_TRUE(peer.graph.create(now(), {}));
        listen(peer);
        return peer;
    }

    /// A node that joins at `to` and listens.
    Peer& join(const Peer& to, SecurityProvider* security = nullptr) {
        Peer& peer = add(config("peer " + std::to_string(peers_.size())), security);
        open(peer, to);
        return peer;
    }

    void open(Peer& peer, const Peer& to) {
        EXPECT_TRUE(peer.graph.open(now()));
        listen(peer);
        EXPECT_TRUE(peer.graph.connect(now(), address(to.index), std::nullopt));
        drain(peer);
    }

    void listen(Peer& peer) {
        const Endpoint at = address(peer.index);
        peer.graph.set_addresses(now(), std::span(&at, 1));
        drain(peer);
    }

    Now now() const { return {Instant(elapsed_), WallTime(kStart + ticks(elapsed_))}; }

    /// Lets `span` pass; bounded in steps.
    void run(Duration span) {
        const Duration until = elapsed_ + span;
        for (int step = 0; step < 2'000'000; ++step) {
            for (auto& peer : peers_)
                drain(*peer);
            Duration next = until;
            if (!traffic_.empty()) next = std::min(next, traffic_.begin()->first.first);
            for (auto& peer : peers_) {
                if (is_down(*peer)) continue;
                if (const auto due = peer->graph.next_timeout()) {
                    next = std::min(next, std::max(elapsed_, due->time_since_epoch()));
                }
            }
            elapsed_ = next;
            deliver();
            for (auto& peer : peers_) {
                if (is_down(*peer)) continue;
                const auto due = peer->graph.next_timeout();
                if (due && due->time_since_epoch() <= elapsed_) peer->graph.handle_timeout(now());
                drain(*peer);
            }
            if (elapsed_ >= until && (traffic_.empty() || traffic_.begin()->first.first > until)) {
                return;
            }
        }
        FAIL() << "the world does not come to rest";
    }

    /// Connections between two sides break and do not come back until `heal()`.
    void part(std::vector<std::size_t> side) {
        side_ = std::move(side);
        std::vector<std::pair<std::size_t, LinkId>> broken;
        for (const auto& [key, pipe] : pipes_) {
            if (!reaches(key.first, pipe.peer)) broken.push_back(key);
        }
        for (const auto& key : broken)
            break_pipe(key);
    }

    void heal() { side_.clear(); }

    /// The node stops without a word.
    void crash(Peer& peer) {
        down_.push_back(peer.index);
        std::vector<std::pair<std::size_t, LinkId>> broken;
        for (const auto& [key, pipe] : pipes_) {
            if (key.first == peer.index) broken.push_back(key);
        }
        for (const auto& key : broken)
            break_pipe(key);
    }

    /// A node that crashed comes back with its store and its address, and with nobody to call.
    Peer& restart(std::size_t index) {
        std::erase(down_, index);
        auto& at = peers_[index];
        at = std::make_unique<Peer>(*at, config("peer " + std::to_string(index)));
        EXPECT_TRUE(at->graph.open(now()));
        listen(*at);
        return *at;
    }

    std::size_t size() const { return peers_.size(); }
    Peer& operator[](std::size_t index) { return *peers_[index]; }

    std::size_t bytes_sent = 0;

private:
    struct Pipe {
        std::size_t peer = 0;
        LinkId link = 0;
    };
    struct Parcel {
        std::size_t to = 0;
        LinkId link = 0;
        enum class Kind : std::uint8_t { opened, bytes, closed } kind = Kind::bytes;
        Bytes bytes;
        std::size_t from = 0;
        LinkId from_link = 0;
    };

    static constexpr WallTime::duration kStart{133'000'000'000'000'000};

    static WallTime::duration ticks(Duration span) {
        return std::chrono::duration_cast<WallTime::duration>(span);
    }

    bool is_down(const Peer& peer) const {
        return std::ranges::find(down_, peer.index) != down_.end();
    }

    bool reaches(std::size_t a, std::size_t b) const {
        const auto on = [&](std::size_t it) { return std::ranges::find(side_, it) != side_.end(); };
        return on(a) == on(b);
    }

    void post(Parcel parcel) { traffic_[{elapsed_ + delay, ++order_}] = std::move(parcel); }

    void break_pipe(const std::pair<std::size_t, LinkId>& key) {
        const auto at = pipes_.find(key);
        if (at == pipes_.end()) return;
        const Pipe other = at->second;
        pipes_.erase(at);
        pipes_.erase({other.peer, other.link});
        post({key.first, key.second, Parcel::Kind::closed, {}, 0, 0});
        post({other.peer, other.link, Parcel::Kind::closed, {}, 0, 0});
    }

    void drain(Peer& peer) {
        if (is_down(peer)) return;
        peer.graph.commit(now());
        while (auto command = peer.graph.poll_link()) {
            std::visit(
                Overload{
                    [&](const OpenLink& open) { dial(peer, open); },
                    [&](SendBytes& send) { this->send(peer, std::move(send)); },
                    [&](const CloseLink& close) { hang_up(peer, close.link); },
                },
                *command);
        }
        bool needs_peers = false;
        while (auto event = peer.graph.poll_event()) {
            needs_peers |= std::holds_alternative<PeersNeeded>(*event);
            peer.events.push_back(std::move(*event));
        }
        if (needs_peers && answers_needs && peer.index != 0) {
            peer.graph.offer_peer(now(), address(0));
        }
    }

    void dial(Peer& peer, const OpenLink& open) {
        for (auto& other : peers_) {
            const bool is_there = address(other->index) == open.to && !is_down(*other) &&
                                  reaches(peer.index, other->index) && other->index != peer.index;
            if (!is_there) continue;
            const LinkId theirs = other->graph.take_link_id();
            pipes_[{peer.index, open.link}] = {other->index, theirs};
            pipes_[{other->index, theirs}] = {peer.index, open.link};
            post({other->index, theirs, Parcel::Kind::opened, {}, peer.index, open.link});
            post({peer.index, open.link, Parcel::Kind::opened, {}, peer.index, open.link});
            return;
        }
        post({peer.index, open.link, Parcel::Kind::closed, {}, 0, 0});
    }

    void send(Peer& peer, SendBytes send) {
        const auto at = pipes_.find({peer.index, send.link});
        const std::size_t size = send.bytes.size();
        bytes_sent += size;
        if (at == pipes_.end()) return;
        post(
            {at->second.peer,
             at->second.link,
             Parcel::Kind::bytes,
             std::move(send.bytes),
             peer.index,
             send.link});
    }

    void hang_up(Peer& peer, LinkId link) {
        const auto at = pipes_.find({peer.index, link});
        if (at == pipes_.end()) return;
        const Pipe other = at->second;
        pipes_.erase(at);
        pipes_.erase({other.peer, other.link});
        post({other.peer, other.link, Parcel::Kind::closed, {}, 0, 0});
    }

    void deliver() {
        while (!traffic_.empty() && traffic_.begin()->first.first <= elapsed_) {
            const Parcel parcel = std::move(traffic_.begin()->second);
            traffic_.erase(traffic_.begin());
            Peer& peer = *peers_[parcel.to];
            if (is_down(peer)) continue;
            switch (parcel.kind) {
            case Parcel::Kind::opened:
                if (parcel.from == parcel.to) {
                    peer.graph.handle_opened(now(), parcel.link);
                } else {
                    peer.graph.handle_accepted(
                        now(),
                        parcel.link,
                        {address(parcel.from).address,
                         static_cast<std::uint16_t>(50'000 + parcel.from_link)});
                }
                break;
            case Parcel::Kind::bytes:
                peer.graph.handle_bytes(now(), parcel.link, parcel.bytes);
                peers_[parcel.from]->graph.handle_sent(
                    now(), parcel.from_link, parcel.bytes.size());
                break;
            case Parcel::Kind::closed:
                peer.graph.handle_closed(now(), parcel.link);
                break;
            }
            drain(peer);
        }
    }

    std::vector<std::unique_ptr<Peer>> peers_;
    std::map<std::pair<std::size_t, LinkId>, Pipe> pipes_;
    std::map<std::pair<Duration, std::uint64_t>, Parcel> traffic_;
    std::vector<std::size_t> side_;
    std::vector<std::size_t> down_;
    Duration elapsed_ = std::chrono::hours(1);
    std::uint64_t order_ = 0;
};

/// `span` passes for `peer` alone.
inline Now later(const World& world, Peer& peer, Duration span) {
    Now now = world.now();
    now.instant += span;
    now.wall += std::chrono::duration_cast<WallTime::duration>(span);
    peer.graph.handle_timeout(now);
    return now;
}

inline std::uint64_t drops(const Peer& peer, DropReason reason) {
    return peer.graph.counters()[reason];
}

/// What the store has, in the order of records.
inline std::vector<store::IndexEntry> entries(const Peer& peer) {
    std::vector<store::IndexEntry> out;
    peer.store.index().visit(
        store::SyncKey::lowest(), store::SyncKey::highest(), [&](const store::IndexEntry& entry) {
            out.push_back(entry);
            return true;
        });
    return out;
}

/// Records of a type that are not deleted.
inline std::vector<store::Record> live(Peer& peer, const store::RecordType& type) {
    std::vector<store::Record> out;
    for (const store::IndexEntry& entry : entries(peer)) {
        if (entry.type == type && !entry.is_deleted) out.push_back(**peer.store.get(entry.id));
    }
    return out;
}

inline RecordChange payload_of(std::string_view text) {
    RecordChange change;
    change.payload = to_owned(as_bytes(text));
    return change;
}

inline NewRecord
note(std::string_view text, std::chrono::seconds lifetime = std::chrono::hours(1)) {
    NewRecord wish;
    wish.type = kNotes;
    wish.lifetime = lifetime;
    wish.payload = to_owned(as_bytes(text));
    return wish;
}

} // namespace kith::graph
