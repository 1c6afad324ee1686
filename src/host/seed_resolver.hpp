// The addresses of the seeds. Names are looked up by the system's resolver on a thread of its own:
// such a look-up can neither be cancelled nor bounded, so nobody waits for that thread, not even
// the end of the process.

#pragma once

#include "base/endpoint.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context; // NOLINT(readability-identifier-naming): theirs
}

namespace kith::host {

inline constexpr std::uint16_t kSeedPort = 3540;     // MS-PNRP 3.1.4.2.1, of a seed without one
inline constexpr std::size_t kSeedsMax = 32;         // more are refused by the configuration
inline constexpr std::size_t kSeedAddressesMax = 16; // taken of one name; the rest is left

struct Seed {
    std::string host; // an IPv4 or IPv6 literal without brackets, or a host name
    std::uint16_t port = 0;

    bool operator==(const Seed&) const = default;
};

/// `host`, `host:port`, `a.b.c.d`, `a.b.c.d:port`, `v6` or `[v6]:port`; without a port, kSeedPort.
std::optional<Seed> parse_seed(std::string_view text);

struct SeedAddresses {
    std::vector<Endpoint> endpoints;     // in the order of the seeds
    std::vector<std::string> unresolved; // host names that gave no address
};

/// Those of `seeds` that are literals, without any look-up.
SeedAddresses literal_addresses(const std::vector<Seed>& seeds);

class SeedResolver {
public:
    using Done = std::function<void(SeedAddresses)>;

    explicit SeedResolver(boost::asio::io_context& loop);
    ~SeedResolver();
    SeedResolver(const SeedResolver&) = delete;
    SeedResolver& operator=(const SeedResolver&) = delete;

    /// `done` runs on the loop, unless this object has gone by then. No-op while a look-up is under
    /// way.
    void start(const std::vector<Seed>& seeds, Done done);

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

} // namespace kith::host
