// The seam for an application's own rules: who connects, and which records count.

#include "graph/graph.hpp"
#include "graph/limits.hpp"
#include "graph/security.hpp"
#include "graph/test_world.hpp"
#include "graph/wire_limits.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;

/// Both ends say a word to each other; frames travel with every bit turned.
class WordSession final : public SecuritySession {
public:
    WordSession(std::string word, bool is_initiator, const bool& is_deaf)
        : word_(std::move(word)),
          is_initiator_(is_initiator),
          is_deaf_(is_deaf) {}

    SecurityStep begin(Now) override {
        SecurityStep step;
        if (is_initiator_) step.reply = to_owned(as_bytes(word_));
        return step;
    }

    SecurityStep feed(Now, ByteView bytes) override {
        SecurityStep step;
        step.has_failed = as_text(bytes) != word_;
        step.is_done = !step.has_failed;
        if (step.is_done && !is_initiator_) step.reply = to_owned(as_bytes(word_));
        return step;
    }

    bool is_peer(const std::string& peer_id) override { return peer_id != "banned"; }

    std::optional<Bytes> protect(ByteView plain) override {
        if (as_text(plain).contains("swell")) return Bytes(kFrameAccepted + 1);
        if (as_text(plain).contains("vanish")) return Bytes{};
        return turned(plain);
    }
    std::optional<Bytes> unprotect(ByteView wire) override {
        if (is_deaf_) return std::nullopt;
        return turned(wire);
    }

private:
    static Bytes turned(ByteView bytes) {
        Bytes out = to_owned(bytes);
        for (std::byte& b : out)
            b = ~b;
        return out;
    }

    std::string word_;
    bool is_initiator_;
    const bool& is_deaf_;
};

class WordProvider final : public SecurityProvider {
public:
    explicit WordProvider(std::string word) : word_(std::move(word)) {}

    bool is_deaf = false; // opens no frame

    std::unique_ptr<SecuritySession> start(Now, bool is_initiator, const AuthInfo& info) override {
        if (info.source == "banned") return nullptr;
        return std::make_unique<WordSession>(word_, is_initiator, is_deaf);
    }

    std::optional<Bytes> secure(const store::Record& record) override {
        const std::string_view text = as_text(record.payload);
        if (text == "unsayable" || (text == "fading" && record.version > 1)) return std::nullopt;
        if (text == "heavy") return Bytes(kSecurityDataMax + 1);
        return to_owned(as_bytes("sealed"));
    }

    Verdict validate(const store::Record& record) override {
        ++judged;
        if (as_text(record.security) != "sealed") return Verdict::invalid;
        if (as_text(record.payload) == "bad" || as_text(record.payload) == hated) {
            return Verdict::invalid;
        }
        if (as_text(record.payload) == "later" && !knows_more) return Verdict::defer;
        return Verdict::valid;
    }

    bool knows_more = false;
    std::string hated = "bad"; // a payload
    int judged = 0;

private:
    std::string word_;
};

/// Two members that know the same word.
class GraphSecurityPair : public ::testing::Test {
protected:
    void SetUp() override {
        world.run(2s);
        ASSERT_TRUE(joiner.graph.status().is_synchronized);
    }

    World world;
    WordProvider ours{"sesame"};
    WordProvider theirs{"sesame"};
    Peer& founder = world.found(&ours);
    Peer& joiner = world.join(founder, &theirs);
};

// GRAPH-214, GRAPH-257, GRAPH-266, GRAPH-267; GRAPH-136 to GRAPH-138: what comes before the
// sessions
// are done is theirs, and what they answer is sent.
TEST_F(GraphSecurityPair, SameWordMeetsAndRecordsAreSecured) {
    const auto id = founder.graph.add(world.now(), note("good"));
    world.run(1s);
    const auto record = joiner.graph.get(world.now(), *id);
    ASSERT_TRUE(record);
    EXPECT_EQ(as_text(record->security), "sealed");
    EXPECT_GT(theirs.judged, 0);
}

// GRAPH-144: a frame that the session does not open is dropped, and the link stays.
TEST_F(GraphSecurityPair, FrameThatDoesNotOpenIsDropped) {
    theirs.is_deaf = true;
    const auto id = founder.graph.add(world.now(), note("unheard"));
    world.run(1s);
    EXPECT_FALSE(joiner.graph.get(world.now(), *id));
    EXPECT_EQ(joiner.graph.links().size(), 1U);
    EXPECT_EQ(founder.graph.links().size(), 1U);
}

// GRAPH-106, GRAPH-136, GRAPH-138: a session that fails ends the connection, and two graphs of one
// name do not merge.
TEST(GraphSecurity, AnotherWordIsRefused) {
    World world;
    WordProvider ours("sesame");
    WordProvider theirs("barley");
    Peer& founder = world.found(&ours);
    Peer& joiner = world.join(founder, &theirs);
    world.run(5s);
    EXPECT_FALSE(joiner.graph.status().is_synchronized);
    EXPECT_GE(drops(founder, DropReason::not_authenticated), 1U);
    EXPECT_TRUE(founder.graph.links().empty());
}

