#include "base/check.hpp"
#include "graph/record_codec.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

// Whatever the bytes are: a record or payload that is read means the same when it is written and
// read again. The first byte says what they are taken for.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kith;
    if (size == 0) return 0;
    const ByteView bytes = std::as_bytes(std::span(data, size)).subspan(1);
    constexpr auto kGraph = "garden";
    switch (data[0] % 6) {
    case 0:
    case 1: {
        const auto rules = data[0] % 6 == 0 ? store::Rules::published : store::Rules::modern;
        const auto record = graph::decode_record(bytes, kGraph, rules);
        if (!record) break;
        const Bytes written = graph::encode_record(*record, kGraph, rules);
        const auto again = graph::decode_record(written, kGraph, rules);
        KITH_CHECK(again && *again == *record);
        const bool is_valid = graph::validate_record(*record, 0, rules).has_value();
        KITH_CHECK(is_valid == graph::validate_record(*again, 0, rules).has_value());
        break;
    }
    case 2:
        if (const auto info = graph::decode_graph_info(bytes)) {
            KITH_CHECK(graph::decode_graph_info(graph::encode_graph_info(*info)) == info);
        }
        break;
    case 3:
        if (const auto signature = graph::decode_signature(bytes)) {
            KITH_CHECK(graph::decode_signature(graph::encode_signature(*signature)) == signature);
        }
        break;
    case 4:
        if (const auto contact = graph::decode_contact(bytes)) {
            KITH_CHECK(graph::decode_contact(graph::encode_contact(*contact)) == contact);
        }
        break;
    default:
        if (const auto presence = graph::decode_presence(bytes)) {
            KITH_CHECK(graph::decode_presence(graph::encode_presence(*presence)) == presence);
        }
    }
    return 0;
}
