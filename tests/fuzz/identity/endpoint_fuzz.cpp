// Addresses and endpoints: what parses prints a text that parses to the same value, and a mapped
// address is the IPv4 one in all respects.

#include "base/check.hpp"
#include "base/endpoint.hpp"

#include <cstddef>
#include <cstdint>

namespace {

void check_address(const kith::Address& address) {
    KITH_CHECK(kith::parse_address(kith::to_string(address)) == address);
    KITH_CHECK(!address.is_unspecified() || address.scope() == kith::Scope::none);
    const unsigned bits = address.is_v4() ? 32 : 128;
    KITH_CHECK(address.prefix(bits) == address);
    for (unsigned length = 0; length < bits; ++length)
        KITH_CHECK(address.prefix(length + 1).prefix(length) == address.prefix(length));
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto address = kith::parse_address(text)) check_address(*address);
    if (const auto endpoint = kith::parse_endpoint(text)) {
        KITH_CHECK(endpoint->port != 0);
        KITH_CHECK(kith::parse_endpoint(kith::to_string(*endpoint)) == endpoint);
        check_address(endpoint->address);
    }
    return 0;
}
