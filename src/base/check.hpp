// What we believe of ourselves. What a peer sends is never checked with these: it is weather.
//
// KITH_CHECK   always on: going on with a false belief would be unsafe.
// KITH_ASSUME  on in debug, sanitizer, fuzz and simulator builds: a false belief is a bug, but a
//              bounded one.

#pragma once

namespace kith {

/// Prints one line to standard error and aborts.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

} // namespace kith

#define KITH_CHECK(expression)                                                                     \
    (static_cast<bool>(expression) ? static_cast<void>(0)                                          \
                                   : ::kith::check_failed(#expression, __FILE__, __LINE__))

#ifdef KITH_CHECK_ASSUMPTIONS
#define KITH_ASSUME(expression) KITH_CHECK(expression)
#else
#define KITH_ASSUME(expression) static_cast<void>(sizeof(static_cast<bool>(expression)))
#endif
