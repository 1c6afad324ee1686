#include "fuzzed.hpp"
#include "pnrp/extended_payload.hpp"
#include "pnrp/limits.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kith;
    const pnrp::Profile& profile = pnrp::modern_profile();
    const ByteView bytes = fuzz::input(data, size);
    if (const auto payload = pnrp::decode_extended_payload(profile, bytes)) {
        fuzz::check_same(pnrp::encode_extended_payload(profile, *payload), bytes);
        KITH_CHECK(!payload->payload.empty() && payload->payload.size() <= pnrp::kPayloadBytesMax);
    }
    return 0;
}
