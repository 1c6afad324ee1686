#include "host/seed_resolver.hpp"

#include "host/socket_address.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

namespace kith::host {

namespace {

constexpr std::size_t kHostNameMax = 253; // characters, RFC 1035 2.3.4

void look_up(const Seed& seed, SeedAddresses& out) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* first = nullptr;
    const std::string service = std::to_string(seed.port);
    if (::getaddrinfo(seed.host.c_str(), service.c_str(), &hints, &first) != 0) {
        out.unresolved.push_back(seed.host);
        return;
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(first, &::freeaddrinfo);
    std::size_t taken = 0;
    for (const addrinfo* i = first; i != nullptr && taken < kSeedAddressesMax; i = i->ai_next) {
        sockaddr_storage storage{};
        std::memcpy(&storage, i->ai_addr, std::min<std::size_t>(i->ai_addrlen, sizeof storage));
        if (const auto found = from_socket_address(storage)) {
            out.endpoints.push_back(found->endpoint);
            ++taken;
        }
    }
}

} // namespace

std::optional<Seed> parse_seed(std::string_view text) {
    if (const auto literal = parse_endpoint(text)) {
        return Seed{to_string(literal->address), literal->port};
    }
    if (const auto bare = parse_address(text)) return Seed{to_string(*bare), kSeedPort};
    const std::size_t colon = std::min(text.rfind(':'), text.size());
    const std::string_view host = text.substr(0, colon);
    if (host.empty() || host.size() > kHostNameMax) return std::nullopt;
    const bool is_name = std::ranges::all_of(host, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.' || c == '_';
    });
    const bool is_number =
        std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
    if (!is_name || is_number) return std::nullopt;
    if (colon == text.size()) return Seed{std::string(host), kSeedPort};
    // Any address does to have the port read by the one parser of ports.
    const auto port = parse_endpoint("0.0.0.0" + std::string(text.substr(colon)));
    if (!port) return std::nullopt;
    return Seed{std::string(host), port->port};
}

SeedAddresses literal_addresses(const std::vector<Seed>& seeds) {
    SeedAddresses out;
    for (const Seed& seed : seeds) {
        if (const auto address = parse_address(seed.host)) {
            out.endpoints.push_back({*address, seed.port});
        } else {
            out.unresolved.push_back(seed.host);
        }
    }
    return out;
}

// Outlives the resolver while a look-up runs. `loop` is null once the resolver has gone.
struct SeedResolver::Shared {
    std::mutex mutex;
    boost::asio::io_context* loop = nullptr;
    bool is_busy = false;
};

SeedResolver::SeedResolver(boost::asio::io_context& loop) : shared_(std::make_shared<Shared>()) {
    shared_->loop = &loop;
}

SeedResolver::~SeedResolver() {
    const std::lock_guard lock(shared_->mutex);
    shared_->loop = nullptr;
}

void SeedResolver::start(const std::vector<Seed>& seeds, Done done) {
    {
        const std::lock_guard lock(shared_->mutex);
        if (shared_->is_busy) return;
        shared_->is_busy = true;
    }
    std::thread([shared = shared_, seeds, done = std::move(done)]() mutable {
        SeedAddresses found;
        for (const Seed& seed : seeds) {
            if (const auto address = parse_address(seed.host)) {
                found.endpoints.push_back({*address, seed.port});
            } else {
                look_up(seed, found);
            }
        }
        const std::lock_guard lock(shared->mutex);
        shared->is_busy = false;
        if (shared->loop == nullptr) return;
        const std::weak_ptr<Shared> alive = shared;
        boost::asio::post(
            *shared->loop, [alive, done = std::move(done), found = std::move(found)]() mutable {
                // The resolver may have gone between this post and its turn in the loop.
                const auto state = alive.lock();
                if (!state) return;
                {
                    const std::lock_guard again(state->mutex);
                    if (state->loop == nullptr) return;
                }
                done(std::move(found));
            });
    }).detach();
}

} // namespace kith::host