TEST(GraphSecurity, BannedPeerIsRefusedByItsName) {
    World world;
    WordProvider ours("sesame");
    WordProvider theirs("sesame");
    Peer& founder = world.found(&ours);
    Peer& banned = world.add(World::config("banned"), &theirs);
    world.open(banned, founder);
    world.run(5s);
    EXPECT_FALSE(banned.graph.status().is_synchronized);
}

// Who opens a connection learns last whom it leads to.
TEST(GraphSecurity, BannedPeerIsLeftByWhoCalled) {
    World world;
    world.answers_needs = false;
    WordProvider ours("sesame");
    WordProvider theirs("sesame");
    Peer& banned = world.add(World::config("banned"), &ours);
    ASSERT_TRUE(banned.graph.create(world.now(), {}));
    world.listen(banned);
    Peer& caller = world.join(banned, &theirs);
    world.run(5s);
    EXPECT_FALSE(caller.graph.status().is_synchronized);
    EXPECT_EQ(drops(caller, DropReason::not_authenticated), 1U);
}

// GRAPH-144: what protects a frame keeps to its limits, or the frame is dropped.
TEST_F(GraphSecurityPair, FrameThatDoesNotFitOnceProtectedIsDropped) {
    const auto large = founder.graph.add(world.now(), note("to swell"));
    const auto empty = founder.graph.add(world.now(), note("to vanish"));
    world.run(1s);
    EXPECT_FALSE(joiner.graph.get(world.now(), *large));
    EXPECT_FALSE(joiner.graph.get(world.now(), *empty));
    EXPECT_EQ(joiner.graph.links().size(), 1U);
}

TEST(GraphSecurity, RecordWithTooMuchSecurityDataIsRefused) {
    World world;
    WordProvider provider("sesame");
    Peer& founder = world.found(&provider);
    EXPECT_EQ(founder.graph.add(world.now(), note("heavy")).error(), GraphErrc::refused);
}

// A node that is not to renew one record renews the others, however many are not.
TEST(GraphSecurity, RefusedRenewalHoldsUpNoOther) {
    World world;
    WordProvider provider("sesame");
    Peer& founder = world.found(&provider);
    NewRecord fading = note("fading");
    fading.refreshes = true;
    fading.lifetime = 240s;
    for (std::size_t i = 0; i <= kSlice; ++i)
        ASSERT_TRUE(founder.graph.add(world.now(), fading));
    world.run(10ms);
    NewRecord lasting = fading;
    lasting.payload = to_owned(as_bytes("lasting"));
    const auto id = founder.graph.add(world.now(), lasting);
    world.run(480s);
    EXPECT_TRUE(founder.graph.get(world.now(), *id));
}

// MS-PPGRH 3.1.4.2: records are judged again when they are loaded. What is deferred stays.
TEST(GraphSecurity, StoredRecordsStayWhileTheyAreDeferred) {
    World world;
    WordProvider provider("sesame");
    Peer& founder = world.found(&provider);
    const auto later = founder.graph.add(world.now(), note("later"));
    const auto good = founder.graph.add(world.now(), note("good"));
    founder.graph.close(world.now());
    ASSERT_TRUE(founder.graph.commit(world.now()));
    provider.hated = "good";
    Graph again(World::config("peer 0"), founder.store, &provider, founder.secure, founder.plain);
    ASSERT_TRUE(again.open(world.now()));
    EXPECT_TRUE(again.get(world.now(), *later));
    EXPECT_FALSE(again.get(world.now(), *good));
    again.validate_deferred(world.now());
    EXPECT_TRUE(again.get(world.now(), *later));
    provider.hated = "later";
    again.validate_deferred(world.now());
    EXPECT_FALSE(again.get(world.now(), *later));
}

// GRAPH-093, GRAPH-127, GRAPH-266, GRAPH-268.
TEST_F(GraphSecurityPair, RecordsAreRejectedOrDeferred) {
    EXPECT_EQ(founder.graph.add(world.now(), note("unsayable")).error(), GraphErrc::refused);
    const auto bad = founder.graph.add(world.now(), note("bad"));
    const auto later = founder.graph.add(world.now(), note("later"));
    world.run(1s);
    EXPECT_FALSE(joiner.graph.get(world.now(), *bad));
    EXPECT_FALSE(joiner.graph.get(world.now(), *later));
    EXPECT_EQ(drops(joiner, DropReason::rejected_record), 1U);
    theirs.knows_more = true;
    joiner.graph.validate_deferred(world.now());
    world.run(1s);
    EXPECT_TRUE(joiner.graph.get(world.now(), *later));
    EXPECT_FALSE(joiner.graph.get(world.now(), *bad));
}

} // namespace
} // namespace kith::graph
