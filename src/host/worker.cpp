#include "host/worker.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace kith::host {

struct Worker::State {
    struct Job {
        std::function<void()> job;
        std::function<void()> done;
    };

    explicit State(boost::asio::io_context& io) : loop(io), thread([this] { work(); }) {}

    void work() {
        std::unique_lock lock(mutex);
        while (true) {
            wake.wait(lock, [this] { return stops || !jobs.empty(); });
            if (stops) return;
            Job next = std::move(jobs.front());
            jobs.pop_front();
            lock.unlock();
            next.job();
            next.job = nullptr; // what it captured goes here, not on the loop
            boost::asio::post(loop, std::move(next.done));
            lock.lock();
        }
    }

    boost::asio::io_context& loop;
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Job> jobs;
    bool stops = false;
    std::thread thread; // last: it uses all of the above
};

Worker::Worker(boost::asio::io_context& loop) : state_(std::make_unique<State>(loop)) {}

Worker::~Worker() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->stops = true;
    }
    state_->wake.notify_one();
    state_->thread.join();
}

bool Worker::run(std::function<void()> job, std::function<void()> done) {
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->jobs.size() >= kWorkerJobsMax) return false;
        state_->jobs.push_back({std::move(job), std::move(done)});
    }
    state_->wake.notify_one();
    return true;
}

} // namespace kith::host
