// What all messages are made of, for message.cpp and its parts: one message being written, and one
// being read.

#pragma once

#include "base/bytes.hpp"
#include "base/endpoint.hpp"
#include "graph/message.hpp"
#include "graph/sync_range.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::graph {

/// What the writer makes of them, in bytes.
std::size_t size_of(const std::vector<Capability>& capabilities);
std::size_t size_of(const TypeFilter& types);
std::size_t size_of_text(std::string_view text);

/// Requires that everything keeps the limits of wire_limits.hpp.
class MessageWriter {
public:
    /// `size`: of the fixed part and of what follows.
    MessageWriter(MessageType type, std::size_t size, std::uint16_t flags = 0);
    MessageWriter(const MessageWriter&) = delete;
    MessageWriter& operator=(const MessageWriter&) = delete;

    template<class... Fields>
    void operator()(const Fields&... fields) {
        io_(fields...);
    }

    void byte(std::size_t value);
    void offset(std::size_t value);
    void wide_offset(std::size_t value) { io_(static_cast<std::uint32_t>(value)); }

    void addresses(const std::vector<Endpoint>& endpoints);
    void text(std::string_view text, std::size_t units_max);
    void capabilities(const std::vector<Capability>& capabilities);
    void counts(const TypeFilter& types);
    void types(const TypeFilter& types);
    void ranges(const std::vector<SyncRange>& ranges, RangeUse use) {
        write_ranges(io_, ranges, use);
    }
    void key(const store::SyncKey& key) { io_(key.modified.ticks, key.id.bytes); }
    void abstracts(const std::vector<RecordAbstract>& abstracts, bool wide);
    void bytes(ByteView view) { io_.bytes(view); }
    void zeros(std::size_t count) { io_.zeros(count); }

    /// Requires that `size` bytes were written.
    Bytes finish() &&;

private:
    Bytes out_;
    wire::Writer io_;
    std::size_t size_ = 0;
};

/// After the first error everything reads as nothing. Offsets and counts are the peer's, so their
/// sums are taken in 64 bits, and nothing is allocated before its bytes are there.
class MessageReader {
public:
    /// `fixed`: the size of the fixed part, header included.
    MessageReader(ByteView message, std::size_t fixed);

    template<std::unsigned_integral T>
    T take() {
        return in_.take<T>();
    }
    void skip(std::size_t count) { in_.take_bytes(count); }
    Guid take_guid();

    std::uint64_t size() const { return whole_.size(); }

    void require(bool condition, MessageErrc why) {
        if (!condition) fail(why);
    }
    void fail(MessageErrc why) {
        if (!error_) error_ = why;
    }
    const std::optional<MessageErrc>& error() const { return error_; }

    /// `count` items at `offset`, which end at `end` or before. What has no items may stand
    /// anywhere before `end`.
    ByteView
    items(std::uint64_t offset, std::uint64_t count, std::uint64_t item, std::uint64_t end);

    /// Requires that they end at `end` or before.
    std::vector<Endpoint> addresses(std::uint64_t offset, std::uint8_t count, std::uint64_t end);

    /// Text that begins at `offset` and ends before `end`.
    std::string text(std::uint64_t offset, std::uint64_t end, std::size_t units_max);

    /// Text of an id, which is not empty.
    std::string id(std::uint64_t offset, std::uint64_t end);

    /// Absent if its offset is the message's size.
    std::optional<std::string> friendly_name(std::uint64_t offset);

    /// Between the fixed part and `end`, if that is where the next part begins; none if it is no
    /// such list.
    std::vector<Capability> capabilities(std::uint64_t end, std::uint64_t next_part) const;

    store::SyncKey take_key(wire::Reader& in) const;

    TypeFilter
    types(std::uint8_t included, std::uint8_t excluded, std::uint64_t offset, std::uint64_t end);

    std::vector<Boundary> boundaries(std::uint64_t offset, std::uint64_t count, std::uint64_t end);

    /// Ranges that begin at `offset` and end at `end` or before.
    std::vector<SyncRange>
    ranges(std::uint64_t offset, std::uint64_t count, std::uint64_t end, RangeUse use);

    std::vector<RecordAbstract> abstracts(std::uint64_t offset, std::uint64_t count, bool wide);

    ByteView rest(std::uint64_t offset);

private:
    ByteView part(std::uint64_t offset, std::uint64_t count) const {
        return whole_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(count));
    }

    ByteView whole_;
    std::size_t fixed_;
    wire::Reader in_;
    std::optional<MessageErrc> error_;
};

} // namespace kith::graph
