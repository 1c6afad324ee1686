#include "host/entropy.hpp"

#include "base/check.hpp"

#include <sys/random.h>

#include <bit>
#include <cerrno>

namespace kith::host {

void EntropySource::fill(std::span<std::byte> out) {
    while (!out.empty()) {
        const ssize_t got = ::getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        KITH_CHECK(got > 0);
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

SeededRandom make_plain_random(SecureRandom& entropy) {
    return SeededRandom(std::bit_cast<std::uint64_t>(entropy.bytes<8>()));
}

} // namespace kith::host
