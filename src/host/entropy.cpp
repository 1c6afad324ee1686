#include "host/entropy.hpp"

#include "base/check.hpp"

#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cerrno>

namespace kith::host {

namespace {

// Message ids and nonces, a few with every datagram: one system call serves many. A key is never
// taken from here: a process that forked would give the same one twice.
constexpr std::size_t kSmallMax = 16;
constexpr std::size_t kPoolSize = 256; // what getrandom() gives without being interrupted

struct Pool {
    ByteArray<kPoolSize> bytes{};
    std::size_t left = 0; // at the end
};

void fill_from_kernel(std::span<std::byte> out) {
    while (!out.empty()) {
        const ssize_t got = ::getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        KITH_CHECK(got > 0);
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

} // namespace

void EntropySource::fill(std::span<std::byte> out) {
    if (out.size() > kSmallMax) {
        fill_from_kernel(out);
        return;
    }
    static thread_local Pool pool;
    if (pool.left < out.size()) {
        fill_from_kernel(pool.bytes);
        pool.left = kPoolSize;
    }
    const auto taken = std::span(pool.bytes).subspan(kPoolSize - pool.left, out.size());
    std::ranges::copy(taken, out.begin());
    std::ranges::fill(taken, std::byte{0}); // nobody finds afterwards what was given away
    pool.left -= out.size();
}

SeededRandom make_plain_random(SecureRandom& entropy) {
    return SeededRandom(std::bit_cast<std::uint64_t>(entropy.bytes<8>()));
}

} // namespace kith::host
