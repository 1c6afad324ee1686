#include "host/local_addresses.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ifaddrs.h>
#include <iterator>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <map>
#include <memory>
#include <optional>

namespace kith::host {

namespace {

constexpr std::size_t kNetlinkReadSize = 32 * 1024; // what the kernel sends at most at once
constexpr int kNetlinkReadsMax = 64;                // a dump or a burst of notices beyond is cut
constexpr int kDumpsMax = 4;                        // while changes interrupt them

struct AddressDump {
    nlmsghdr header;
    ifaddrmsg body;
};

std::expected<UniqueFd, std::error_code> open_route_socket(unsigned groups) {
    UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = groups;
    if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return std::unexpected(std::error_code(errno, std::system_category()));
    }
    return fd;
}

Address address_from(std::uint8_t family, const unsigned char* data) {
    Address out;
    if (family == AF_INET6) {
        std::memcpy(out.bytes.data(), data, 16);
        return out;
    }
    std::uint32_t network_order = 0;
    std::memcpy(&network_order, data, 4);
    return Address::v4(ntohl(network_order));
}

// One RTM_NEWADDR message; nothing for an address that nobody may use.
std::optional<LocalAddress> read_address(ByteView message) {
    ifaddrmsg body{};
    if (message.size() < sizeof body) return std::nullopt;
    std::memcpy(&body, message.data(), sizeof body);
    message = message.subspan(std::min(message.size(), std::size_t{NLMSG_ALIGN(sizeof body)}));
    if (body.ifa_family != AF_INET && body.ifa_family != AF_INET6) return std::nullopt;
    const std::size_t size = body.ifa_family == AF_INET ? 4 : 16;

    LocalAddress out;
    out.zone = body.ifa_index;
    unsigned flags = body.ifa_flags;
    bool found = false;
    bool found_local = false;
    while (message.size() >= sizeof(rtattr)) {
        rtattr attribute{};
        std::memcpy(&attribute, message.data(), sizeof attribute);
        if (attribute.rta_len < sizeof attribute || attribute.rta_len > message.size()) break;
        const ByteView value = message.first(attribute.rta_len).subspan(RTA_LENGTH(0));
        const auto* data = reinterpret_cast<const unsigned char*>(value.data());
        // On a point-to-point link IFA_ADDRESS is the other end and IFA_LOCAL is ours.
        if (attribute.rta_type == IFA_LOCAL && value.size() == size) {
            out.address = address_from(body.ifa_family, data);
            found = found_local = true;
        } else if (attribute.rta_type == IFA_ADDRESS && value.size() == size && !found_local) {
            out.address = address_from(body.ifa_family, data);
            found = true;
        } else if (attribute.rta_type == IFA_FLAGS && value.size() == sizeof flags) {
            std::memcpy(&flags, data, sizeof flags);
        }
        message =
            message.subspan(std::min(message.size(), std::size_t{RTA_ALIGN(attribute.rta_len)}));
    }
    const bool tentative = (flags & IFA_F_TENTATIVE) != 0 && (flags & IFA_F_OPTIMISTIC) == 0;
    if (!found || tentative || (flags & IFA_F_DADFAILED) != 0) return std::nullopt;
    // IFA_F_TEMPORARY shares its bit with IFA_F_SECONDARY, which is nothing special in IPv4.
    out.is_temporary = body.ifa_family == AF_INET6 && (flags & IFA_F_TEMPORARY) != 0;
    out.is_deprecated = (flags & IFA_F_DEPRECATED) != 0;
    return out;
}

enum class Dump : std::uint8_t { goes_on, complete, interrupted, refused };

// Appends the addresses of one datagram of the dump.
Dump read_dump(ByteView datagram, std::vector<LocalAddress>& out) {
    while (datagram.size() >= sizeof(nlmsghdr)) {
        nlmsghdr header{};
        std::memcpy(&header, datagram.data(), sizeof header);
        const bool is_whole =
            header.nlmsg_len >= sizeof header && header.nlmsg_len <= datagram.size();
        if (!is_whole || header.nlmsg_type == NLMSG_ERROR) return Dump::refused;
        // Addresses changed meanwhile: some may be missing.
        if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) return Dump::interrupted;
        if (header.nlmsg_type == NLMSG_DONE) return Dump::complete;
        if (header.nlmsg_type == RTM_NEWADDR && out.size() < kLocalAddressesMax) {
            const ByteView body = datagram.first(header.nlmsg_len).subspan(NLMSG_HDRLEN);
            if (auto address = read_address(body)) out.push_back(std::move(*address));
        }
        const std::size_t step = NLMSG_ALIGN(header.nlmsg_len);
        datagram = datagram.subspan(std::min(datagram.size(), step));
    }
    return Dump::goes_on;
}

