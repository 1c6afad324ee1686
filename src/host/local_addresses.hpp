// The addresses of this machine, and word of their change.

#pragma once

#include "base/endpoint.hpp"
#include "host/socket_address.hpp"
#include "host/unique_fd.hpp"
#include "node/clouds.hpp"

#include <system_error>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace kith::host {

/// Addresses and interfaces that are looked at; a machine with more is known by its first ones.
inline constexpr std::size_t kLocalAddressesMax = 256;

struct LocalAddress {
    Address address;
    Zone zone = 0;
    std::string interface{};
    bool is_temporary = false;  // RFC 8981: changes by itself
    bool is_deprecated = false; // RFC 4862 5.5.4: not for new conversations
};

struct Interface {
    Zone zone = 0;
    std::string name;
    bool is_multicast = false;
};

/// The usable addresses of the interfaces that are up, in the kernel's order; those that duplicate
/// address detection still holds back, or has refused, are left out. An error says nothing about
/// the addresses: no descriptor is left, or they change faster than they can be read.
std::expected<std::vector<LocalAddress>, std::error_code> local_addresses();

/// The interfaces that are up, by index.
std::expected<std::vector<Interface>, std::error_code> up_interfaces();

/// What a node listens on and where it wants to be.
struct Listening {
    std::span<const Endpoint> locals;  // `::` and `0.0.0.0` stand for the machine's addresses
    bool allow_loopback = false;       // then all of them are loopback addresses
    std::span<const std::string> only; // see node::selects_cloud(); empty: wherever it can be
};

/// Links that a node takes part in at most, by interface; a machine with more (containers) names
/// those that it wants.
inline constexpr std::size_t kLinksMax = 8;

/// The clouds that the machine's addresses allow, each with the endpoints to offer there, best
/// first: lasting before temporary, both families in turn, so that a short list still has one of
/// each. Global_ is there without an address too where all addresses are listened on, and so is a
/// cloud that `only` names; private IPv4 addresses are the ways out to Global_. Loopback makes one
/// cloud, the first of `only` or Global_.
std::vector<node::Place>
choose_places(const Listening& listening, std::span<const LocalAddress> machine);

/// A netlink socket that becomes readable when addresses or interfaces change.
class AddressWatch {
public:
    static std::expected<AddressWatch, std::error_code> open();

    int native_handle() const { return fd_.get(); }

    /// Forgets the notices that are waiting; the caller looks at local_addresses() anyway.
    void drain();

private:
    explicit AddressWatch(UniqueFd fd) : fd_(std::move(fd)) {}

    UniqueFd fd_;
};

} // namespace kith::host
