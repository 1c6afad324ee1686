#include "graph/frame.hpp"

#include "base/check.hpp"
#include "graph/wire_limits.hpp"

#include <algorithm>
#include <utility>

namespace kith::graph {

namespace {

/// How much of the small stream may pass while the bulk stream waits.
constexpr std::size_t kSmallRunMax = 65536;

/// The first allocation for a message: what it announces is believed only as its bytes come.
constexpr std::size_t kAssemblyFirst = 65536;

std::size_t number(ByteView bytes) {
    std::size_t value = 0;
    for (const std::byte b : bytes)
        value = value << 8U | std::to_integer<std::size_t>(b);
    return value;
}

void append_size(Bytes& out, std::size_t size) {
    KITH_ASSUME(size >= 1 && size <= kFrameAccepted);
    out.push_back(static_cast<std::byte>(size >> 8U));
    out.push_back(static_cast<std::byte>(size));
}

void append(Bytes& out, ByteView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

constexpr std::size_t index_of(Stream stream) {
    return static_cast<std::size_t>(stream);
}

} // namespace

FrameReader::FrameReader(std::size_t message_max) : message_max_(message_max) {}

void FrameReader::use_streams() {
    uses_streams_ = true;
}

void FrameReader::set_message_max(std::size_t message_max) {
    message_max_ = message_max;
}

void FrameReader::fail(FrameErrc why) {
    error_ = why;
    input_ = {};
    taken_ = 0;
    for (Assembly& assembly : assemblies_)
        assembly = {};
}

std::expected<void, FrameErrc> FrameReader::feed(ByteView bytes) {
    if (error_) return std::unexpected(*error_);
    // At most half of the buffer moves for each of its bytes, so a byte moves once on average.
    if (taken_ * 2 >= input_.size()) {
        input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(taken_));
        taken_ = 0;
    }
    append(input_, bytes);
    return {};
}

std::optional<ByteView> FrameReader::poll_frame() {
    if (error_) return std::nullopt;
    const ByteView input = ByteView(input_).subspan(taken_);
    if (input.size() < kFrameSizeField) return std::nullopt;
    const std::size_t size = number(input.first(kFrameSizeField));
    if (size == 0 || size > kFrameAccepted) {
        fail(size == 0 ? FrameErrc::empty_frame : FrameErrc::frame_too_large);
        return std::nullopt;
    }
    if (input.size() - kFrameSizeField < size) return std::nullopt;
    taken_ += kFrameSizeField + size;
    return input.subspan(kFrameSizeField, size);
}

std::optional<Bytes> FrameReader::take_payload(ByteView payload) {
    if (error_) return std::nullopt;
    std::size_t stream = 0;
    if (uses_streams_ && !payload.empty()) {
        stream = std::to_integer<std::size_t>(payload.front());
        payload = payload.subspan(1);
        if (stream > index_of(Stream::bulk)) {
            fail(FrameErrc::unknown_stream);
            return std::nullopt;
        }
    }
    if (payload.empty()) {
        fail(FrameErrc::empty_frame);
        return std::nullopt;
    }
    Assembly& assembly = assemblies_[stream];
    if (assembly.size == 0) {
        const std::size_t missing = kMessageSizeField - assembly.bytes.size();
        const ByteView head = payload.first(std::min(missing, payload.size()));
        append(assembly.bytes, head);
        payload = payload.subspan(head.size());
        if (assembly.bytes.size() < kMessageSizeField) return std::nullopt;
        if (!learn_size(assembly)) return std::nullopt;
    }
    if (payload.size() > assembly.size - assembly.bytes.size()) {
        fail(FrameErrc::surplus);
        return std::nullopt;
    }
    const std::size_t needed = assembly.bytes.size() + payload.size();
    if (needed > assembly.bytes.capacity()) {
        const std::size_t roomy = std::max({needed, assembly.bytes.size() * 2, kAssemblyFirst});
        assembly.bytes.reserve(std::min(roomy, assembly.size));
    }
    append(assembly.bytes, payload);
    if (assembly.bytes.size() < assembly.size) return std::nullopt;
    assembly.size = 0;
    return std::exchange(assembly.bytes, {});
}

bool FrameReader::learn_size(Assembly& assembly) {
    const std::size_t size = number(assembly.bytes);
    if (size >= kMessageHeader && size <= message_max_) {
        assembly.size = size;
        return true;
    }
    fail(size < kMessageHeader ? FrameErrc::message_too_small : FrameErrc::message_too_large);
    return false;
}

std::optional<Bytes> FrameReader::poll() {
    while (const auto payload = poll_frame()) {
        if (auto message = take_payload(*payload)) return message;
    }
    return std::nullopt;
}

std::size_t FrameReader::buffered() const {
    return input_.size() - taken_ + assemblies_[0].bytes.size() + assemblies_[1].bytes.size();
}

void FrameWriter::use_streams() {
    if (uses_streams_) return;
    uses_streams_ = true;
    plain_left_ = queues_[0].messages.size() + queues_[1].messages.size();
}

void FrameWriter::push(Bytes message, Stream stream, Load load) {
    KITH_ASSUME(message.size() >= kMessageHeader);
    Queue& queue = queues_[index_of(stream)];
    queue.bytes += message.size();
    waiting_[static_cast<std::size_t>(load)] += message.size();
    queue.messages.push_back({std::move(message), uses_streams_, load});
}

std::optional<Stream> FrameWriter::next_stream() const {
    const Queue& small = queues_[index_of(Stream::small)];
    const Queue& bulk = queues_[index_of(Stream::bulk)];
    const auto may_leave = [&](const Queue& queue) {
        if (queue.messages.empty()) return false;
        return plain_left_ == 0 || !queue.messages.front().has_stream;
    };
    if (!may_leave(small) && !may_leave(bulk)) return std::nullopt;
    if (!may_leave(bulk)) return Stream::small;
    if (!may_leave(small)) return Stream::bulk;
    // Without a number in its frames a message under way must end first.
    const bool is_plain = !small.messages.front().has_stream;
    if (is_plain && bulk.sent > 0) return Stream::bulk;
    if (is_plain && small.sent > 0) return Stream::small;
    return small_run_ >= kSmallRunMax ? Stream::bulk : Stream::small;
}

std::size_t FrameWriter::next_payload_size(Stream stream) const {
    const Queue& queue = queues_[index_of(stream)];
    const Message& message = queue.messages.front();
    const std::size_t prefix = message.has_stream ? 1 : 0;
    return std::min(kFrameSent, prefix + message.bytes.size() - queue.sent);
}

void FrameWriter::append_payload(Stream stream, Bytes& out) {
    Queue& queue = queues_[index_of(stream)];
    const Message& message = queue.messages.front();
    std::size_t count = next_payload_size(stream);
    if (message.has_stream) {
        out.push_back(static_cast<std::byte>(stream));
        --count;
    }
    append(out, ByteView(message.bytes).subspan(queue.sent, count));
    small_run_ = stream == Stream::bulk ? 0 : small_run_ + count;
    queue.sent += count;
    queue.bytes -= count;
    waiting_[static_cast<std::size_t>(message.load)] -= count;
    if (queue.sent < message.bytes.size()) return;
    if (!message.has_stream && plain_left_ > 0) --plain_left_;
    queue.messages.pop_front();
    queue.sent = 0;
}

std::optional<Bytes> FrameWriter::poll() {
    const auto stream = next_stream();
    if (!stream) return std::nullopt;
    Bytes out;
    const std::size_t size = next_payload_size(*stream);
    out.reserve(kFrameSizeField + size);
    append_size(out, size);
    append_payload(*stream, out);
    return out;
}

bool FrameWriter::poll_into(Bytes& out, std::size_t size_max) {
    const std::size_t before = out.size();
    for (auto stream = next_stream(); stream; stream = next_stream()) {
        const std::size_t size = next_payload_size(*stream);
        if (out.size() + kFrameSizeField + size > size_max) break;
        append_size(out, size);
        append_payload(*stream, out);
    }
    return out.size() > before;
}

std::optional<Bytes> FrameWriter::poll_payload() {
    const auto stream = next_stream();
    if (!stream) return std::nullopt;
    Bytes out;
    out.reserve(next_payload_size(*stream));
    append_payload(*stream, out);
    return out;
}

std::size_t FrameWriter::queued(Stream stream) const {
    return queues_[index_of(stream)].bytes;
}

std::size_t FrameWriter::queued() const {
    return queued(Stream::small) + queued(Stream::bulk);
}

std::size_t FrameWriter::waiting(Load load) const {
    return waiting_[static_cast<std::size_t>(load)];
}

bool fits_a_frame(ByteView payload) {
    return !payload.empty() && payload.size() <= kFrameAccepted;
}

Bytes frame_of(ByteView payload) {
    Bytes out;
    out.reserve(kFrameSizeField + payload.size());
    append_size(out, payload.size());
    append(out, payload);
    return out;
}

} // namespace kith::graph
