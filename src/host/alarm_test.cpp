#include "host/alarm.hpp"

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>

namespace kith::host {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

TEST(Alarm, RingsOnceAndNotBefore) {
    boost::asio::io_context loop;
    int rung = 0;
    Alarm alarm(loop, [&] { ++rung; });
    const auto when = Clock::now() + 30ms;
    alarm.set(when);
    for (int turn = 0; turn < 1000 && rung == 0; ++turn)
        loop.run_one_for(10ms);
    EXPECT_EQ(rung, 1);
    EXPECT_GE(Clock::now(), when);
    loop.run_for(50ms);
    EXPECT_EQ(rung, 1);
}

TEST(Alarm, WhatHasPassedRingsAtOnceAndAgain) {
    boost::asio::io_context loop;
    int rung = 0;
    Alarm alarm(loop, [&] { ++rung; });
    for (int i = 1; i <= 3; ++i) {
        alarm.set(Clock::now() - 1s);
        for (int turn = 0; turn < 1000 && rung < i; ++turn)
            loop.run_one_for(10ms);
        EXPECT_EQ(rung, i);
    }
    alarm.set(Clock::time_point{}); // long before the machine was up
    for (int turn = 0; turn < 1000 && rung < 4; ++turn)
        loop.run_one_for(10ms);
    EXPECT_EQ(rung, 4);
}

// What it is for: the loop sleeps through.
TEST(Alarm, PutOffDoesNotWakeTheLoop) {
    boost::asio::io_context loop;
    int rung = 0;
    Alarm alarm(loop, [&] { ++rung; });
    alarm.set(Clock::now() + 20ms);
    alarm.set(Clock::now() + 10min);
    EXPECT_EQ(loop.run_one_for(100ms), 0U) << "a handler ran";
    alarm.set(Clock::now() + 20ms);
    alarm.set(std::nullopt);
    EXPECT_EQ(loop.run_one_for(100ms), 0U);
    EXPECT_EQ(rung, 0);
}

TEST(Alarm, MayGoWhileItRings) {
    boost::asio::io_context loop;
    std::unique_ptr<Alarm> alarm;
    alarm = std::make_unique<Alarm>(loop, [&] { alarm.reset(); });
    alarm->set(Clock::now());
    loop.run_for(100ms);
    EXPECT_EQ(alarm, nullptr);
    alarm = std::make_unique<Alarm>(loop, [] { FAIL() << "of one that is gone"; });
    alarm->set(Clock::now());
    alarm.reset();
    loop.restart();
    loop.run_for(50ms);
}

} // namespace
} // namespace kith::host
