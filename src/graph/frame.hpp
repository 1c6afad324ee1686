// Messages over a stream of bytes (MS-PPGRH 2.2.1.1): a message is cut into frames, each with its
// size before it.
//
//   stream  := { FrameSize(2) FramePayload(FrameSize bytes) }*
//   message := payloads until MessageSize, its first four bytes, is reached
//
// Once both ends have agreed on the capability `streams` a payload begins with the number of the
// stream that it belongs to, and each stream carries its own sequence of messages: a large record
// delays a small one by one frame.

#pragma once

#include "base/bytes.hpp"
#include "graph/message.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <optional>

namespace kith::graph {

enum class FrameErrc : std::uint8_t {
    empty_frame,       // a frame without a payload
    frame_too_large,   // above kFrameAccepted
    message_too_large, // its announced size is above what this end takes
    message_too_small, // its announced size is below a header's
    surplus,           // bytes after the end of a message in its last frame
    unknown_stream,
};

/// Which of a link's two streams carries something.
enum class Stream : std::uint8_t { small = 0, bulk = 1 };

/// Bytes in, messages out. Memory is bounded by one largest message per stream.
class FrameReader {
public:
    /// `message_max` bounds the size of a message with its header.
    explicit FrameReader(std::size_t message_max);

    /// Frames that begin from here on carry the number of their stream.
    void use_streams();
    void set_message_max(std::size_t message_max);

    /// Takes bytes as they come. Stays failed after an error.
    std::expected<void, FrameErrc> feed(ByteView bytes);

    /// The next whole message, encoded, or nothing.
    std::optional<Bytes> poll();

private:
    struct Assembly {
        Bytes bytes;          // of the message under way
        std::size_t size = 0; // announced; 0: not known yet
    };

    std::expected<void, FrameErrc> take_frame(ByteView payload);

    std::size_t message_max_;
    bool uses_streams_ = false;
    std::optional<FrameErrc> failed_;
    Bytes partial_; // of the frame under way, size field included
    Assembly assemblies_[2];
    std::deque<Bytes> ready_;
};

/// Messages in, bytes out: whole frames, the small stream's before the bulk one's.
class FrameWriter {
public:
    /// Frames made from here on carry the number of their stream.
    void use_streams();

    /// Queues an encoded message. Without streams messages leave in the order of their queues:
    /// a small one waits for the end of the message under way, never for the bulk queue behind it.
    void push(Bytes message, Stream stream);

    /// The next frame with its size field, or nothing.
    std::optional<Bytes> poll();

    /// Bytes of messages that wait, of one stream or of both.
    std::size_t queued(Stream stream) const;
    std::size_t queued() const;

private:
    struct Queue {
        std::deque<Bytes> messages;
        std::size_t sent = 0;  // of the first one
        std::size_t bytes = 0; // of all that wait
    };

    Bytes take_frame(Stream stream);

    bool uses_streams_ = false;
    Queue queues_[2];
};

} // namespace kith::graph
