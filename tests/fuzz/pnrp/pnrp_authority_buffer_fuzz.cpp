#include "fuzzed.hpp"
#include "pnrp/authority_buffer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kith;
    const pnrp::Profile& profile = pnrp::modern_profile();
    const ByteView bytes = fuzz::input(data, size);
    if (const auto buffer = pnrp::decode_authority_buffer(profile, bytes)) {
        fuzz::check_same(pnrp::encode_authority_buffer(profile, *buffer), bytes);
    }
    return 0;
}
