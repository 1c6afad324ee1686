#include "base/check.hpp"
#include "graph/message.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

// Whatever the bytes are: what they mean survives being written again, whichever capabilities both
// ends agreed on. The first byte says which.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kith;
    if (size == 0) return 0;
    const unsigned bits = data[0];
    const graph::Agreed agreed{
        .sums = (bits & 1U) != 0, .wide = (bits & 2U) != 0, .lazy = (bits & 4U) != 0};
    const ByteView bytes = std::as_bytes(std::span(data, size)).subspan(1);
    const auto message = graph::decode(bytes, agreed);
    if (!message) return 0;
    const Bytes written = graph::encode(*message);
    const auto again = graph::decode(written, agreed);
    KITH_CHECK(again && *again == *message);
    KITH_CHECK(graph::encode(*again) == written);
    return 0;
}
