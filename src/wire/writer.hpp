// Writes the fields that reader.hpp reads, into a growing buffer.

#pragma once

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "wire/field.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace kith::wire {

class Writer {
public:
    /// Appends to `out`; alignment counts from where `out` ends now.
    explicit Writer(Bytes& out) : out_(out), start_(out.size()) {}

    static constexpr bool kIsReader = false;

    template<class... Fields>
    void operator()(const Fields&... fields) {
        (write(fields), ...);
    }

    void bytes(ByteView view) { out_.insert(out_.end(), view.begin(), view.end()); }

    void zeros(std::size_t count) { out_.resize(out_.size() + count); }

    void align(std::size_t alignment) {
        const std::size_t misfit = position() % alignment;
        if (misfit != 0) zeros(alignment - misfit);
    }

    /// The same call as the reader's; here a false condition is our own mistake.
    void require(bool condition) { KITH_ASSUME(condition); }

    std::size_t position() const { return out_.size() - start_; }

private:
    template<std::unsigned_integral T>
    void write(T value) {
        for (std::size_t i = sizeof(T); i-- > 0;) {
            out_.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8U * i)));
        }
    }

    template<std::unsigned_integral T>
    void write_le(T value) {
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            out_.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8U * i)));
        }
    }

    template<std::unsigned_integral T>
    void write(const LittleEndianRef<T>& field) {
        write_le(field.value);
    }

    template<std::unsigned_integral T>
    void write(const LittleEndian<T>& field) {
        write_le(field.value);
    }

    template<std::unsigned_integral T>
    void write(const Constant<T>& field) {
        write(field.value);
    }

    template<std::unsigned_integral T>
    void write(const LittleEndianConstant<T>& field) {
        write_le(field.value);
    }

    template<std::size_t N>
    void write(const ByteArray<N>& array) {
        bytes(array);
    }

    template<std::size_t N>
    void write(const ReversedRef<N>& field) {
        out_.insert(out_.end(), field.value.rbegin(), field.value.rend());
    }

    template<std::size_t N>
    void write(const Reversed<N>& field) {
        out_.insert(out_.end(), field.value.rbegin(), field.value.rend());
    }

    void write(const Zeros& field) { zeros(field.count); }

    Bytes& out_;
    std::size_t start_;
};

template<class Message>
Bytes encode(const Message& message) {
    Bytes out;
    Writer writer(out);
    Message::fields(message, writer);
    return out;
}

} // namespace kith::wire
