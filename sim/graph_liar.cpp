#include "sim/graph_liar.hpp"

#include "graph/record_codec.hpp"
#include "graph/wire_limits.hpp"
#include "sim/graph_fleet.hpp"
#include "sim/seed.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <utility>
#include <variant>

namespace kith::sim {

namespace {

using namespace std::chrono_literals;

constexpr Duration kTick = 100ms;
constexpr std::size_t kVictimsMax = 8;
constexpr std::size_t kVictimsWanted = 3;
constexpr std::uint64_t kDialEvery = 10;     // ticks
constexpr std::size_t kFlyingMax = 64 << 10; // bytes for one victim
constexpr std::size_t kRecordedMax = 500;    // records
constexpr std::size_t kOwnMax = 1000;        // valid records of one liar
constexpr std::size_t kReadsOneIn = 100;     // ticks, of a slow one
constexpr std::uint64_t kBytesPerTick = 1;   // of a slow one
constexpr std::size_t kMessageMax = 64 << 20;
constexpr std::uint32_t kVersionMax = 0xffffffffU;

const store::RecordType kLiarsType = Guid::from_halves(0x6b69746800000002U, 0x6c69617273000000U);

void put_u32(Bytes& bytes, std::size_t at, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i)
        bytes[at + i] = static_cast<std::byte>(value >> (24U - 8 * i) & 0xffU);
}

} // namespace

GraphLiar::Victim::Victim(Phase begin) : phase(begin), reader(kMessageMax) {}

GraphLiar::GraphLiar(const Origin& origin, const Endpoint& endpoint, Directory& directory, Now now)
    : origin_(origin),
      endpoint_(endpoint),
      directory_(directory),
      random_(derive_seed(origin.seed, Stream::liar, index_of(origin.host))),
      seals_(mix_bits(origin.seed)),
      node_(random_.next()),
      name_(fmt::format("liar-{}", index_of(origin.host))),
      next_(now.instant + kTick) {}

bool GraphLiar::is_reading(graph::LinkId /*link*/) const {
    return origin_.manner != GraphLie::slow || ticks_ % kReadsOneIn == 0;
}

// Links ------------------------------------------------------------------------------------------

void GraphLiar::handle_accepted(Now /*now*/, graph::LinkId link, const Endpoint& /*from*/) {
    const auto [place, is_new] = victims_.emplace(link, Victim(Phase::hello));
    place->second.is_incoming = true;
    if (victims_.size() > kVictimsMax) hang_up(link);
}

void GraphLiar::handle_opened(Now /*now*/, graph::LinkId link) {
    const auto found = victims_.find(link);
    if (found == victims_.end()) return;
    Victim& victim = found->second;
    graph::AuthInfo info;
    info.graph_id = kSimulatedGraph;
    info.source = name_;
    say(link, victim, info);
    victim.phase = Phase::greeting;
    if (origin_.is_secured) {
        victim.phase = Phase::seal;
        SealSession session(mix_bits(origin_.seed), true);
        say_bytes(link, victim, graph::frame_of(session.begin({}).reply));
    } else {
        introduce(link, victim);
    }
}

void GraphLiar::introduce(graph::LinkId link, Victim& victim) {
    graph::Connect connect;
    connect.wants_neighbours = true;
    connect.node = node_;
    connect.addresses = {endpoint_};
    connect.friendly_name = name_;
    say(link, victim, connect);
}

void GraphLiar::handle_bytes(Now now, graph::LinkId link, ByteView bytes) {
    const auto found = victims_.find(link);
    if (found == victims_.end()) return;
    if (!found->second.reader.feed(bytes)) {
        hang_up(link);
        return;
    }
    take_frames(now, link, found->second);
}

// What a provider protects travels as it is here: `SealSession` changes nothing.
void GraphLiar::take_frames(Now now, graph::LinkId link, Victim& victim) {
    for (;;) {
        if (victim.phase == Phase::seal) {
            const auto frame = victim.reader.poll_frame();
            if (!frame) return;
            SealSession session(mix_bits(origin_.seed), !victim.is_incoming);
            const auto step = session.feed(now, *frame);
            victim.phase = Phase::greeting;
            if (!step.reply.empty()) say_bytes(link, victim, graph::frame_of(step.reply));
            if (!victim.is_incoming) introduce(link, victim);
            continue;
        }
        const auto bytes = victim.reader.poll();
        if (!bytes) return;
        const auto message = graph::decode(*bytes);
        if (!message) continue;
        handle(now, link, victim, *message);
        if (!victims_.contains(link)) return;
    }
}

