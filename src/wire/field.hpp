// What a field list may name besides plain unsigned integers (big-endian) and byte arrays.

#pragma once

#include "base/bytes.hpp"

#include <concepts>
#include <cstddef>

namespace kith::wire {

template<std::unsigned_integral T>
struct LittleEndian {
    T& value;
};

template<std::unsigned_integral T>
struct LittleEndianRef {
    const T& value;
};

/// A byte array whose order on the wire is the reverse of the one in memory.
template<std::size_t N>
struct Reversed {
    ByteArray<N>& value;
};

template<std::size_t N>
struct ReversedRef {
    const ByteArray<N>& value;
};

/// A big-endian number that has one legal value at its place.
template<std::unsigned_integral T>
struct Constant {
    T value;
};

template<std::unsigned_integral T>
struct LittleEndianConstant {
    T value;
};

/// Reserved bytes or padding.
struct Zeros {
    std::size_t count;
};

template<std::unsigned_integral T>
LittleEndian<T> le(T& value) {
    return {value};
}

template<std::unsigned_integral T>
LittleEndianRef<T> le(const T& value) {
    return {value};
}

template<std::size_t N>
Reversed<N> reversed(ByteArray<N>& value) {
    return {value};
}

template<std::size_t N>
ReversedRef<N> reversed(const ByteArray<N>& value) {
    return {value};
}

template<std::unsigned_integral T>
Constant<T> constant(T value) {
    return {value};
}

template<std::unsigned_integral T>
LittleEndianConstant<T> le_constant(T value) {
    return {value};
}

} // namespace kith::wire
