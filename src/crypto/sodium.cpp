#include "crypto/sodium.hpp"

#include "base/check.hpp"

namespace kith::crypto {

void require_sodium() {
    // 0 is the first time, 1 is again: both are success. Going on without it would mean code paths
    // that libsodium has not chosen for this processor yet.
    static const bool ready = sodium_init() >= 0;
    KITH_CHECK(ready);
}

} // namespace kith::crypto
