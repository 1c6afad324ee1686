// Callbacks that run on an application's threads, of an object that may go while they wait to.

#pragma once

#include <functional>
#include <mutex>

namespace kith::embed {

/// Shared by the object and by whatever runs its callbacks.
class CallbackGate {
public:
    /// Runs `callback`, one at a time; or not at all, once the gate is closed.
    void pass(const std::function<void()>& callback) {
        const std::lock_guard lock(mutex_);
        if (is_open_) callback();
    }

    /// Nothing passes any more. Waits for what is passing, unless that is who closes it.
    void close() {
        const std::lock_guard lock(mutex_);
        is_open_ = false;
    }

private:
    std::recursive_mutex mutex_;
    bool is_open_ = true;
};

} // namespace kith::embed
