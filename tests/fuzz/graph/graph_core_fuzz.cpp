// A whole graph under a stream of link events, bytes, messages, commands and instants read from the
// input. Its contract holds after every step: it asks for nothing of links that are gone, its
// memory
// is bounded, time that was handled is not due again, and what it holds are sound records.

#include "../input.hpp"
#include "base/check.hpp"
#include "graph/capabilities.hpp"
#include "graph/frame.hpp"
#include "graph/graph.hpp"
#include "graph/wire_limits.hpp"
#include "store/memory_store.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace kith;
using namespace kith::graph;
using fuzz::Input;

constexpr std::size_t kStepsMax = 300;
constexpr std::size_t kOutputMax = 100'000; // commands for one step; more is a storm
constexpr std::size_t kOpenMax = 12;        // links at once
constexpr std::size_t kMemoryMax = 48U * 1024 * 1024;

Endpoint node_at(std::size_t number) {
    return {Address::v4(0x0A00'0001U + static_cast<std::uint32_t>(number)), 4000};
}

const store::RecordType kNotes = *parse_guid("8d2a2f0e-5a25-4f6c-9a55-1b6b1c6f0001");

class Run {
public:
    explicit Run(Input input)
        : input_(input),
          secure_(1),
          plain_(2),
          store_(store::Rules::modern),
          graph_(config(), store_, nullptr, secure_, plain_) {
        if (input_.coin()) {
            GraphInfo info;
            info.defers_expiration = input_.coin();
            KITH_CHECK(graph_.create(now_, info).has_value());
        } else {
            KITH_CHECK(graph_.open(now_).has_value());
        }
        const Endpoint own = node_at(0);
        graph_.set_addresses(now_, std::span(&own, 1));
        drain();
    }

    void go() {
        for (std::size_t i = 0; i < kStepsMax && !input_.empty(); ++i) {
            step();
            drain();
            KITH_CHECK(graph_.memory() <= kMemoryMax);
        }
        pass(std::chrono::seconds(70));
        graph_.close(now_);
        drain();
        KITH_CHECK(!graph_.next_timeout());
    }

private:
    struct Wire {
        FrameWriter writer;
        bool is_opened = false;
        bool speaks = true; // has said nothing that is out of order
    };

    static GraphConfig config() {
        GraphConfig config;
        config.graph_id = "g";
        config.peer_id = "me";
        config.accepts_direct = true;
        return config;
    }

    void step() {
        switch (input_.below(12)) {
        case 0:
            return accept();
        case 1:
            return meet();
        case 2:
            return bytes(input_.some(2000));
        case 3:
        case 4:
        case 5:
        case 6:
            return message(any_message());
        case 7:
            return command();
        case 8:
            return pass(std::chrono::milliseconds(input_.number16()));
        case 9:
            return pass(std::chrono::seconds(input_.number16()));
        case 10:
            return opened();
        default:
            return closed();
        }
    }

    // Links ----------------------------------------------

    LinkId any_link() {
        if (wires_.empty()) return 0;
        auto at = wires_.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(input_.below(wires_.size())));
        return at->first;
    }

    void accept() {
        if (wires_.size() >= kOpenMax) return;
        const LinkId id = graph_.take_link_id();
        wires_[id].is_opened = true;
        graph_.handle_accepted(now_, id, node_at(input_.below(200)));
    }

    /// A neighbour, or a direct connection, as far as the graph takes it.
    void meet() {
        if (wires_.size() >= kOpenMax) return;
        accept();
        drain();
        if (wires_.empty()) return;
        const LinkId id = wires_.rbegin()->first;
        send(id, AuthInfo{LinkKind::neighbour, "g", "them", std::nullopt});
        Connect connect;
        connect.node = 100 + input_.below(30);
        connect.is_direct = input_.below(8) == 0;
        connect.wants_neighbours = input_.coin();
        connect.addresses = {node_at(input_.below(30))};
        if (input_.coin()) {
            connect.capabilities = write_greeting({{false, true, true, true}, std::nullopt});
        }
        send(id, connect);
    }

    void opened() {
        const LinkId id = any_link();
        const auto at = wires_.find(id);
        if (at == wires_.end() || at->second.is_opened) return;
        at->second.is_opened = true;
        graph_.handle_opened(now_, id);
        drain();
        if (input_.coin() && wires_.contains(id)) {
            Welcome welcome;
            welcome.node = 100 + input_.below(30);
            welcome.time = peer_time(input_.byte());
            welcome.peer_id = "them";
            welcome.addresses = {node_at(input_.below(30))};
            send(id, welcome);
        }
    }

    void closed() {
        const LinkId id = any_link();
        if (id == 0) return;
        wires_.erase(id);
        graph_.handle_closed(now_, id);
    }

    void bytes(const Bytes& raw) {
        const LinkId id = any_link();
        if (id == 0 || !wires_[id].is_opened) return;
        graph_.handle_bytes(now_, id, raw);
    }

    void message(const Message& message) { send(any_link(), message); }

    void send(LinkId id, const Message& message) {
        const auto at = wires_.find(id);
        if (at == wires_.end() || !at->second.is_opened) return;
        at->second.writer.push(encode(message), Stream::small);
        while (auto frame = at->second.writer.poll()) {
            graph_.handle_bytes(now_, id, *frame);
            drain();
            if (!wires_.contains(id)) return;
        }
    }

    // What is said ---------------------------------------

    store::PeerTime peer_time(std::uint8_t choice) {
        return graph_.peer_time(now_.wall).plus(std::chrono::seconds((choice - 128) * 20));
    }

    store::SyncKey any_key() {
        if (input_.below(4) == 0) return store::SyncKey::highest();
        return {peer_time(input_.byte()), Guid::from_halves(input_.byte(), 0)};
    }

    store::Record any_record() {
        static const store::RecordType kTypes[] = {
            kNotes, kNotes, kGraphInfoType, kSignatureType, kContactType, kPresenceType};
        store::Record record;
        record.type = kTypes[input_.below(6)];
        record.creator = input_.coin() ? "them" : "me";
        record.id = make_record_id(
            record.creator, Guid::from_halves(input_.below(12), 7), store::Rules::modern);
        if (record.type == kGraphInfoType) record.id = kGraphInfoId;
        if (record.type == kSignatureType) record.id = kSignatureId;
        record.version = 1 + input_.byte() % 9;
        if (record.version > 1) record.modifier = input_.coin() ? "a" : "b";
        record.created = graph_.peer_time(now_.wall).plus(-std::chrono::seconds(input_.byte()));
        record.modified = record.modifier.empty()
                              ? record.created
                              : record.created.plus(std::chrono::seconds(input_.byte()));
        record.expires = record.modified.plus(std::chrono::seconds(1 + input_.number16()));
        record.is_deleted = input_.below(6) == 0;
        if (record.is_deleted) return record;
        if (record.type == kNotes) record.payload = Bytes(input_.number16());
        if (record.type == kSignatureType) record.payload = encode_signature(input_.byte());
        if (record.type == kContactType) {
            record.payload = encode_contact(
                {input_.byte(), 100 + input_.below(30), {node_at(input_.below(30))}});
        }
        if (record.type == kPresenceType) {
            record.payload =
                encode_presence({100 + input_.below(30), "", {node_at(input_.below(30))}});
        }
        if (record.type == kGraphInfoType) {
            GraphInfo info;
            info.graph_id = "g";
            info.creator = "them";
            info.presence_max = input_.coin() ? 0xFFFF'FFFF : input_.byte();
            info.record_max = input_.coin() ? 0 : 1024 + input_.number16();
            record.payload = encode_graph_info(info);
        }
        return record;
    }

    std::vector<RecordAbstract> any_abstracts(bool is_wide) {
        std::vector<RecordAbstract> out(input_.below(20));
        for (RecordAbstract& abstract : out) {
            abstract.id = make_record_id(
                "them", Guid::from_halves(input_.below(12), 7), store::Rules::modern);
            abstract.version = input_.byte();
            if (is_wide) abstract.digest = ByteArray<16>{};
        }
        return out;
    }

    std::vector<SyncRange> any_ranges() {
        std::vector<SyncRange> out;
        for (std::size_t i = input_.below(20); i-- > 0;) {
            SyncRange range{static_cast<RangeKind>(input_.below(3)), any_key()};
            if (input_.below(8) == 0) range.upper = store::SyncKey::highest();
            if (range.kind == RangeKind::sum)
                range.hash.fill(static_cast<std::byte>(input_.byte()));
            if (out.empty() || out.back().upper < range.upper) out.push_back(range);
        }
        return out;
    }

    TypeFilter any_types() {
        switch (input_.below(4)) {
        case 0:
            return {{kNotes}, {}};
        case 1:
            return {{}, {kNotes, kPresenceType}};
        default:
            return {};
        }
    }

    Message any_message() {
        switch (input_.below(16)) {
        case 0:
            return Disconnect{DisconnectReason::leaving, {node_at(input_.below(30))}};
        case 1:
            return Refuse{RefuseCode::busy, {node_at(input_.below(30))}};
        case 2:
            return SolicitNew{any_types()};
        case 3:
            return SolicitTime{any_types(), peer_time(input_.byte())};
        case 4: {
            SolicitHash solicit;
            if (input_.coin()) {
                solicit.flags = kSumsFlag;
                solicit.ranges = any_ranges();
                return solicit;
            }
            for (std::size_t i = input_.below(20); i-- > 0;) {
                HashEntry entry;
                entry.hash.fill(static_cast<std::byte>(input_.coin() ? 0xFF : input_.byte()));
                entry.upper = any_key();
                solicit.entries.push_back(entry);
            }
            return solicit;
        }
        case 5:
        case 6: {
            Advertise advert;
            const bool is_wide = input_.coin();
            if (is_wide) advert.flags = kWideFlag;
            if (input_.coin()) {
                advert.flags |= kRangesFlag;
                advert.ranges = any_ranges();
                for (SyncRange& range : advert.ranges)
                    if (range.kind == RangeKind::list) range.count = input_.byte() % 10U;
                advert.abstracts = any_abstracts(is_wide);
                return advert;
            }
            for (std::size_t i = input_.below(4); i-- > 0;) {
                advert.boundaries.push_back({any_key(), any_key(), input_.number16()});
            }
            advert.abstracts = any_abstracts(is_wide);
            return advert;
        }
        case 7:
            return Request{any_abstracts(false), input_.coin()};
        case 8:
            return SyncEnd{input_.coin()};
        case 9:
            return Pt2pt{input_.coin() ? kNotes : Guid{}, input_.some(500)};
        case 10: {
            Ack ack;
            for (const RecordAbstract& abstract : any_abstracts(false)) {
                ack.entries.push_back({abstract.id, input_.coin(), input_.coin()});
            }
            return ack;
        }
        case 11:
            return Flood{input_.some(300)};
        default:
            return Flood{encode_record(any_record(), "g", store::Rules::modern)};
        }
    }

    void command() {
        switch (input_.below(8)) {
        case 0: {
            NewRecord wish;
            wish.type = kNotes;
            wish.lifetime = std::chrono::seconds(input_.number16());
            wish.refreshes = input_.coin();
            wish.payload = Bytes(input_.number16());
            if (const auto id = graph_.add(now_, wish)) own_.push_back(*id);
            return;
        }
        case 1: {
            if (own_.empty()) return;
            RecordChange change;
            change.payload = Bytes(input_.byte());
            if (input_.coin()) change.lifetime = std::chrono::seconds(input_.number16());
            (void)graph_.update(now_, own_[input_.below(own_.size())], change);
            return;
        }
        case 2:
            if (!own_.empty()) (void)graph_.remove(now_, own_[input_.below(own_.size())]);
            return;
        case 3:
            (void)graph_.connect(now_, node_at(input_.below(30)), std::nullopt);
            return;
        case 4:
            graph_.offer_peer(now_, node_at(input_.below(30)));
            return;
        case 5:
            graph_.disconnect(now_, any_link());
            return;
        case 6: {
            const std::vector<Endpoint> own(input_.below(3), node_at(input_.below(3)));
            graph_.set_addresses(now_, own);
            return;
        }
        default:
            (void)graph_.connect_direct(now_, node_at(input_.below(30)), std::nullopt);
            return;
        }
    }

    // Time and output ------------------------------------

    void pass(Duration span) {
        const Instant end = now_.instant + span;
        for (int i = 0; i < 1000; ++i) {
            const auto due = graph_.next_timeout();
            const Instant next = due ? std::max(*due, now_.instant) : end;
            if (next >= end) break;
            move_to(next);
            graph_.handle_timeout(now_);
            drain();
            const auto after = graph_.next_timeout();
            KITH_CHECK(!after || *after > now_.instant);
        }
        move_to(end);
        graph_.handle_timeout(now_);
        drain();
    }

    void move_to(Instant to) {
        now_.wall += std::chrono::duration_cast<WallTime::duration>(to - now_.instant);
        now_.instant = to;
    }

    void drain() {
        graph_.commit(now_);
        std::size_t commands = 0;
        while (auto command = graph_.poll_link()) {
            KITH_CHECK(++commands <= kOutputMax);
            if (const auto* open = std::get_if<OpenLink>(&*command)) {
                KITH_CHECK(!wires_.contains(open->link));
                wires_[open->link] = {};
            } else if (const auto* sent = std::get_if<SendBytes>(&*command)) {
                KITH_CHECK(!sent->bytes.empty());
                // A reader now and then: the rest of the bytes never leaves.
                if (wires_.contains(sent->link) && sent->link % 3 != 0) {
                    graph_.handle_sent(now_, sent->link, sent->bytes.size());
                }
            } else {
                wires_.erase(std::get<CloseLink>(*command).link);
            }
        }
        while (auto event = graph_.poll_event()) {
            const auto* change = std::get_if<RecordChanged>(&*event);
            if (change == nullptr || change->kind == RecordChangeKind::expired) continue;
            const auto record = store_.get(change->id);
            KITH_CHECK(record.has_value());
            if (!*record) continue; // expired since
            KITH_CHECK(validate_record(**record, 0, store::Rules::modern).has_value());
        }
    }

    Input input_;
    Now now_{Instant(std::chrono::hours(1)), WallTime(WallTime::duration(133'000'000'000'000'000))};
    SeededSecureRandom secure_;
    SeededRandom plain_;
    store::MemoryStore store_;
    Graph graph_;
    std::map<LinkId, Wire> wires_;
    std::vector<store::RecordId> own_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Run(Input({data, size})).go();
    return 0;
}
