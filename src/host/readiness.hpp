// Waiting for file descriptors on a loop, by who may go before the wait is over.

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <utility>

namespace kith::host {

/// Whoever owns one may go while handlers of his are queued in the loop, fired or cancelled: they
/// ask it before they touch him.
class Alive {
public:
    template<class Handler>
    auto guard(Handler handler) const {
        return [token = token(),
                handler = std::move(handler)](const boost::system::error_code& error) mutable {
            if (!token.expired()) handler(error);
        };
    }

    /// Expires with this object.
    std::weak_ptr<const int> token() const { return token_; }

private:
    std::shared_ptr<const int> token_ = std::make_shared<const int>(0);
};

/// Calls `ready` whenever a descriptor that belongs to somebody else can be read.
class Readiness {
public:
    Readiness(boost::asio::io_context& loop, int fd, std::function<void()> ready)
        : descriptor_(loop, fd),
          ready_(std::move(ready)) {}
    ~Readiness() { descriptor_.release(); }
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    void wait() {
        descriptor_.async_wait(
            boost::asio::posix::stream_descriptor::wait_read,
            alive_.guard([this](const boost::system::error_code& error) {
                if (error) return;
                const auto token = alive_.token();
                ready_();
                if (!token.expired()) wait();
            }));
    }

private:
    boost::asio::posix::stream_descriptor descriptor_;
    std::function<void()> ready_;
    Alive alive_;
};

} // namespace kith::host
