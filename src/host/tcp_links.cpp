#include "host/tcp_links.hpp"

#include "base/check.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace kith::host {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

// After accept() failed for want of descriptors or memory.
constexpr std::chrono::milliseconds kAcceptPause{200};
constexpr int kTcpBacklog = 128; // connections that wait for accept(); the kernel caps it

// One writev() takes so many pieces, and one turn of the loop so many of those for one connection.
constexpr std::size_t kPiecesMax = 16;
constexpr int kWritesPerTurn = 4;

// A connection on which nothing moves is asked whether it is alive, so that kTcpUserTimeout counts
// for it too.
constexpr int kKeepAliveIdle = 60;     // seconds
constexpr int kKeepAliveInterval = 15; // seconds

tcp::endpoint to_asio(const Endpoint& endpoint, Zone zone) {
    if (endpoint.address.is_v4()) {
        asio::ip::address_v4::bytes_type bytes;
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = std::to_integer<unsigned char>(endpoint.address.bytes[12 + i]);
        return {asio::ip::address_v4(bytes), endpoint.port};
    }
    asio::ip::address_v6::bytes_type bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = std::to_integer<unsigned char>(endpoint.address.bytes[i]);
    const bool needs_zone = endpoint.address.scope() == Scope::link;
    return {asio::ip::address_v6(bytes, needs_zone ? zone : 0), endpoint.port};
}

Endpoint from_asio(const tcp::endpoint& endpoint) {
    Endpoint out{.address = {}, .port = endpoint.port()};
    if (endpoint.address().is_v4()) {
        out.address = Address::v4(endpoint.address().to_v4().to_uint());
    } else {
        const auto bytes = endpoint.address().to_v6().to_bytes();
        std::ranges::transform(
            bytes, out.address.bytes.begin(), [](unsigned char b) { return std::byte{b}; });
    }
    return out;
}

// Whose a pending connection is: a /64 belongs to one customer, and so does an IPv4 address.
std::optional<Address> network_of(const Endpoint& from) {
    if (from.address.scope() == Scope::loopback) return std::nullopt;
    return from.address.is_v4() ? from.address : from.address.prefix(64);
}

// A connection without one of these works, only worse.
void tune(tcp::socket& socket) {
    const auto set = [&](int level, int name, int value) {
        static_cast<void>(::setsockopt(socket.native_handle(), level, name, &value, sizeof value));
    };
    using Milliseconds = std::chrono::duration<int, std::milli>;
    set(IPPROTO_TCP, TCP_NODELAY, 1); // a message is whole when it is written
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, Milliseconds(kTcpUserTimeout).count());
    set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, kTcpUnsentLow);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle);
    set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval);
}

bool would_block(const ErrorCode& error) {
    return error == asio::error::would_block || error == asio::error::try_again;
}

} // namespace

std::string_view to_string(TcpRefusal refusal) {
    switch (refusal) {
    case TcpRefusal::pending:
        return "pending";
    case TcpRefusal::pending_network:
        return "pending_network";
    case TcpRefusal::links:
        return "links";
    case TcpRefusal::count:
        break;
    }
    return "?";
}

// Handlers hold this weakly and look the connection up by its id: whatever a hook did meanwhile,
// what is not there any more is not touched.
struct TcpLinks::State : std::enable_shared_from_this<State> {
    enum class Phase : std::uint8_t { connecting, open, draining };

    struct Link {
        Link(tcp::socket&& s, Phase p)
            : socket(std::move(s)),
              timer(socket.get_executor()),
              phase(p) {}

        tcp::socket socket;
        asio::steady_timer timer; // for connecting and draining
        Phase phase;
        std::optional<Address> network; // of a pending one, if it is counted
        bool is_pending = false;
        bool waits_to_read = false;
        bool waits_to_write = false; // or is about to write
        std::deque<Bytes> queue;
        std::size_t sent_of_first = 0;
        std::size_t queued = 0;
    };

    struct Acceptor {
        explicit Acceptor(asio::io_context& loop) : socket(loop), pause(loop) {}

        tcp::acceptor socket;
        asio::steady_timer pause;
    };

    State(asio::io_context& io, TcpHooks&& told, const TcpLimits& given)
        : loop(io),
          hooks(std::move(told)),
          limits(given),
          buffer(kTcpReadMax) {}

    // A handler that does nothing once this is gone.
    template<class Handler>
    auto guard(Handler handler) {
        return
            // NOLINTNEXTLINE(misc-no-recursion): called by the loop, never by itself
            [weak = weak_from_this(), handler = std::move(handler)](auto&&... arguments) mutable {
                if (const auto self = weak.lock()) {
                    handler(*self, std::forward<decltype(arguments)>(arguments)...);
                }
            };
    }

