// Messages over a stream of bytes (MS-PPGRH 2.2.1.1): a message is cut into frames, each with its
// size before it.
//
//   stream  := { FrameSize(2) FramePayload(FrameSize bytes) }*
//   message := payloads until MessageSize, its first four bytes, is reached
//
// Once both ends have agreed on the capability `streams` a payload begins with the number of the
// stream that it belongs to, and each stream carries its own sequence of messages: a large record
// delays a small one by one frame.
//
// Under a security provider a frame is one protected unit (GA-02): the payload that travels is
// what the provider made of the one here, and during its negotiation frames carry its own bytes.
// `poll_frame`, `take_payload`, `poll_payload` and `frame_of` are for that; without a provider
// `poll` does the whole way.

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
    empty_frame,       // a frame without a payload, or with a stream's number alone
    frame_too_large,   // above kFrameAccepted
    message_too_large, // its announced size is above what this end takes
    message_too_small, // its announced size is below a header's
    surplus,           // bytes after the end of a message in its last frame
    unknown_stream,
};

/// Which of a link's two streams carries something.
enum class Stream : std::uint8_t { small = 0, bulk = 1 };

/// Bytes in, messages out. Memory is bounded by what was fed and not yet polled, and one largest
/// message per stream; nothing is kept of a message that announces more.
class FrameReader {
public:
    /// `message_max` bounds the size of a message with its header.
    explicit FrameReader(std::size_t message_max);

    /// Frames after the last message that was polled carry the number of their stream.
    void use_streams();
    /// For messages that begin after the last one that was polled.
    void set_message_max(std::size_t message_max);

    /// Takes bytes as they come. Poll until nothing comes before feeding more: what is not polled
    /// is held. Fails if it failed before.
    std::expected<void, FrameErrc> feed(ByteView bytes);

    /// The next whole message, encoded; nothing if more bytes are needed or after an error. A
    /// caller that ends the link on an error looks at `error()` when this yields nothing.
    std::optional<Bytes> poll();

    /// Set once and for all by the first error.
    std::optional<FrameErrc> error() const { return error_; }

    /// The payload of the next whole frame as it travelled, borrowed until the next call of this
    /// object. A frame is seen by this or by `poll`, never by both.
    std::optional<ByteView> poll_frame();

    /// Appends the payload of a frame, unprotected, to the message that it belongs to; yields the
    /// message if it is complete now.
    std::optional<Bytes> take_payload(ByteView payload);

    /// Bytes that this object holds.
    std::size_t buffered() const;

private:
    struct Assembly {
        Bytes bytes;          // of the message under way
        std::size_t size = 0; // announced; 0: not known yet
    };

    void fail(FrameErrc why);
    bool learn_size(Assembly& assembly);

    std::size_t message_max_;
    bool uses_streams_ = false;
    std::optional<FrameErrc> error_;
    Bytes input_;           // fed
    std::size_t taken_ = 0; // of input_
    Assembly assemblies_[2];
};

/// What a message is to the end that sends it: how much of each may wait is bounded apart.
enum class Load : std::uint8_t {
    record, // fetched while there is room
    talk,   // acknowledgements, adverts, signs of life
    answer, // questions and answers of a synchronisation
};

/// Messages in, bytes out: whole frames, the small stream's before the bulk one's, but for one
/// frame of the bulk stream (or message, without streams) in every 64 KiB of the small one, so that
/// both get on.
class FrameWriter {
public:
    /// Messages pushed from here on carry the number of their stream; those that wait leave first,
    /// as they are.
    void use_streams();

    /// Queues an encoded message. Without streams a small one waits for the end of the message
    /// under way, never for the bulk queue behind it.
    void push(Bytes message, Stream stream, Load load = Load::record);

    /// The next frame with its size field, or nothing.
    std::optional<Bytes> poll();

    /// Appends whole frames to `out` while that makes it no longer than `size_max`. True if any.
    bool poll_into(Bytes& out, std::size_t size_max);

    /// The next frame's payload, at most kFrameSent bytes: to be protected and framed.
    std::optional<Bytes> poll_payload();

    /// Bytes of messages that wait, of one stream or of both.
    std::size_t queued(Stream stream) const;
    std::size_t queued() const;
    /// Of both streams, and of one kind.
    std::size_t waiting(Load load) const;

private:
    struct Message {
        Bytes bytes;
        bool has_stream = false;
        Load load = Load::record;
    };
    struct Queue {
        std::deque<Message> messages;
        std::size_t sent = 0;  // of the first one
        std::size_t bytes = 0; // of all that wait
    };

    std::optional<Stream> next_stream() const;
    std::size_t next_payload_size(Stream stream) const;
    void append_payload(Stream stream, Bytes& out);

    bool uses_streams_ = false;
    std::size_t plain_left_ = 0; // messages from before `use_streams`
    std::size_t small_run_ = 0;  // bytes of the small stream since the last one of the bulk stream
    Queue queues_[2];
    std::size_t waiting_[3] = {}; // by load
};

/// Whether a frame may have this payload: 1 to kFrameAccepted bytes.
bool fits_a_frame(ByteView payload);

/// A frame: `payload` with its size before it. Requires: it fits.
Bytes frame_of(ByteView payload);

} // namespace kith::graph
