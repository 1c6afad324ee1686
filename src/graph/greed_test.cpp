// What a neighbour cannot make a node keep for it, or do for it at once: answers that it does not
// read, questions for everything, messages that do not end.

#include "graph/graph.hpp"
#include "graph/limits.hpp"
#include "graph/test_stranger.hpp"
#include "graph/test_world.hpp"
#include "wire/writer.hpp"

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;

const store::SyncKey kFirstKey = store::SyncKey::lowest();
const store::SyncKey kLastKey = store::SyncKey::highest();

void publish_notes(World& world, Peer& peer, std::size_t records, std::size_t size) {
    for (std::size_t i = 0; i < records; ++i)
        ASSERT_TRUE(peer.graph.add(world.now(), note(std::string(size, 'x'))));
    world.run(1ms);
}

/// A question that wants everything listed.
SolicitHash list_all() {
    SolicitHash question;
    question.flags = kSumsFlag;
    question.ranges.push_back({RangeKind::list, kLastKey});
    return question;
}

/// As much of the large message as fits, in frames.
Bytes beginning_of(std::size_t message_size, std::size_t bytes) {
    Bytes head;
    wire::Writer writer(head);
    writer(
        static_cast<std::uint32_t>(message_size),
        std::uint8_t{0x10},
        std::uint8_t{0x0B},
        std::uint16_t{0});
    head.resize(16'000);
    Bytes out;
    while (out.size() < bytes) {
        const Bytes frame = frame_of(head);
        out.insert(out.end(), frame.begin(), frame.end());
        std::ranges::fill(head, std::byte{0});
    }
    return out;
}

/// A neighbour that reads nothing of what it is sent.
struct Deaf : Stranger {
    Deaf(Peer& peer, Now now, const Capabilities& can = {}) : Stranger(peer.graph) {
        join(now, can);
        reads = false;
    }
};

TEST(GraphGreed, AcknowledgementsThatNobodyReadsEndTheLink) {
    World world;
    Peer& peer = world.found();
    const Now now = world.now();
    Deaf deaf(peer, now, Capabilities::all());
    const Flood known = flood_of(strangers_record(peer.graph, now, 1));
    const std::size_t before = peer.graph.memory();
    std::size_t most = 0;
    for (std::size_t i = 0; i < 100'000 && !deaf.is_closed; ++i) {
        deaf.say(now, known);
        if (i % 1000 == 0) most = std::max(most, peer.graph.memory());
    }
    EXPECT_TRUE(deaf.is_closed);
    EXPECT_EQ(drops(peer, DropReason::slow_reader), 1U);
    EXPECT_LE(most, before + 2 * kTalkMax);
    EXPECT_EQ(peer.graph.list(now, kNotes, "", 10)->size(), 1U);
}

TEST(GraphGreed, SignsOfLifeThatNobodyReadsEndTheLink) {
    World world;
    Peer& peer = world.found();
    const Now now = world.now();
    Deaf deaf(peer, now, Capabilities::all());
    Pt2pt ping;
    ping.type = *parse_guid("0ccbb0d2-be41-4bd6-914b-058ec5dcce64");
    ping.data = Bytes(8);
    deaf.say_until_closed(now, ping, 100'000);
    EXPECT_EQ(drops(peer, DropReason::slow_reader), 1U);
}

TEST(GraphGreed, WhoDoesNotReadAnswersAsksInVain) {
    World world;
    Peer& peer = world.found();
    publish_notes(world, peer, 5000, 10);
    Deaf deaf(peer, world.now(), Capabilities::all());
    const std::size_t before = peer.graph.memory();
    std::size_t asked = 0;
    for (; asked < kSolicitsMax && !deaf.is_closed; ++asked) {
        deaf.say(world.now(), list_all());
        EXPECT_LE(peer.graph.memory(), before + 2 * kAnswersMax);
    }
    EXPECT_TRUE(deaf.is_closed);
    EXPECT_LT(asked, 20U);
    EXPECT_EQ(drops(peer, DropReason::too_many_syncs), 1U);
}

TEST(GraphGreed, QuestionsThatWaitAreFew) {
    World world;
    Peer& peer = world.found();
    publish_notes(world, peer, 1000, 1000);
    Deaf deaf(peer, world.now());
    const std::size_t asked = deaf.say_until_closed(world.now(), SolicitNew{}, kSolicitsMax);
    EXPECT_TRUE(deaf.is_closed);
    EXPECT_LE(asked, kQuestionsMax + 2);
}

// Records are fetched as they leave, also large ones.
TEST(GraphGreed, WhoAsksForEverythingAndReadsNothingGetsOneRecordAtATime) {
    World world;
    Peer& peer = world.found();
    constexpr std::size_t kSize = 1'000'000;
    publish_notes(world, peer, 30, kSize);
    Deaf deaf(peer, world.now());
    deaf.say(world.now(), SolicitNew{});
    const auto links = peer.graph.links();
    ASSERT_EQ(links.size(), 1U);
    EXPECT_GT(links[0].queued, kSize);
    EXPECT_LE(links[0].queued, kWindow + kFillBelow + kSize + kChunk + 4096);
}

// And all of them, in order, when it reads.
TEST(GraphGreed, WhoAsksForLargeRecordsGetsAllOfThem) {
    World world;
    Peer& peer = world.found();
    publish_notes(world, peer, 10, 500'000);
    Stranger asker(peer.graph);
    asker.join(world.now());
    asker.say(world.now(), SolicitNew{});
    for (int i = 0; i < 100 && asker.count<SyncEnd>() == 0; ++i)
        asker.listen(world.now());
    EXPECT_EQ(asker.count<SyncEnd>(), 1U);
    EXPECT_GE(asker.count<Flood>(), 10U);
}

// A question for a type that no record has looks at every record: others have their turn between.
TEST(GraphGreed, QuestionsForNothingAreAnsweredInSlices) {
    World world;
    Peer& peer = world.found();
    publish_notes(world, peer, 20'000, 10);
    Stranger asker(peer.graph);
    asker.join(world.now());
    SolicitNew question;
    question.types.included = {*parse_guid("8d2a2f0e-5a25-4f6c-9a55-1b6b1c6f0002")};
    constexpr std::size_t kQuestions = 20;
    for (std::size_t i = 0; i < kQuestions; ++i)
        asker.say(world.now(), question);
    EXPECT_LT(asker.count<SyncEnd>(), kQuestions);
    int turns = 0;
    for (; turns < 1000 && asker.count<SyncEnd>() < kQuestions; ++turns) {
        const Now now = later(world, peer, (turns + 1) * kFillPause);
        asker.listen(now);
        const bool goes_on = peer.graph.next_timeout() <= now.instant + kFillPause;
        ASSERT_TRUE(goes_on || asker.count<SyncEnd>() == kQuestions);
    }
    EXPECT_GT(turns, 20);
    EXPECT_EQ(asker.count<SyncEnd>(), kQuestions);
}

TEST(GraphGreed, QuestionsOfTooManyRangesEndTheLink) {
    World world;
    Peer& peer = world.found();
    Stranger asker(peer.graph);
    asker.join(world.now());
    SolicitHash question;
    for (std::uint64_t i = 0; i <= kHashEntriesMax + 1; ++i)
        question.entries.push_back({{}, {store::PeerTime{i + 1}, {}}});
    asker.say(world.now(), question);
    EXPECT_TRUE(asker.is_closed);
    EXPECT_EQ(drops(peer, DropReason::too_many_syncs), 1U);
}

// A published question costs work for each record, and is counted by that.
TEST(GraphGreed, QuestionsThatCostMoreAreFewer) {
    World world;
    Peer& peer = world.found();
    publish_notes(world, peer, 3 * kFlatBelow, 1);
    Stranger asker(peer.graph);
    asker.join(world.now());
    SolicitHash question;
    question.entries.push_back({{}, kFirstKey});
    const std::size_t asked = asker.say_until_closed(world.now(), question, kSolicitsMax);
    EXPECT_TRUE(asker.is_closed);
    EXPECT_EQ(asked, kSolicitsMax / 4 + 1);
}

// Ranges that overlap, each with everything in it, are not looked at again and again.
TEST(GraphGreed, OverlappingAnswersAreOneAnswer) {
    World world;
    world.answers_needs = false;
    Peer& peer = world.found();
    publish_notes(world, peer, 1000, 10);
    Stranger liar(peer.graph);
    liar.be_joined(world.now(), Capabilities::all());
    ASSERT_TRUE(liar.heard<SolicitHash>());
    const std::size_t before = peer.graph.memory();
    Advertise answer;
    answer.flags = kWideFlag;
    for (int i = 0; i < 500; ++i)
        answer.boundaries.push_back({kFirstKey, kLastKey, 0});
    liar.say(world.now(), answer);
    EXPECT_TRUE(liar.heard<Request>()) << "the synchronisation goes on";
    EXPECT_LE(peer.graph.memory(), before + 100'000);
}

// Who begins messages and does not end them is the one who pays for it.
TEST(GraphGreed, MessagesThatDoNotEndAreBoundedTogether) {
    World world;
    Peer& peer = world.found();
    const Now now = world.now();
    constexpr std::size_t kEach = 50'000'000;
    std::vector<std::unique_ptr<Stranger>> liars;
    const auto join = [&](std::size_t bytes) -> Stranger& {
        liars.push_back(std::make_unique<Stranger>(peer.graph, 100 + liars.size()));
        liars.back()->join(now);
        const Bytes piece = beginning_of(60'000'000, bytes);
        for (std::size_t at = 0; at < piece.size(); at += kChunk) {
            liars.back()->say_bytes(
                now, ByteView(piece).subspan(at, std::min(kChunk, piece.size() - at)));
        }
        return *liars.back();
    };
    Stranger& honest = join(10'000'000);
    for (std::size_t i = 0; i < 6; ++i)
        join(kEach);
    EXPECT_GE(drops(peer, DropReason::unfinished), 1U);
    EXPECT_LE(peer.graph.memory(), kUnfinishedMax + 1024 * 1024);
    EXPECT_FALSE(honest.is_closed);
}

TEST(GraphGreed, DirectConnectionsCarryNoRecords) {
    World world;
    Peer& peer = world.found();
    peer.graph.accept_direct(true);
    const Now now = world.now();
    Stranger liar(peer.graph);
    liar.come(now, "a graph", LinkKind::direct);
    Connect connect;
    connect.node = 77;
    connect.is_direct = true;
    liar.say(now, connect);
    ASSERT_TRUE(liar.heard<Welcome>());
    liar.say_bytes(now, beginning_of(kDirectMessageMax + 1, 16'000));
    EXPECT_TRUE(liar.is_closed);
    EXPECT_EQ(drops(peer, DropReason::bad_frame), 1U);
}

} // namespace
} // namespace kith::graph
