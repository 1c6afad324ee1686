// A network of a test's own, in which it may do as it likes: a namespace with nothing but loopback.

#pragma once

#include "host/unique_fd.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <sched.h>
#include <thread>

namespace kith::host {

/// Makes a link "kith0" with an address of each family: unlike loopback it multicasts over both.
inline bool make_link() {
    for (const char* command :
         {"ip link add kith0 type veth peer name kith1",
          "ip link set kith0 addrgenmode none up",
          "ip link set kith1 addrgenmode none up",
          "ip addr add 198.51.100.1/24 dev kith0",
          "ip addr add fe80::1/64 dev kith0 nodad"}) {
        // One thread in this namespace, and nobody changes the environment.
        if (std::system(command) != 0) return false; // NOLINT(concurrency-mt-unsafe,cert-env33-c)
    }
    return true;
}

/// Runs `body` on a thread of its own in a new namespace, where loopback is up.
/// False, without running it, where this user may make none.
inline bool in_network_namespace(const std::function<void()>& body) {
    bool made = false;
    // A namespace belongs to a thread, so the rest of the process keeps its network.
    std::thread([&] {
        if (::unshare(CLONE_NEWNET) != 0) return;
        const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        ifreq request{};
        std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
        request.ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK;
        if (::ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0) return;
        made = true;
        body();
    }).join();
    return made;
}

/// Gives loopback another IPv4 address, under the name `label` ("lo:1").
inline bool add_address(const char* label, const char* address) {
    const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strncpy(request.ifr_name, label, IFNAMSIZ - 1);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    if (::inet_pton(AF_INET, address, &v4.sin_addr) != 1) return false;
    std::memcpy(&request.ifr_addr, &v4, sizeof v4);
    return ::ioctl(fd.get(), SIOCSIFADDR, &request) == 0;
}

} // namespace kith::host
