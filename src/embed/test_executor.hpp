// An application's executor that puts callbacks by until the test runs them.

#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace kith {

class PutBy {
public:
    std::function<void(std::function<void()>)> executor() {
        return [this](std::function<void()> task) {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(task));
        };
    }

    std::size_t size() {
        const std::lock_guard lock(mutex_);
        return tasks_.size();
    }

    void run() {
        std::vector<std::function<void()>> tasks;
        {
            const std::lock_guard lock(mutex_);
            tasks.swap(tasks_);
        }
        for (const auto& task : tasks)
            task();
    }

private:
    std::mutex mutex_;
    std::vector<std::function<void()>> tasks_;
};

} // namespace kith