using AddressList = std::expected<std::vector<LocalAddress>, std::error_code>;

AddressList dump_addresses() {
    const auto failed = [] {
        return std::unexpected(std::error_code(errno, std::system_category()));
    };
    auto fd = open_route_socket(0);
    if (!fd) return std::unexpected(fd.error());
    AddressDump request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = RTM_GETADDR;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    if (::send(fd->get(), &request, sizeof request, 0) < 0) return failed();
    std::vector<LocalAddress> out;
    // The kernel answers a dump inside send() and recv(), so a non-blocking socket does not miss
    // it.
    std::vector<std::byte> buffer(kNetlinkReadSize);
    for (int reads = 0; reads < kNetlinkReadsMax; ++reads) {
        const ssize_t got = ::recv(fd->get(), buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed();
        switch (read_dump(ByteView(buffer).first(static_cast<std::size_t>(got)), out)) {
        case Dump::goes_on:
            break;
        case Dump::complete:
            return out;
        case Dump::interrupted:
            return std::unexpected(make_error_code(std::errc::interrupted));
        case Dump::refused:
            return std::unexpected(make_error_code(std::errc::io_error));
        }
    }
    return out; // its first ones
}

AddressList dump_addresses_in_peace() {
    AddressList out = dump_addresses();
    for (int dumps = 1; dumps < kDumpsMax && !out && out.error() == std::errc::interrupted; ++dumps)
        out = dump_addresses();
    return out;
}

// Lower is better: it will be there for longer.
constexpr int kRankMax = 3;
int rank_of(const LocalAddress& address) {
    return (address.is_deprecated ? 2 : 0) + (address.is_temporary ? 1 : 0);
}

// Where a cloud is: its scope and, on a link, its interface.
struct Reach {
    Scope scope{};
    Zone zone = 0;

    bool has(const LocalAddress& address) const {
        return address.address.scope() == scope && (scope != Scope::link || address.zone == zone);
    }
};

// The zone of an address that a socket is bound to; 0 if the machine does not have it.
Zone zone_of(const Address& address, std::span<const LocalAddress> machine) {
    const auto own = std::ranges::find(machine, address, &LocalAddress::address);
    return own == machine.end() ? 0 : own->zone;
}

// Candidates of one socket: the address it is bound to, or the machine's of its family.
std::vector<LocalAddress>
candidates(const Endpoint& local, std::span<const LocalAddress> machine, const Reach& reach) {
    std::vector<LocalAddress> out;
    if (!local.address.is_unspecified()) {
        out.push_back({.address = local.address, .zone = zone_of(local.address, machine)});
    } else {
        std::ranges::copy_if(machine, std::back_inserter(out), [&](const LocalAddress& own) {
            return own.address.is_v4() == local.address.is_v4();
        });
    }
    std::erase_if(out, [&](const LocalAddress& each) { return !reach.has(each); });
    return out;
}

std::vector<Endpoint> choose_endpoints(
    std::span<const Endpoint> locals, std::span<const LocalAddress> machine, const Reach& reach) {
    std::vector<Endpoint> families[2]; // IPv6, IPv4
    for (const Endpoint& local : locals) {
        const auto all = candidates(local, machine, reach);
        auto& family = families[local.address.is_v4() ? 1 : 0];
        for (int rank = 0; rank <= kRankMax; ++rank) {
            for (const LocalAddress& candidate : all) {
                const Endpoint endpoint{candidate.address, local.port};
                const bool is_new = std::ranges::find(family, endpoint) == family.end();
                if (rank_of(candidate) == rank && is_new) family.push_back(endpoint);
            }
        }
    }
    std::vector<Endpoint> out;
    for (std::size_t i = 0; i < std::max(families[0].size(), families[1].size()); ++i) {
        for (const auto& family : families) {
            if (i < family.size()) out.push_back(family[i]);
        }
    }
    return out;
}

// Private IPv4 addresses: where they lead out at all they do through a translator.
std::vector<Endpoint>
choose_ways_out(const Listening& listening, std::span<const LocalAddress> machine) {
    auto out = choose_endpoints(listening.locals, machine, {Scope::site, 0});
    std::erase_if(out, [](const Endpoint& endpoint) { return !endpoint.address.is_v4(); });
    return out;
}

bool is_wanted(const Listening& listening, const std::string& cloud, Zone zone) {
    return listening.only.empty() ||
           std::ranges::any_of(listening.only, [&](const std::string& wanted) {
               return node::selects_cloud(wanted, cloud, zone);
           });
}

// A site has the name that the user gave it.
std::string site_cloud(const Listening& listening) {
    for (const std::string& wanted : listening.only) {
        if (node::scope_of_cloud(wanted) == Scope::site) return wanted;
    }
    return std::string(node::kSiteCloud);
}

void add_wide_places(
    const Listening& listening,
    std::span<const LocalAddress> machine,
    std::vector<node::Place>& out) {
    const bool is_everywhere = std::ranges::any_of(
        listening.locals, [](const Endpoint& local) { return local.address.is_unspecified(); });
    for (const auto& [name, scope] :
         {std::pair(std::string(node::kGlobalCloud), Scope::global),
          std::pair(site_cloud(listening), Scope::site)}) {
        if (!is_wanted(listening, name, 0)) continue;
        node::Place place{name, 0, choose_endpoints(listening.locals, machine, {scope, 0}), {}};
        if (scope == Scope::global) place.ways_out = choose_ways_out(listening, machine);
        const bool may_come = !listening.only.empty() || (is_everywhere && scope == Scope::global);
        if (!place.endpoints.empty() || !place.ways_out.empty() || may_come)
            out.push_back(std::move(place));
    }
}

void add_links(
    const Listening& listening,
    std::span<const LocalAddress> machine,
    std::vector<node::Place>& out) {
    std::map<Zone, std::string> links;
    for (const LocalAddress& own : machine) {
        if (own.address.scope() == Scope::link) links.emplace(own.zone, own.interface);
    }
    std::size_t taken = 0;
    for (const auto& [zone, interface] : links) {
        const std::string name = node::link_cloud(interface);
        const bool is_name = node::scope_of_cloud(name).has_value();
        if (taken == kLinksMax || !is_name || !is_wanted(listening, name, zone)) continue;
        auto endpoints = choose_endpoints(listening.locals, machine, {Scope::link, zone});
        if (endpoints.empty()) continue;
        out.push_back({name, zone, std::move(endpoints), {}});
        ++taken;
    }
    for (const std::string& wanted : listening.only) {
        if (node::scope_of_cloud(wanted) != Scope::link || wanted == node::kLinkClouds) continue;
        const bool is_there = std::ranges::any_of(out, [&](const node::Place& place) {
            return node::selects_cloud(wanted, place.cloud, place.zone);
        });
        std::string_view link = std::string_view(wanted).substr(node::kLinkClouds.size());
        if (link.starts_with('%')) link.remove_prefix(1);
        if (!is_there) out.push_back({node::link_cloud(link), 0, {}});
    }
}

} // namespace