void GraphLiar::handle(Now now, graph::LinkId link, Victim& victim, const graph::Message& message) {
    const bool is_silent = origin_.manner == GraphLie::holds;
    if (std::holds_alternative<graph::AuthInfo>(message)) {
        victim.phase = origin_.is_secured ? Phase::seal : Phase::greeting;
    } else if (std::holds_alternative<graph::Connect>(message)) {
        if (victim.phase == Phase::joined) return;
        graph::Welcome welcome;
        welcome.node = node_;
        welcome.time.ticks = static_cast<std::uint64_t>(now.wall.time_since_epoch().count());
        welcome.peer_id = name_;
        say(link, victim, welcome);
        victim.phase = Phase::joined;
    } else if (std::holds_alternative<graph::Welcome>(message)) {
        victim.phase = Phase::joined;
    } else if (
        std::holds_alternative<graph::Refuse>(message) ||
        std::holds_alternative<graph::Disconnect>(message)) {
        hang_up(link);
    } else if (const auto* flood = std::get_if<graph::Flood>(&message)) {
        const auto record = graph::decode_record(flood->record, kSimulatedGraph, origin_.rules);
        if (!record) return;
        if (recorded_.size() < kRecordedMax) recorded_.push_back(flood->record);
        if (!is_silent) say(link, victim, graph::Ack{{{record->id, true, false}}});
    } else if (is_silent) {
        ++told_;
    } else if (std::holds_alternative<graph::SolicitHash>(message)) {
        say(link, victim, graph::Advertise{}); // all is the same here, of course
    } else if (
        std::holds_alternative<graph::SolicitNew>(message) ||
        std::holds_alternative<graph::SolicitTime>(message) ||
        std::holds_alternative<graph::Request>(message)) {
        ++told_;
        say(link, victim, graph::SyncEnd{});
    }
}

void GraphLiar::handle_sent(Now /*now*/, graph::LinkId link, std::size_t size) {
    const auto found = victims_.find(link);
    if (found != victims_.end()) found->second.flying -= size;
}

void GraphLiar::handle_closed(Now /*now*/, graph::LinkId link) {
    victims_.erase(link);
}

void GraphLiar::hang_up(graph::LinkId link) {
    if (victims_.erase(link) > 0) commands_.emplace_back(graph::CloseLink{link, false});
}

void GraphLiar::say(graph::LinkId link, Victim& victim, const graph::Message& message) {
    graph::FrameWriter writer;
    writer.push(graph::encode(message), graph::Stream::small);
    Bytes all;
    while (auto frame = writer.poll())
        all.insert(all.end(), frame->begin(), frame->end());
    say_bytes(link, victim, std::move(all));
}

void GraphLiar::say_bytes(graph::LinkId link, Victim& victim, Bytes bytes) {
    if (origin_.manner != GraphLie::slow || victim.phase != Phase::joined) {
        send(link, victim, std::move(bytes));
        return;
    }
    if (victim.unsent.size() < kFlyingMax) {
        victim.unsent.insert(victim.unsent.end(), bytes.begin(), bytes.end());
    }
}

void GraphLiar::send(graph::LinkId link, Victim& victim, Bytes bytes) {
    victim.flying += bytes.size();
    commands_.emplace_back(graph::SendBytes{link, std::move(bytes)});
}

bool GraphLiar::has_room(const Victim& victim) const {
    return victim.flying < kFlyingMax;
}

void GraphLiar::commit(Now /*now*/) {}

std::optional<graph::LinkCommand> GraphLiar::poll_link() {
    if (commands_.empty()) return std::nullopt;
    auto command = std::move(commands_.front());
    commands_.pop_front();
    return command;
}

// Lies -------------------------------------------------------------------------------------------

void GraphLiar::handle_timeout(Now now) {
    next_ = now.instant + kTick;
    ++ticks_;
    if (ticks_ % kDialEvery == 0 && victims_.size() < kVictimsWanted) {
        if (const auto found = directory_.somebody(origin_.host, random_)) {
            const graph::LinkId link = take_link_id();
            victims_.emplace(link, Victim(Phase::opening));
            commands_.emplace_back(graph::OpenLink{link, *found});
        }
    }
    std::vector<graph::LinkId> links;
    for (const auto& [link, victim] : victims_) {
        if (victim.phase == Phase::joined) links.push_back(link);
    }
    for (const graph::LinkId link : links) {
        const auto found = victims_.find(link);
        if (found != victims_.end() && has_room(found->second)) lie_to(now, link, found->second);
    }
}

void GraphLiar::lie_to(Now now, graph::LinkId link, Victim& victim) {
    ++victim.turns;
    switch (origin_.manner) {
    case GraphLie::floods:
        flood(now, link, victim);
        break;
    case GraphLie::sizes:
        lie_about_sizes(link, victim);
        break;
    case GraphLie::replays:
        replay(link, victim);
        break;
    case GraphLie::future:
        lie_about_time(now, link, victim);
        break;
    case GraphLie::holds:
        hold(link, victim);
        break;
    case GraphLie::slow: {
        const std::size_t size = std::min<std::size_t>(kBytesPerTick, victim.unsent.size());
        if (size == 0) break;
        const auto end = victim.unsent.begin() + static_cast<std::ptrdiff_t>(size);
        Bytes some(victim.unsent.begin(), end);
        victim.unsent.erase(victim.unsent.begin(), end);
        send(link, victim, std::move(some));
        ++told_;
        break;
    }
    case GraphLie::count:
        break;
    }
}

