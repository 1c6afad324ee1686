#include "sim/addresses.hpp"
#include "sim/stream_world.hpp"
#include "sim/testing/scripted_stream.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace kith::sim {
namespace {

using namespace std::chrono_literals;
using testing::TwoStreams;

StreamConfig lan() {
    return stream_config(Latency::lan);
}

StreamConfig lossless_wan() {
    StreamConfig config = stream_config(Latency::wan);
    config.loss = 0;
    return config;
}

TEST(StreamWorld, a_connection_takes_a_round_trip_and_is_known_to_both_ends) {
    TwoStreams both(lossless_wan());
    both.connect();
    EXPECT_EQ(both.diaries[0].opened.size(), 1U);
    EXPECT_EQ(both.diaries[1].accepted.size(), 1U);
    const Duration one_way = both.world.link().base_delay(host_id(0), host_id(1));
    EXPECT_GE(*both.diaries[0].opened_at - kStart, 2 * one_way);
    EXPECT_LE(*both.diaries[0].opened_at - kStart, 4 * one_way);
}

TEST(StreamWorld, bytes_arrive_in_their_order_in_both_directions_and_are_counted_as_sent) {
    StreamConfig config = stream_config(Latency::cellular); // with loss
    TwoStreams both(config);
    both.connect();
    std::string all;
    for (int i = 0; i < 200; ++i) {
        const std::string text = std::to_string(i) + " ";
        all += text;
        both.say(0, text);
        both.world.run_for(10ms);
    }
    both.say(1, "back");
    both.world.run_for(60s);
    EXPECT_EQ(both.diaries[1].heard, all);
    EXPECT_EQ(both.diaries[0].heard, "back");
    EXPECT_EQ(both.diaries[0].sent, all.size());
    EXPECT_TRUE(std::ranges::is_sorted(both.diaries[1].heard_at));
}

TEST(StreamWorld, nobody_listening_refuses) {
    TwoStreams both(lossless_wan());
    both.cores[1]->listens = false;
    both.connect();
    EXPECT_EQ(both.diaries[0].closed, std::vector<graph::LinkId>{1});
    EXPECT_EQ(both.world.traffic().refused, 1U);
    EXPECT_LT(*both.diaries[0].closed_at - kStart, 1s);
}

TEST(StreamWorld, a_host_without_power_is_not_reached_until_the_time_out) {
    TwoStreams both(lan());
    both.world.halt(host_id(1), Stop::power);
    both.connect();
    EXPECT_TRUE(both.diaries[0].closed.empty());
    both.world.run_for(lan().connects_within);
    EXPECT_EQ(both.diaries[0].closed.size(), 1U);
    EXPECT_EQ(both.world.traffic().unopened, 1U);
}

TEST(StreamWorld, what_is_closed_after_draining_has_all_arrived) {
    TwoStreams both(lan());
    both.connect();
    const std::string text(1 << 20, 'x'); // more than the kernel's buffer
    both.say(0, text);
    both.command(0, graph::CloseLink{1, true});
    both.world.run_for(10s);
    EXPECT_EQ(both.diaries[1].heard.size(), text.size());
    EXPECT_EQ(both.diaries[1].closed.size(), 1U);
    EXPECT_TRUE(both.diaries[0].closed.empty()); // who closes is not told
    EXPECT_EQ(both.world.connections(), 0U);
    EXPECT_FALSE(both.world.breach());
}

TEST(StreamWorld, a_process_that_ends_resets_its_connections) {
    TwoStreams both(lan());
    both.connect();
    both.world.halt(host_id(1), Stop::process);
    both.world.run_for(1s);
    EXPECT_EQ(both.diaries[0].closed.size(), 1U);
    EXPECT_EQ(both.world.connections(), 0U);
}

TEST(StreamWorld, a_lost_power_shows_only_when_something_is_sent_and_not_acknowledged) {
    TwoStreams both(lan());
    both.connect();
    both.world.halt(host_id(1), Stop::power);
    both.world.run_for(1h);
    EXPECT_TRUE(both.diaries[0].closed.empty());
    both.say(0, "anybody?");
    both.world.run_for(lan().gives_up_after - 1s);
    EXPECT_TRUE(both.diaries[0].closed.empty());
    both.world.run_for(2s);
    EXPECT_EQ(both.diaries[0].closed.size(), 1U);
}

TEST(StreamWorld, a_host_that_is_back_resets_what_it_does_not_know) {
    TwoStreams both(lan());
    both.connect();
    both.world.halt(host_id(1), Stop::power);
    both.boot(1);
    both.say(0, "still there?");
    both.world.run_for(1s);
    EXPECT_EQ(both.diaries[0].closed.size(), 1U);
    EXPECT_TRUE(both.diaries[1].heard.empty());
}

TEST(StreamWorld, bytes_wait_for_the_end_of_a_short_cut) {
    TwoStreams both(lan());
    both.connect();
    both.world.put(host_id(1), 1);
    both.world.cut();
    both.say(0, "hello");
    both.world.run_for(30s);
    EXPECT_TRUE(both.diaries[1].heard.empty());
    both.world.heal();
    both.world.run_for(40s); // the repetitions are far apart by now
    EXPECT_EQ(both.diaries[1].heard, "hello");
    EXPECT_TRUE(both.diaries[0].closed.empty());
}

TEST(StreamWorld, a_long_cut_breaks_the_end_that_waits_and_later_the_other) {
    TwoStreams both(lan());
    both.connect();
    both.world.put(host_id(1), 1);
    both.world.cut();
    both.say(0, "hello");
    both.world.run_for(lan().gives_up_after + 1s);
    EXPECT_EQ(both.diaries[0].closed.size(), 1U);
    EXPECT_TRUE(both.diaries[1].closed.empty());
    both.world.heal();
    both.world.run_for(1min);
    EXPECT_TRUE(both.diaries[1].closed.empty()); // has nothing to say, and so learns nothing
    both.say(1, "and you?");
    both.world.run_for(1s);
    EXPECT_EQ(both.diaries[1].closed.size(), 1U);
    EXPECT_EQ(both.world.connections(), 0U);
}

TEST(StreamWorld, nobody_connects_across_a_cut) {
    TwoStreams both(lan());
    both.world.put(host_id(1), 1);
    both.world.cut();
    both.command(0, graph::OpenLink{1, both.world.endpoint(host_id(1))});
    both.world.run_for(lan().connects_within + 1s);
    EXPECT_EQ(both.diaries[0].closed.size(), 1U);
    EXPECT_TRUE(both.diaries[1].accepted.empty());
}

TEST(StreamWorld, a_reader_that_does_not_read_holds_the_sender_back) {
    TwoStreams both(lan());
    both.connect();
    both.cores[1]->reads = false;
    const std::size_t buffer = lan().buffer;
    for (int i = 0; i < 4; ++i) {
        both.say(0, std::string(buffer / 2, 'x'));
        both.world.run_for(1s);
    }
    EXPECT_LE(both.diaries[0].sent, 2 * buffer);
    EXPECT_TRUE(both.diaries[1].heard.empty());
    both.cores[1]->reads = true;
    both.world.drain(host_id(1));
    both.world.run_for(5s);
    EXPECT_EQ(both.diaries[1].heard.size(), 2 * buffer);
    EXPECT_EQ(both.diaries[0].sent, 2 * buffer);
}

TEST(StreamWorld, a_core_that_hands_over_without_end_is_caught) {
    TwoStreams both(lan());
    both.connect();
    both.cores[1]->reads = false;
    for (int i = 0; i < 40; ++i)
        both.say(0, std::string(128 << 10, 'x'));
    ASSERT_TRUE(both.world.breach());
    EXPECT_EQ(both.world.breach()->what, "hands over without end on link 1");
}

// The last bytes and the end of a connection may come in one read: who closes at the bytes has done
// nothing wrong.
TEST(StreamWorld, bytes_and_the_end_behind_them_are_two_events) {
    TwoStreams both(lan());
    both.connect();
    const graph::LinkId theirs = both.diaries[1].accepted.at(0);
    both.cores[1]->answer = graph::CloseLink{theirs, false};
    both.cores[1]->reads = false;
    both.say(0, "goodbye");
    both.command(0, graph::CloseLink{1, true});
    both.world.run_for(1s);
    both.cores[1]->reads = true;
    both.world.drain(host_id(1));
    both.world.run_for(1s);
    EXPECT_EQ(both.diaries[1].heard, "goodbye");
    EXPECT_FALSE(both.world.breach());
}

TEST(StreamWorld, links_that_are_not_there_are_caught) {
    TwoStreams both(lan());
    both.command(0, graph::SendBytes{7, testing::bytes_of("x")});
    ASSERT_TRUE(both.world.breach());
    EXPECT_EQ(both.world.breach()->what, "sends on link 7, which it does not have");
}

TEST(StreamWorld, a_timeout_that_is_asked_for_again_at_once_is_caught) {
    TwoStreams both(lan());
    both.cores[0]->keeps_timeout = true;
    both.cores[0]->timeout = kStart + 1s;
    both.world.drain(host_id(0));
    EXPECT_FALSE(both.world.run_for(2s));
    EXPECT_EQ(both.world.breach()->what, "asks for a timeout that it has just been given");
}

TEST(StreamWorld, an_event_is_known_to_come_of_somebodys_bytes) {
    TwoStreams both(lan());
    both.connect();
    both.cores[1]->events.push_back(graph::DataReceived{});
    both.say(0, "look");
    both.world.run_for(1s);
    EXPECT_EQ(both.sink.last_from, host_id(0));
}

TEST(StreamWorld, one_seed_is_one_run) {
    const auto tell = [](std::uint64_t seed) {
        TwoStreams both(stream_config(Latency::cellular), seed);
        both.connect();
        for (int i = 0; i < 50; ++i) {
            both.say(0, "something");
            both.world.run_for(100ms);
        }
        both.world.run_for(60s);
        return both.world.trace_hash();
    };
    EXPECT_EQ(tell(1), tell(1));
    EXPECT_NE(tell(1), tell(2));
}

} // namespace
} // namespace kith::sim
