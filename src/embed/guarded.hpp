// Exceptions of the system and of the application's code end here.

#pragma once

#include <exception>
#include <fmt/format.h>
#include <kith/identity.hpp>
#include <new>
#include <type_traits>
#include <utility>

namespace kith::embed {

/// What `make` yields; `cannot_start` if it throws: the system has no thread or descriptor left.
/// That there is no memory left is the application's to hear, as from any other call.
template<class Make>
std::invoke_result_t<Make> guarded(Make make) {
    try {
        return make();
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        return std::unexpected(
            Error{Errc::cannot_start, fmt::format("cannot start a node: {}", error.what())});
    }
}

/// What the application's code yields, or `otherwise` if it throws.
template<class Otherwise, class Ask>
std::invoke_result_t<Ask> asked(Otherwise otherwise, Ask ask) {
    try {
        return ask();
    } catch (...) {
        return std::invoke_result_t<Ask>(std::move(otherwise));
    }
}

} // namespace kith::embed