    Link* find(TcpLinkId id) {
        const auto found = links.find(id);
        return found == links.end() ? nullptr : &found->second;
    }

    void accept(TcpListenerId id);
    void take(TcpListenerId listener, tcp::socket socket, const Endpoint& from);
    std::optional<TcpRefusal> refusal_of(const std::optional<Address>& network) const;
    void stop_pending(Link& link);
    void connected(TcpLinkId id, const ErrorCode& error);
    void wait_to_read(TcpLinkId id, Link& link);
    void read(TcpLinkId id);
    void write_soon(TcpLinkId id, Link& link);
    void write(TcpLinkId id);
    ErrorCode write_some(Link& link, std::size_t& sent);
    void drain(TcpLinkId id, Link& link);
    void erase(TcpLinkId id);
    void abort(TcpLinkId id);
    void end(TcpLinkId id, TcpEnd why);
    void stop();

    asio::io_context& loop;
    TcpHooks hooks;
    TcpLimits limits;
    TcpCounters counters;
    Bytes buffer; // of the read under way: reads are never nested
    std::map<TcpListenerId, Acceptor> acceptors;
    std::map<TcpLinkId, Link> links;
    std::map<Address, std::size_t> pending_networks;
    std::size_t pending = 0;
    std::size_t draining = 0;
    std::uint64_t next_id = 1;
};

// Each of these ends before what it has started calls the next: a loop, no recursion.
// NOLINTBEGIN(misc-no-recursion)

// Accepting --------------------------------------------------------------------------------------

void TcpLinks::State::accept(TcpListenerId id) {
    const auto acceptor = acceptors.find(id);
    if (acceptor == acceptors.end()) return;
    auto handler = [id](State& self, const ErrorCode& error, tcp::socket socket) {
        if (error == asio::error::operation_aborted) return;
        const auto found = self.acceptors.find(id);
        if (found == self.acceptors.end()) return;
        if (!error) {
            ErrorCode gone;
            const tcp::endpoint from = socket.remote_endpoint(gone);
            if (!gone) self.take(id, std::move(socket), from_asio(from));
            self.accept(id);
            return;
        }
        // A connection that ended while it waited is no failure of ours.
        if (error == asio::error::connection_aborted) {
            self.accept(id);
            return;
        }
        ++self.counters.accept_failed;
        found->second.pause.expires_after(kAcceptPause);
        found->second.pause.async_wait(self.guard([id](State& later, const ErrorCode& cancelled) {
            if (!cancelled) later.accept(id);
        }));
    };
    acceptor->second.socket.async_accept(guard(std::move(handler)));
}

std::optional<TcpRefusal> TcpLinks::State::refusal_of(const std::optional<Address>& network) const {
    if (links.size() >= limits.links_max) return TcpRefusal::links;
    if (pending >= limits.pending_max) return TcpRefusal::pending;
    if (!network) return std::nullopt;
    const auto found = pending_networks.find(*network);
    const std::size_t there = found == pending_networks.end() ? 0 : found->second;
    if (there >= limits.pending_per_network_max) return TcpRefusal::pending_network;
    return std::nullopt;
}

void TcpLinks::State::take(TcpListenerId listener, tcp::socket socket, const Endpoint& from) {
    const auto network = network_of(from);
    if (const auto refusal = refusal_of(network)) {
        ++counters.refused[static_cast<std::size_t>(*refusal)];
        return; // closes it
    }
    ErrorCode failed;
    (void)socket.non_blocking(true, failed);
    if (failed) return;
    tune(socket);
    const TcpLinkId id = next_id++;
    Link& link = links.try_emplace(id, std::move(socket), Phase::open).first->second;
    link.is_pending = true;
    link.network = network;
    ++pending;
    if (network) ++pending_networks[*network];
    ++counters.accepted;
    wait_to_read(id, link);
    hooks.accepted(listener, id, from);
}

void TcpLinks::State::stop_pending(Link& link) {
    if (!link.is_pending) return;
    link.is_pending = false;
    --pending;
    if (!link.network) return;
    const auto found = pending_networks.find(*link.network);
    KITH_CHECK(found != pending_networks.end());
    if (--found->second == 0) pending_networks.erase(found);
}

// Connecting -------------------------------------------------------------------------------------