std::expected<std::vector<Interface>, std::error_code> up_interfaces() {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0)
        return std::unexpected(std::error_code(errno, std::system_category()));
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
    std::map<Zone, Interface> found;
    for (const ifaddrs* i = first; i != nullptr && found.size() < kLocalAddressesMax;
         i = i->ifa_next) {
        const Zone zone = ::if_nametoindex(i->ifa_name);
        if (zone == 0 || (i->ifa_flags & IFF_UP) == 0) continue;
        const bool multicast = (i->ifa_flags & IFF_MULTICAST) != 0;
        found[zone] = {.zone = zone, .name = i->ifa_name, .is_multicast = multicast};
    }
    std::vector<Interface> out;
    out.reserve(found.size());
    for (auto& [zone, interface] : found)
        out.push_back(std::move(interface));
    return out;
}

std::expected<std::vector<LocalAddress>, std::error_code> local_addresses() {
    const auto up = up_interfaces();
    if (!up) return std::unexpected(up.error());
    auto all = dump_addresses_in_peace();
    if (!all) return all;
    std::vector<LocalAddress> out;
    for (LocalAddress& candidate : *all) {
        const auto interface =
            std::ranges::find(*up, candidate.zone, [](const Interface& i) { return i.zone; });
        if (interface == up->end()) continue;
        candidate.interface = interface->name;
        out.push_back(std::move(candidate));
    }
    return out;
}

std::vector<node::Place>
choose_places(const Listening& listening, std::span<const LocalAddress> machine) {
    std::vector<node::Place> out;
    if (listening.allow_loopback) {
        const std::vector<Endpoint> own(listening.locals.begin(), listening.locals.end());
        const std::string global(node::kGlobalCloud);
        out.push_back({listening.only.empty() ? global : listening.only.front(), 0, own});
        return out;
    }
    add_wide_places(listening, machine, out);
    add_links(listening, machine, out);
    return out;
}

std::expected<AddressWatch, std::error_code> AddressWatch::open() {
    auto fd = open_route_socket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
    if (!fd) return std::unexpected(fd.error());
    return AddressWatch(std::move(*fd));
}

void AddressWatch::drain() {
    std::array<std::byte, 4096> buffer{};
    for (int reads = 0; reads < kNetlinkReadsMax; ++reads) {
        // ENOBUFS says that notices were lost, which is notice enough.
        const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    }
}

} // namespace kith::host
