#include "host/port_forwarding.hpp"

#include "host/nat_pmp.hpp"
#include "host/upnp_gateway.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace kith::host {

namespace {

constexpr std::chrono::seconds kRenewalMin{30}; // whatever a gateway grants

std::chrono::seconds wait_after(const std::optional<Forwarding>& granted) {
    if (!granted) return kForwardingRetry;
    if (granted->lifetime.count() == 0) return kForwardingLifetime / 2;
    return std::max(granted->lifetime / 2, kRenewalMin);
}

std::optional<Forwarding> forward(std::uint16_t port) {
    auto granted = forward_by_nat_pmp(port);
    return granted ? granted : forward_by_upnp(port);
}

void take_back(const Forwarding& granted, std::uint16_t port) {
    if (granted.protocol == "nat-pmp") unforward_by_nat_pmp(port);
    if (granted.protocol == "upnp") unforward_by_upnp(port);
}

} // namespace

// Outlives the object while its thread is in a library's hands.
struct PortForwarding::Shared : std::enable_shared_from_this<Shared> {
    void tell(const std::optional<Forwarding>& granted);

    std::mutex mutex;
    std::condition_variable wake;
    boost::asio::io_context* loop = nullptr; // null once nobody is to be told
    std::uint16_t port = 0;
    Changed changed;
    bool wants_look = true;
    bool is_leaving = false;
    bool has_ended = false;
};

// On the loop; requires the lock.
void PortForwarding::Shared::tell(const std::optional<Forwarding>& granted) {
    if (loop == nullptr) return;
    boost::asio::post(*loop, [alive = weak_from_this(), granted] {
        const auto state = alive.lock();
        if (!state) return;
        {
            const std::lock_guard again(state->mutex);
            if (state->loop == nullptr) return; // it has gone, or is going
        }
        state->changed(granted);
    });
}

PortForwarding::PortForwarding(boost::asio::io_context& loop, std::uint16_t port, Changed changed)
    : shared_(std::make_shared<Shared>()) {
    shared_->loop = &loop;
    shared_->port = port;
    shared_->changed = std::move(changed);
    std::thread([shared = shared_] { work(shared); }).detach();
}

PortForwarding::~PortForwarding() {
    leave();
    std::unique_lock lock(shared_->mutex);
    shared_->wake.wait_for(lock, kForwardingFarewell, [&] { return shared_->has_ended; });
}

void PortForwarding::leave() {
    const std::lock_guard lock(shared_->mutex);
    shared_->loop = nullptr;
    shared_->is_leaving = true;
    shared_->wake.notify_all();
}

void PortForwarding::look_again() {
    const std::lock_guard lock(shared_->mutex);
    shared_->wants_look = true;
    shared_->wake.notify_all();
}

void PortForwarding::work(const std::shared_ptr<Shared>& shared) {
    std::optional<Forwarding> granted;
    bool is_first = true;
    std::unique_lock lock(shared->mutex);
    while (!shared->is_leaving) {
        shared->wants_look = false;
        lock.unlock();
        auto next = forward(shared->port);
        lock.lock();
        const bool is_news = is_first || next != granted;
        is_first = false;
        granted = std::move(next);
        if (is_news) shared->tell(granted);
        shared->wake.wait_for(
            lock, wait_after(granted), [&] { return shared->is_leaving || shared->wants_look; });
    }
    lock.unlock();
    if (granted) take_back(*granted, shared->port);
    lock.lock();
    shared->has_ended = true;
    shared->wake.notify_all();
}

} // namespace kith::host