void TcpLinks::State::connected(TcpLinkId id, const ErrorCode& error) {
    Link* link = find(id);
    if (link == nullptr || link->phase != Phase::connecting) return;
    ErrorCode failed = error;
    if (!failed) (void)link->socket.non_blocking(true, failed);
    if (failed) {
        end(id, TcpEnd::unreachable);
        return;
    }
    link->timer.cancel();
    link->phase = Phase::open;
    tune(link->socket);
    ++counters.opened;
    wait_to_read(id, *link);
    if (!link->queue.empty()) write_soon(id, *link);
    hooks.opened(id);
}

// Reading ----------------------------------------------------------------------------------------

void TcpLinks::State::wait_to_read(TcpLinkId id, Link& link) {
    if (link.waits_to_read || link.phase == Phase::connecting) return;
    link.waits_to_read = true;
    link.socket.async_wait(tcp::socket::wait_read, guard([id](State& self, const ErrorCode& error) {
                               if (!error) self.read(id);
                           }));
}

void TcpLinks::State::read(TcpLinkId id) {
    Link* link = find(id);
    if (link == nullptr) return;
    link->waits_to_read = false;
    ErrorCode error;
    const std::size_t size = link->socket.read_some(asio::buffer(buffer), error);
    if (error && !would_block(error)) {
        end(id, error == asio::error::eof ? TcpEnd::ended : TcpEnd::broken);
        return;
    }
    // One read in a turn, so that every connection has its own.
    wait_to_read(id, *link);
    if (error || link->phase == Phase::draining) return;
    counters.bytes_received += size;
    hooks.received(id, ByteView(buffer).first(size));
}

// Writing ----------------------------------------------------------------------------------------

// Not at once: what a turn has to say leaves together.
void TcpLinks::State::write_soon(TcpLinkId id, Link& link) {
    if (link.waits_to_write || link.phase == Phase::connecting) return;
    link.waits_to_write = true;
    // By a type-erased function: the loop calls it, and it may ask for the next turn.
    asio::post(loop, std::function<void()>(guard([id](State& self) { self.write(id); })));
}

ErrorCode TcpLinks::State::write_some(Link& link, std::size_t& sent) {
    std::array<asio::const_buffer, kPiecesMax> pieces;
    std::size_t count = 0;
    for (auto piece = link.queue.begin(); piece != link.queue.end() && count < kPiecesMax; ++piece)
        pieces[count++] = asio::buffer(*piece);
    pieces[0] += link.sent_of_first;
    ErrorCode error;
    std::size_t size = link.socket.write_some(std::span(pieces).first(count), error);
    sent += size;
    link.queued -= size;
    while (size > 0) {
        const std::size_t rest = link.queue.front().size() - link.sent_of_first;
        if (size < rest) {
            link.sent_of_first += size;
            break;
        }
        size -= rest;
        link.queue.pop_front();
        link.sent_of_first = 0;
    }
    return error;
}

void TcpLinks::State::write(TcpLinkId id) {
    Link* link = find(id);
    if (link == nullptr) return;
    link->waits_to_write = false;
    std::size_t sent = 0;
    ErrorCode error;
    for (int i = 0; i < kWritesPerTurn && !link->queue.empty() && !error; ++i)
        error = write_some(*link, sent);
    counters.bytes_sent += sent;
    if (error && !would_block(error)) {
        end(id, TcpEnd::broken);
        return;
    }
    const bool drains = link->phase == Phase::draining;
    if (error) {
        link->waits_to_write = true;
        link->socket.async_wait(
            tcp::socket::wait_write, guard([id](State& self, const ErrorCode& cancelled) {
                if (!cancelled) self.write(id);
            }));
    } else if (!link->queue.empty()) {
        write_soon(id, *link);
    } else if (drains) {
        ErrorCode ignored; // then the peer has gone, which reading shows
        (void)link->socket.shutdown(tcp::socket::shutdown_send, ignored);
    }
    if (sent > 0 && !drains) hooks.sent(id, sent);
}

// Ending -----------------------------------------------------------------------------------------

// Reads on, and throws away, until the peer has ended too: to close a socket with bytes unread
// resets the connection, and the last message with it.
void TcpLinks::State::drain(TcpLinkId id, Link& link) {
    link.phase = Phase::draining;
    ++draining;
    stop_pending(link);
    wait_to_read(id, link);
    write_soon(id, link);
    link.timer.expires_after(limits.linger_time);
    link.timer.async_wait(guard([id](State& self, const ErrorCode& cancelled) {
        if (!cancelled) self.abort(id);
    }));
}

void TcpLinks::State::erase(TcpLinkId id) {
    const auto found = links.find(id);
    if (found == links.end()) return;
    stop_pending(found->second);
    if (found->second.phase == Phase::draining) --draining;
    links.erase(found);
}

