// Reads fields from a borrowed buffer.
//
// Failure is sticky: after the first error every read yields zero, and only `finish()` tells.
// Decoders therefore read straight down the fields, and a message's one list of fields (its static
// `fields(m, io)`) serves as decoder, encoder and table of contents (see writer.hpp).

#pragma once

#include "base/bytes.hpp"
#include "wire/field.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

namespace kith::wire {

/// Why a buffer did not decode.
enum class Errc : std::uint8_t {
    truncated,      // it ends before its fields do
    trailing_bytes, // it goes on after its fields end
    bad_value,      // a field has a value that its place forbids
    too_many_items, // a count is above its limit
    bad_padding,    // padding or a reserved field is not zero (Reserved::must_be_zero)
};

/// What a reader does with reserved bits and padding. The published profiles ignore them; the
/// modern ones refuse, so that one meaning has one encoding.
enum class Reserved : std::uint8_t { ignored, must_be_zero };

class Reader {
public:
    explicit Reader(ByteView input, Reserved reserved = Reserved::must_be_zero)
        : input_(input),
          size_(input.size()),
          reserved_(reserved) {}

    static constexpr bool kIsReader = true;

    template<class... Fields>
    void operator()(Fields&&... fields) {
        (read(fields), ...);
    }

    template<std::unsigned_integral T>
    T take() {
        T out{};
        read(out);
        return out;
    }

    /// The next `size` bytes, borrowed; empty after a failure.
    ByteView take_bytes(std::size_t size) {
        if (error_ || size > input_.size()) {
            fail(Errc::truncated);
            return {};
        }
        const ByteView head = input_.first(size);
        input_ = input_.subspan(size);
        return head;
    }

    /// A big-endian 16-bit value at `offset` from here, without consuming it; zero if not there.
    std::uint16_t peek_u16(std::size_t offset = 0) const {
        if (offset > input_.size() || input_.size() - offset < 2) return 0;
        return static_cast<std::uint16_t>(
            std::to_integer<unsigned>(input_[offset]) << 8U |
            std::to_integer<unsigned>(input_[offset + 1]));
    }

    /// Skips zero bytes until `position()` is a multiple of `alignment`.
    void align(std::size_t alignment) {
        const std::size_t misfit = position() % alignment;
        if (misfit != 0) zeros(alignment - misfit);
    }

    void zeros(std::size_t count) {
        const ByteView padding = take_bytes(count);
        const bool clean = std::all_of(
            padding.begin(), padding.end(), [](std::byte b) { return b == std::byte{0}; });
        if (!clean && reserved_ == Reserved::must_be_zero) fail(Errc::bad_padding);
    }

    /// Fails unless `condition` holds: a field has a value that its place forbids.
    void require(bool condition, Errc why = Errc::bad_value) {
        if (!condition) fail(why);
    }

    void fail(Errc why) {
        if (!error_) error_ = why;
        input_ = {};
    }

    bool failed() const { return error_.has_value(); }
    std::size_t remaining() const { return input_.size(); }
    Reserved reserved() const { return reserved_; }

    /// Bytes consumed so far. Meaningless after a failure.
    std::size_t position() const { return size_ - input_.size(); }

    /// The outcome: everything was there, and nothing is left.
    std::expected<void, Errc> finish() const {
        if (error_) return std::unexpected(*error_);
        if (!input_.empty()) return std::unexpected(Errc::trailing_bytes);
        return {};
    }

private:
    template<std::unsigned_integral T>
    void read(T& out) {
        std::uint64_t value = 0;
        for (const std::byte b : take_bytes(sizeof(T))) {
            value = value << 8U | std::to_integer<std::uint64_t>(b);
        }
        out = static_cast<T>(value);
    }

    template<std::unsigned_integral T>
    void read(const LittleEndian<T>& field) {
        std::uint64_t value = 0;
        unsigned shift = 0;
        for (const std::byte b : take_bytes(sizeof(T))) {
            value |= std::to_integer<std::uint64_t>(b) << shift;
            shift += 8;
        }
        field.value = static_cast<T>(value);
    }

    template<std::size_t N>
    void read(ByteArray<N>& out) {
        out.fill(std::byte{0});
        const ByteView bytes = take_bytes(N);
        std::copy(bytes.begin(), bytes.end(), out.begin());
    }

    template<std::size_t N>
    void read(const Reversed<N>& field) {
        read(field.value);
        std::reverse(field.value.begin(), field.value.end());
    }

    template<std::unsigned_integral T>
    void read(const Constant<T>& field) {
        T found{};
        read(found);
        if (found != field.value) fail(Errc::bad_value);
    }

    template<std::unsigned_integral T>
    void read(const LittleEndianConstant<T>& field) {
        T found{};
        read(LittleEndian<T>{found});
        if (found != field.value) fail(Errc::bad_value);
    }

    void read(const Zeros& field) { zeros(field.count); }

    ByteView input_;
    std::size_t size_;
    Reserved reserved_;
    std::optional<Errc> error_;
};

/// Decodes all of `input` as one `Message`.
template<class Message>
std::expected<Message, Errc> decode(ByteView input, Reserved reserved = Reserved::must_be_zero) {
    Reader reader(input, reserved);
    Message message;
    Message::fields(message, reader);
    if (auto end = reader.finish(); !end) return std::unexpected(end.error());
    return message;
}

} // namespace kith::wire
