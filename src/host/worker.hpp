// One thread beside the loop, for work that takes its time: opening a key under a passphrase costs
// about a second, and datagrams do not wait that long.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context; // NOLINT(readability-identifier-naming): theirs
}

namespace kith::host {

/// Jobs waiting; beyond it the caller is refused.
inline constexpr std::size_t kWorkerJobsMax = 32;

class Worker {
public:
    explicit Worker(boost::asio::io_context& loop);

    /// Waits for the job in hand; those behind it are dropped.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Runs `job` on the thread, in order, then `done` on the loop. False, and nothing happens,
    /// when `kWorkerJobsMax` are waiting.
    bool run(std::function<void()> job, std::function<void()> done);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace kith::host
