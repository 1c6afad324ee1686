#include "host/alarm.hpp"
#include "host/clocks.hpp"
#include "host/unique_fd.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <ctime>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <sched.h>
#include <string_view>

namespace kith::host {
namespace {

using namespace std::chrono_literals;

Instant instant_now() {
    return read_clocks().instant;
}

// Whether `body` holds on a machine that has been suspended for an hour since it booted: the child
// of a process with a time namespace. Nothing where this user may make none.
std::optional<bool> holds_after_a_suspension(const std::function<bool()>& body) {
    enum Exit : int { holds, fails, is_not_run };
    const auto exit_of = [](pid_t child) {
        int status = 0;
        const bool has_ended = ::waitpid(child, &status, 0) == child && WIFEXITED(status);
        return has_ended ? WEXITSTATUS(status) : static_cast<int>(fails);
    };
    const pid_t outer = ::fork();
    if (outer == 0) {
        constexpr std::string_view kOffset = "boottime 3600 0";
        if (::unshare(CLONE_NEWTIME) != 0) ::_exit(is_not_run);
        const UniqueFd offsets(::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC));
        const bool is_set = offsets && ::write(offsets.get(), kOffset.data(), kOffset.size()) ==
                                           static_cast<ssize_t>(kOffset.size());
        if (!is_set) ::_exit(is_not_run);
        const pid_t inner = ::fork();
        if (inner == 0) ::_exit(body() ? holds : fails);
        ::_exit(exit_of(inner));
    }
    const int result = exit_of(outer);
    return result == is_not_run ? std::nullopt : std::optional(result == holds);
}

// The neighbours of a node that sleeps do not wait for it.
TEST(Alarm, TimeGoesOnDuringASuspension) {
    const auto held = holds_after_a_suspension([] {
        timespec awake{};
        ::clock_gettime(CLOCK_MONOTONIC, &awake);
        const Instant before = instant_now();
        if (before - Instant(std::chrono::seconds(awake.tv_sec)) < 59min) return false;
        boost::asio::io_context loop;
        int rung = 0;
        Alarm alarm(loop, [&] { ++rung; });
        alarm.set(before + 10ms);
        for (int turn = 0; turn < 1000 && rung == 0; ++turn)
            loop.run_one_for(10ms);
        return rung == 1 && instant_now() - before < 1min;
    });
    if (!held) GTEST_SKIP() << "needs the right to make a time namespace";
    EXPECT_TRUE(*held);
}

TEST(Alarm, RingsOnceAndNotBefore) {
    boost::asio::io_context loop;
    int rung = 0;
    Alarm alarm(loop, [&] { ++rung; });
    const auto when = instant_now() + 30ms;
    alarm.set(when);
    for (int turn = 0; turn < 1000 && rung == 0; ++turn)
        loop.run_one_for(10ms);
    EXPECT_EQ(rung, 1);
    EXPECT_GE(instant_now(), when);
    loop.run_for(50ms);
    EXPECT_EQ(rung, 1);
}

TEST(Alarm, WhatHasPassedRingsAtOnceAndAgain) {
    boost::asio::io_context loop;
    int rung = 0;
    Alarm alarm(loop, [&] { ++rung; });
    for (int i = 1; i <= 3; ++i) {
        alarm.set(instant_now() - 1s);
        for (int turn = 0; turn < 1000 && rung < i; ++turn)
            loop.run_one_for(10ms);
        EXPECT_EQ(rung, i);
    }
    alarm.set(Instant{}); // long before the machine was up
    for (int turn = 0; turn < 1000 && rung < 4; ++turn)
        loop.run_one_for(10ms);
    EXPECT_EQ(rung, 4);
}

// What it is for: the loop sleeps through.
TEST(Alarm, PutOffDoesNotWakeTheLoop) {
    boost::asio::io_context loop;
    int rung = 0;
    Alarm alarm(loop, [&] { ++rung; });
    alarm.set(instant_now() + 20ms);
    alarm.set(instant_now() + 10min);
    EXPECT_EQ(loop.run_one_for(100ms), 0U) << "a handler ran";
    alarm.set(instant_now() + 20ms);
    alarm.set(std::nullopt);
    EXPECT_EQ(loop.run_one_for(100ms), 0U);
    EXPECT_EQ(rung, 0);
}

TEST(Alarm, MayGoWhileItRings) {
    boost::asio::io_context loop;
    std::unique_ptr<Alarm> alarm;
    alarm = std::make_unique<Alarm>(loop, [&] { alarm.reset(); });
    alarm->set(instant_now());
    loop.run_for(100ms);
    EXPECT_EQ(alarm, nullptr);
    alarm = std::make_unique<Alarm>(loop, [] { FAIL() << "of one that is gone"; });
    alarm->set(instant_now());
    alarm.reset();
    loop.restart();
    loop.run_for(50ms);
}

} // namespace
} // namespace kith::host
