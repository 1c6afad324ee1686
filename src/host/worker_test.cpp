#include "host/worker.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <future>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace kith::host {
namespace {

TEST(Worker, works_beside_the_loop_in_order_and_reports_to_it) {
    boost::asio::io_context loop;
    const auto work = boost::asio::make_work_guard(loop);
    Worker worker(loop);
    const auto here = std::this_thread::get_id();
    std::vector<int> done;
    for (int i = 0; i < 5; ++i) {
        auto there = std::make_shared<std::thread::id>();
        ASSERT_TRUE(worker.run(
            [there] { *there = std::this_thread::get_id(); },
            [&, there, i] {
                EXPECT_NE(*there, here);
                EXPECT_EQ(std::this_thread::get_id(), here);
                done.push_back(i);
                if (i == 4) loop.stop();
            }));
    }
    loop.run_for(std::chrono::seconds(30));
    EXPECT_EQ(done, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(Worker, refuses_more_jobs_than_its_limit) {
    boost::asio::io_context loop;
    std::promise<void> started; // both outlive the thread that uses them
    std::promise<void> release;
    std::future<void> released = release.get_future();
    Worker worker(loop);
    ASSERT_TRUE(worker.run(
        [&] {
            started.set_value();
            released.wait();
        },
        [] {}));
    started.get_future().wait();
    for (std::size_t i = 0; i < kWorkerJobsMax; ++i)
        ASSERT_TRUE(worker.run([] {}, [] {}));
    EXPECT_FALSE(worker.run([] {}, [] {}));
    release.set_value();
}

} // namespace
} // namespace kith::host