Bytes GraphLiar::own_record(Now now, std::int64_t ahead_s, std::uint32_t version) {
    constexpr std::int64_t kTicksPerSecond = 10'000'000;
    constexpr std::size_t kPayload = 1024;
    store::Record record;
    record.type = kLiarsType;
    record.id = graph::make_record_id(
        name_, Guid::from_halves(random_.next(), random_.next()), origin_.rules);
    record.version = version;
    record.creator = name_;
    if (version > 1) record.modifier = name_;
    const std::int64_t wall = now.wall.time_since_epoch().count();
    record.created.ticks = static_cast<std::uint64_t>(wall - 60 * kTicksPerSecond);
    record.modified = record.created;
    if (version > 1) record.modified.ticks += 1;
    if (ahead_s > 0) {
        record.created.ticks = static_cast<std::uint64_t>(wall + ahead_s * kTicksPerSecond);
        record.modified = record.created;
    }
    record.expires.ticks = record.modified.ticks + 3600 * kTicksPerSecond;
    record.payload.resize(kPayload);
    for (std::size_t i = 0; i < sizeof(std::uint64_t); ++i)
        record.payload[i] = static_cast<std::byte>(random_.below(256));
    if (origin_.is_secured) record.security = seals_.secure(record).value_or(Bytes{});
    return graph::encode_record(record, kSimulatedGraph, origin_.rules);
}

void GraphLiar::flood(Now now, graph::LinkId link, Victim& victim) {
    constexpr unsigned kNewOneIn = 4; // ticks
    constexpr std::size_t kAgain = 5;
    if (ticks_ % kNewOneIn == 0 && own_.size() < kOwnMax) own_.push_back(own_record(now, 0, 1));
    for (std::size_t i = 0; i < kAgain && !own_.empty(); ++i) {
        say(link, victim, graph::Flood{own_[random_.below(own_.size())]});
        ++told_;
    }
    graph::Pt2pt chatter;
    chatter.type = kLiarsType;
    chatter.data.resize(1024);
    say(link, victim, chatter);
    if (victim.turns % 5 != 0 || own_.empty()) return;
    Bytes broken = own_.back(); // its id is not its creator's
    broken[20] ^= std::byte{0xff};
    say(link, victim, graph::Flood{std::move(broken)});
    ++told_;
}

void GraphLiar::lie_about_sizes(graph::LinkId link, Victim& victim) {
    constexpr std::uint64_t kPatience = 20; // ticks as a good neighbour
    if (victim.turns < kPatience) return;
    const std::uint64_t which = random_.below(5);
    if (victim.turns > kPatience && which != 4) return; // one lie, then wait
    ++told_;
    Bytes message = graph::encode(graph::SyncEnd{});
    if (which == 0) {
        put_u32(message, 0, 0xffffffffU); // 4 GiB follow
        say_bytes(link, victim, graph::frame_of(message));
    } else if (which == 1) {
        say_bytes(link, victim, Bytes(2)); // a frame of nothing
    } else if (which == 2) {
        message = graph::encode(graph::Advertise{});
        put_u32(message, 12, 0xffffffffU); // so many abstracts
        say_bytes(link, victim, graph::frame_of(message));
    } else if (which == 3) {
        put_u32(message, 0, 4); // smaller than its header
        say_bytes(link, victim, graph::frame_of(message));
    } else {
        // A record of 16 MiB, of which a little comes in every tick.
        constexpr std::size_t kDribble = 1024;
        Bytes some(kDribble);
        if (victim.turns == kPatience) {
            put_u32(some, 0, 16U << 20U);
            some[4] = static_cast<std::byte>(graph::kMessageVersion);
            some[5] = static_cast<std::byte>(graph::MessageType::flood);
        }
        say_bytes(link, victim, graph::frame_of(some));
    }
}

void GraphLiar::replay(graph::LinkId link, Victim& victim) {
    constexpr std::size_t kReplays = 4;
    for (std::size_t i = 0; i < kReplays && !recorded_.empty(); ++i) {
        say(link, victim, graph::Flood{recorded_[random_.below(recorded_.size())]});
        ++told_;
    }
}

void GraphLiar::lie_about_time(Now now, graph::LinkId link, Victim& victim) {
    constexpr std::int64_t kDay = 86'400;
    constexpr std::uint64_t kEvery = 4; // ticks: below what ends a link
    if (victim.turns % kEvery != 0) return;
    say(link, victim, graph::Flood{own_record(now, kDay, 1)});
    say(link, victim, graph::Flood{own_record(now, 0, kVersionMax)});
    told_ += 2;
}

void GraphLiar::hold(graph::LinkId link, Victim& victim) {
    constexpr std::uint64_t kSolicitEvery = 5; // ticks
    if (victim.turns % kSolicitEvery != 0) return;
    ++told_;
    if (victim.turns % (2 * kSolicitEvery) == 0) {
        say(link, victim, graph::SolicitNew{});
        return;
    }
    graph::SolicitHash question;
    question.entries.push_back({{}, store::SyncKey::highest()});
    say(link, victim, question);
}

} // namespace kith::sim
