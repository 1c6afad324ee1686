#include "pnrp/contacts.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

void Contacts::set_recording(bool is_recording) {
    if (is_recording == is_recording_) return;
    const bool is_anew = is_recording && was_recording_;
    *this = Contacts();
    is_recording_ = is_recording;
    was_recording_ = true;
    is_current_full_ = is_anew;
}

void Contacts::note(const Endpoint& remote) {
    if (!is_recording_) return;
    if (latest_.empty() || latest_.back() != remote) {
        std::erase(latest_, remote);
        latest_.push_back(remote);
        if (latest_.size() > kPathEndpointsMax) latest_.pop_front();
    }
    if (current_.contains(remote.address)) return;
    if (current_.size() >= kContactsMax) {
        is_current_full_ = true;
    } else {
        current_.insert(remote.address);
    }
}

bool Contacts::has(const Address& address) const {
    return !is_recording_ || is_current_full_ || is_previous_full_ || current_.contains(address) ||
           previous_.contains(address);
}

void Contacts::handle_timeout(Now now) {
    if (turned_at_ == Instant{}) turned_at_ = now.instant;
    if (now.instant - turned_at_ < kContactLifetime) return;
    turned_at_ = now.instant;
    previous_ = std::exchange(current_, {});
    is_previous_full_ = std::exchange(is_current_full_, false);
}

std::size_t Contacts::state_bytes() const {
    return (current_.size() + previous_.size()) * (sizeof(Address) + 4 * sizeof(void*)) +
           latest_.size() * sizeof(Endpoint);
}

} // namespace kith::pnrp
