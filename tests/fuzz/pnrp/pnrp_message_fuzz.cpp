#include "fuzzed.hpp"
#include "pnrp/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kith;
    const pnrp::Profile& profile = pnrp::modern_profile();
    const ByteView datagram = fuzz::input(data, size);
    if (const auto message = pnrp::decode_message(profile, datagram)) {
        fuzz::check_same(pnrp::encode_message(profile, *message), datagram);
    }
    return 0;
}