void TcpLinks::State::abort(TcpLinkId id) {
    if (Link* link = find(id)) {
        ErrorCode ignored;
        (void)link->socket.set_option(asio::socket_base::linger(true, 0), ignored);
        (void)link->socket.close(ignored); // its destructor would forget the option
        erase(id);
    }
}

void TcpLinks::State::end(TcpLinkId id, TcpEnd why) {
    const Link* link = find(id);
    if (link == nullptr) return;
    const bool is_told = link->phase != Phase::draining;
    erase(id);
    if (is_told) hooks.ended(id, why);
}

void TcpLinks::State::stop() {
    acceptors.clear();
    while (!links.empty())
        abort(links.begin()->first);
}

// NOLINTEND(misc-no-recursion)

TcpLinks::TcpLinks(asio::io_context& loop, TcpHooks hooks, const TcpLimits& limits)
    : state_(std::make_shared<State>(loop, std::move(hooks), limits)) {
    KITH_CHECK(state_->hooks.accepted && state_->hooks.opened && state_->hooks.received);
    KITH_CHECK(state_->hooks.sent && state_->hooks.ended);
}

TcpLinks::~TcpLinks() {
    state_->stop();
}

std::expected<TcpLinks::Listener, std::error_code> TcpLinks::listen(const Endpoint& at, Zone zone) {
    const TcpListenerId id = state_->next_id++;
    auto& acceptor = state_->acceptors.try_emplace(id, state_->loop).first->second;
    const tcp::endpoint wanted = to_asio(at, zone);
    tcp::endpoint bound;
    ErrorCode error;
    (void)acceptor.socket.open(wanted.protocol(), error);
    if (!error) (void)acceptor.socket.set_option(tcp::acceptor::reuse_address(true), error);
    // IPv4 has a listener of its own at the same port.
    if (!error && !at.address.is_v4()) {
        (void)acceptor.socket.set_option(asio::ip::v6_only(true), error);
    }
    if (!error) (void)acceptor.socket.bind(wanted, error);
    if (!error) (void)acceptor.socket.listen(kTcpBacklog, error);
    if (!error) bound = acceptor.socket.local_endpoint(error);
    if (error) {
        state_->acceptors.erase(id);
        return std::unexpected(std::error_code(error));
    }
    state_->accept(id);
    return Listener{id, {at.address, bound.port()}};
}

void TcpLinks::stop_listening(TcpListenerId listener) {
    state_->acceptors.erase(listener);
}

TcpLinkId TcpLinks::connect(const Endpoint& to, Zone zone) {
    State& state = *state_;
    const TcpLinkId id = state.next_id++;
    auto& link = state.links.try_emplace(id, tcp::socket(state.loop), State::Phase::connecting)
                     .first->second;
    // A failure to open the socket is told by the loop as well: the connect fails on it.
    link.socket.async_connect(
        to_asio(to, zone),
        state.guard([id](State& self, const ErrorCode& error) { self.connected(id, error); }));
    link.timer.expires_after(state.limits.connect_time);
    link.timer.async_wait(state.guard([id](State& self, const ErrorCode& cancelled) {
        const State::Link* late = cancelled ? nullptr : self.find(id);
        if (late != nullptr && late->phase == State::Phase::connecting) {
            self.end(id, TcpEnd::timed_out);
        }
    }));
    return id;
}

bool TcpLinks::send(TcpLinkId id, Bytes bytes) {
    State::Link* link = state_->find(id);
    if (link == nullptr || link->phase == State::Phase::draining || bytes.empty()) return true;
    if (bytes.size() > state_->limits.queue_max - link->queued) return false;
    link->queued += bytes.size();
    link->queue.push_back(std::move(bytes));
    state_->write_soon(id, *link);
    return true;
}

void TcpLinks::close(TcpLinkId id, TcpClose how) {
    State::Link* link = state_->find(id);
    if (link == nullptr) return;
    if (how == TcpClose::abort || link->phase == State::Phase::connecting) {
        state_->abort(id);
    } else if (link->phase == State::Phase::open) {
        state_->drain(id, *link);
    }
}

void TcpLinks::admit(TcpLinkId id) {
    if (State::Link* link = state_->find(id)) state_->stop_pending(*link);
}

std::size_t TcpLinks::size() const {
    return state_->links.size();
}

std::size_t TcpLinks::pending() const {
    return state_->pending;
}

std::size_t TcpLinks::queued(TcpLinkId id) const {
    const State::Link* link = state_->find(id);
    return link == nullptr ? 0 : link->queued;
}

std::size_t TcpLinks::draining() const {
    return state_->draining;
}

const TcpCounters& TcpLinks::counters() const {
    return state_->counters;
}

} // namespace kith::host
