// The smallest core that is worth driving: asks a peer every second, answers whoever asks, and can
// be told to break its contract in each of the ways that the checker knows.

#pragma once

#include "base/random.hpp"
#include "sim/core.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace kith::sim::testing {

enum class Fault : std::uint8_t {
    none,
    hides_output,        // says that it is drained when it is not
    repeats_timeout,     // asks for a timeout at the instant at which it was given one
    endless_datagrams,   // more outputs from one mutation than anybody could need
    empty_datagram,      // nothing in it
    oversized_datagram,  // one byte above the limit
    talks_to_itself,     // its own endpoint as destination
    leaves_scope,        // a site address from a global cloud
    reserved_port,       // port 1024
    borrows_source,      // an address that is not its own
    amplifies,           // four bytes of answer for a byte of question
    amplifies_piecemeal, // the same in two datagrams, each within the limit
    hoards,              // more state than is allowed
};

inline constexpr Duration kPingEvery = std::chrono::seconds(1);
inline constexpr std::size_t kPingSize = 100;

/// A message as far as the contract looks into it. Requires: size >= 12.
inline Bytes make_message(unsigned type, std::size_t size) {
    Bytes message(size);
    message[4] = std::byte{0x51};
    message[7] = static_cast<std::byte>(type);
    return message;
}

class PingCore final : public Core {
public:
    struct Setup {
        Endpoint own;
        std::optional<Endpoint> peer; // nothing: only answers
        std::uint64_t seed = 1;
        Fault fault = Fault::none;
    };

    explicit PingCore(const Setup& setup) : setup_(setup), random_(setup.seed) {}

    /// The command: begins to ask.
    void start(Instant now) { due_ = now; }

    unsigned answered() const { return answered_; }
    unsigned asked() const { return asked_; }
    const std::vector<Instant>& heard() const { return heard_; }

    void handle_datagram(Now now, const Arrival& arrival) override {
        heard_.push_back(now.instant);
        if (arrival.payload.size() < 12) return;
        const auto type = std::to_integer<unsigned>(arrival.payload[7]);
        if (type == kAuthority) ++answered_;
        if (type != kLookup) return;
        ++asked_;
        if (setup_.fault == Fault::amplifies) {
            put(arrival.from, make_message(kAuthority, arrival.payload.size() * 4));
        } else if (setup_.fault == Fault::amplifies_piecemeal) {
            put(arrival.from, make_message(kAuthority, arrival.payload.size() * 2));
            put(arrival.from, make_message(kAuthority, arrival.payload.size() * 2));
        } else {
            put(arrival.from, make_message(kAuthority, arrival.payload.size() * 3));
        }
    }

    void handle_timeout(Now now) override {
        if (!due_ || *due_ > now.instant) return;
        due_ = setup_.fault == Fault::repeats_timeout ? now.instant : now.instant + kPingEvery;
        if (!setup_.peer) return;
        Bytes message = make_message(kLookup, kPingSize);
        message[8] = static_cast<std::byte>(random_.below(256)); // so that its chance shows
        put(*setup_.peer, std::move(message));
        misbehave();
    }

    std::optional<node::Datagram> poll_datagram() override {
        if (setup_.fault == Fault::endless_datagrams && setup_.peer && due_ && !out_.empty()) {
            return out_.front();
        }
        if (setup_.fault == Fault::hides_output && !out_.empty() && !std::exchange(hidden_, true)) {
            return std::nullopt;
        }
        hidden_ = false;
        if (out_.empty()) return std::nullopt;
        node::Datagram datagram = std::move(out_.front());
        out_.pop_front();
        return datagram;
    }

    std::optional<node::Event> poll_event() override { return std::nullopt; }
    std::optional<Instant> next_timeout() const override { return due_; }

    std::size_t state_bytes(Now /*now*/) const override {
        return setup_.fault == Fault::hoards ? std::size_t{1} << 30U : sizeof *this;
    }

private:
    static constexpr unsigned kAuthority = 8;
    static constexpr unsigned kLookup = 11;

    void put(const Endpoint& to, Bytes payload) {
        out_.push_back({node::Channel::pnrp, {}, to, std::move(payload)});
    }

    void misbehave() {
        node::Datagram& last = out_.back();
        if (setup_.fault == Fault::empty_datagram) last.payload.clear();
        if (setup_.fault == Fault::oversized_datagram) last.payload.resize(1217);
        if (setup_.fault == Fault::talks_to_itself) last.remote = setup_.own;
        if (setup_.fault == Fault::leaves_scope) last.remote = {Address::v4(0x0a000001), 3540};
        if (setup_.fault == Fault::reserved_port) last.remote.port = 1024;
        if (setup_.fault == Fault::borrows_source) last.local = setup_.peer.value_or(Endpoint{});
    }

    Setup setup_;
    SeededRandom random_;
    std::optional<Instant> due_;
    std::deque<node::Datagram> out_;
    bool hidden_ = false;
    unsigned answered_ = 0;
    unsigned asked_ = 0;
    std::vector<Instant> heard_;
};

} // namespace kith::sim::testing
