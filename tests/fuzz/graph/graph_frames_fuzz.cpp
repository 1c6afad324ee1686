#include "base/check.hpp"
#include "graph/frame.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace {

using namespace kith;

constexpr std::size_t kMessageMax = 4096;

// What comes out of `line` in chunks of `chunk` bytes; `error` tells how it ended.
std::vector<Bytes>
read(ByteView line, std::size_t chunk, bool streams, std::optional<graph::FrameErrc>& error) {
    graph::FrameReader reader(kMessageMax);
    if (streams) reader.use_streams();
    std::vector<Bytes> out;
    while (!line.empty()) {
        const ByteView head = line.first(std::min(chunk, line.size()));
        if (!reader.feed(head)) break;
        while (auto message = reader.poll())
            out.push_back(std::move(*message));
        // A frame under way, and a message under way on each stream.
        KITH_CHECK(reader.buffered() <= 2 + 32768 + chunk + 2 * kMessageMax);
        line = line.subspan(head.size());
    }
    error = reader.error();
    return out;
}

} // namespace

// Whatever the bytes are: messages come out the same however the bytes are cut, and are the same
// when they are framed and read again. The first byte says whether there are streams, the second
// how the bytes are cut.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const bool streams = (data[0] & 1U) != 0;
    const ByteView line = std::as_bytes(std::span(data, size)).subspan(2);
    std::optional<graph::FrameErrc> error;
    std::optional<graph::FrameErrc> error_in_pieces;
    const auto messages = read(line, 65536, streams, error);
    KITH_CHECK(messages == read(line, 1 + data[1] % 64U, streams, error_in_pieces));
    KITH_CHECK(error == error_in_pieces);

    graph::FrameWriter writer;
    if (streams) writer.use_streams();
    for (const Bytes& message : messages)
        writer.push(message, graph::Stream::bulk);
    Bytes written;
    while (const auto frame = writer.poll())
        written.insert(written.end(), frame->begin(), frame->end());
    KITH_CHECK(read(written, 1000, streams, error) == messages && !error);
    return 0;
}
