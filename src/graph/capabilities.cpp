#include "graph/capabilities.hpp"

#include "wire/reader.hpp"
#include "wire/writer.hpp"

#include <cstdint>

namespace kith::graph {

namespace {

constexpr std::uint16_t kStreams = 0x0001;
constexpr std::uint16_t kLazyPush = 0x0002;
constexpr std::uint16_t kSumsCapability = 0x0003;
constexpr std::uint16_t kPong = 0x0004;
constexpr std::uint16_t kRoot = 0x0005; // sum(32) count(8)
constexpr std::uint16_t kCritical = 0x8000;

} // namespace

std::vector<Capability> write_greeting(const Greeting& greeting) {
    std::vector<Capability> out;
    const Capabilities& can = greeting.capabilities;
    if (can.streams) out.push_back({kStreams, {}});
    if (can.lazy_push) out.push_back({kLazyPush, {}});
    if (can.sums) out.push_back({kSumsCapability, {}});
    if (can.pong) out.push_back({kPong, {}});
    if (greeting.root) {
        Capability root{kRoot, {}};
        wire::Writer writer(root.value);
        writer(greeting.root->sum, greeting.root->count);
        out.push_back(std::move(root));
    }
    return out;
}

std::optional<Greeting> read_greeting(const std::vector<Capability>& capabilities) {
    Greeting greeting;
    Capabilities& can = greeting.capabilities;
    for (const Capability& capability : capabilities) {
        switch (capability.type) {
        case kStreams:
            can.streams = true;
            break;
        case kLazyPush:
            can.lazy_push = true;
            break;
        case kSumsCapability:
            can.sums = true;
            break;
        case kPong:
            can.pong = true;
            break;
        case kRoot: {
            store::RangeSum root;
            wire::Reader reader(capability.value);
            reader(root.sum, root.count);
            if (reader.finish()) greeting.root = root;
            break;
        }
        default:
            if ((capability.type & kCritical) != 0) return std::nullopt;
        }
    }
    return greeting;
}

} // namespace kith::graph
