// Elements: FieldID, Length, body, padding (MS-PNRP 2.2). The one place that frames them.
//
// A message's list of fields names its elements in order; run with a reader it decodes, with a
// writer it encodes. Every function here therefore takes either as `io`. What a list needs to know
// of a value before the value is there (a length, a count) it takes from the wire when it reads,
// and requires to fit the value once that is there.

#pragma once

#include "base/check.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace kith::pnrp {

enum class FieldId : std::uint16_t { // NOLINT(performance-enum-size): 2.2, its size on the wire
    header = 0x0010,
    acked = 0x0018,
    id = 0x0030,
    target_id = 0x0038,
    validate_id = 0x0039,
    flags = 0x0040,
    flood_controls = 0x0043,
    solicit_controls = 0x0044,
    lookup_controls = 0x0045,
    extended_payload = 0x005A,
    id_array = 0x0060,
    cert_chain = 0x0080,
    wchar = 0x0084,
    classifier = 0x0085,
    hashed_nonce = 0x0092,
    nonce = 0x0093,
    split_controls = 0x0098,
    routing_entry = 0x009A,
    validate_cpa = 0x009B,
    revoke_cpa = 0x009C,
    ipv6_endpoint = 0x009D,
    ipv6_endpoint_array = 0x009E,
    padding = 0x00ED, // modern: zeros up to the size that amplification asks for
};

inline constexpr std::size_t kElementAlignment = 4;  // 2.2
inline constexpr std::size_t kElementHeaderSize = 4; // FieldID and Length

/// `T` or `const T`: the value that a list of fields reads into or writes from.
template<class T, class Value>
concept ConstOr = std::same_as<std::remove_const_t<T>, Value>;

template<class Io>
inline constexpr bool kIsReader = Io::kIsReader;

/// True if `io` reads and takes more than one form of the same meaning, as the published profile
/// does (decisions A6, A7). A strict reader takes the one form that the writer makes.
template<class Io>
bool is_tolerant(const Io& io) {
    if constexpr (kIsReader<Io>) {
        return io.reserved() == wire::Reserved::ignored;
    } else {
        return false;
    }
}

/// An enumeration as the number that it is.
template<class Io, class Enum>
void number(Io& io, Enum& value) {
    using Number = std::underlying_type_t<std::remove_const_t<Enum>>;
    if constexpr (kIsReader<Io>) {
        value = static_cast<Enum>(io.template take<Number>());
    } else {
        io(static_cast<Number>(value));
    }
}

/// Exactly `size` bytes.
template<class Io, ConstOr<Bytes> Value>
void opaque(Io& io, Value& value, std::size_t size) {
    if constexpr (kIsReader<Io>) {
        value = to_owned(io.take_bytes(size));
    } else {
        KITH_CHECK(value.size() == size);
        io.bytes(value);
    }
}

template<class Bool>
struct Flag {
    unsigned mask;
    Bool& value;
};

template<class Bool>
Flag<Bool> flag(unsigned mask, Bool& value) {
    return {mask, value};
}

/// A word of flags; its other bits are reserved.
template<std::unsigned_integral Word, class Io, class... Bools>
void flags(Io& io, Flag<Bools>... flags) {
    if constexpr (kIsReader<Io>) {
        const unsigned bits = io.template take<Word>();
        ((flags.value = (bits & flags.mask) != 0), ...);
        const bool is_clean = (bits & ~(flags.mask | ...)) == 0;
        io.require(is_clean || is_tolerant(io), wire::Errc::bad_padding);
    } else {
        io(static_cast<Word>(((flags.value ? flags.mask : 0U) | ...)));
    }
}

/// The frame of an element whose Length is always the same. Its fields follow.
template<class Io>
void element(Io& io, FieldId id, std::uint16_t length) {
    io(wire::constant(std::to_underlying(id)), wire::constant(length));
}

/// The frame of an element whose Length depends on its value: writes `length`, or returns the one
/// that was read. The fields follow, and then the list requires the two to be the same.
template<class Io>
std::size_t element_of_size(Io& io, FieldId id, std::size_t length) {
    io(wire::constant(std::to_underlying(id)));
    if constexpr (kIsReader<Io>) {
        return io.template take<std::uint16_t>();
    } else {
        KITH_CHECK(length <= std::numeric_limits<std::uint16_t>::max());
        io(static_cast<std::uint16_t>(length));
        return length;
    }
}

/// The padding of an element that another one may follow.
template<class Io>
void pad(Io& io) {
    if constexpr (kIsReader<Io>) {
        // Decision A7: padding at the very end may be left out.
        if (is_tolerant(io) && io.remaining() == 0) return;
    }
    io.align(kElementAlignment);
}

/// The value of the optional element `id` if it is next, or null. A reader recognises it by its
/// FieldID and makes room for its value.
template<class Io, class Optional>
auto* present(Io& io, FieldId id, Optional& value) {
    if constexpr (kIsReader<Io>) {
        if (io.peek_u16() == std::to_underlying(id)) value.emplace();
    }
    return value ? &*value : nullptr;
}

/// An optional element that is nothing but one structure of its own, which others decode.
template<class Io, ConstOr<std::optional<Bytes>> Value>
void opaque_element(Io& io, FieldId id, Value& optional) {
    auto* value = present(io, id, optional);
    if (value == nullptr) return;
    const std::size_t length = element_of_size(io, id, kElementHeaderSize + value->size());
    io.require(length > kElementHeaderSize);
    if constexpr (kIsReader<Io>) {
        if (io.failed()) return;
    }
    opaque(io, *value, length - kElementHeaderSize);
}

struct ArrayShape {
    FieldId array;
    FieldId entry;
    std::uint16_t entry_size;
    std::size_t count_min;
    std::size_t count_max;
};

/// An element that is an array. `entry(item)` reads or writes one item.
template<class Io, class Items, class Entry>
void array_element(Io& io, const ArrayShape& shape, Items& items, Entry&& entry) {
    constexpr std::size_t kArrayHeaderSize = 8; // NumEntries, ArrayLength, type, EntryLength
    const auto array_length = [&](std::size_t n) {
        return kArrayHeaderSize + n * shape.entry_size;
    };

    const std::size_t length =
        element_of_size(io, shape.array, kElementHeaderSize + array_length(items.size()));
    auto count = static_cast<std::uint16_t>(items.size());
    io(count);
    io.require(count >= shape.count_min && count <= shape.count_max);
    io.require(length == kElementHeaderSize + array_length(count));
    io(wire::constant(static_cast<std::uint16_t>(array_length(count))),
       wire::constant(std::to_underlying(shape.entry)),
       wire::constant(shape.entry_size));
    if constexpr (kIsReader<Io>) {
        if (io.failed()) return;
        items.resize(count);
    }
    for (auto& item : items)
        entry(item);
}

} // namespace kith::pnrp
