#include "fuzzed.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/ssdp.hpp"

// Text has many spellings; what was understood must survive being written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kith;
    const pnrp::Profile& profile = pnrp::modern_profile();
    const auto message = pnrp::parse_ssdp(profile, fuzz::input(data, size));
    if (!message) return 0;
    KITH_CHECK(size <= pnrp::kSsdpSizeMax);
    if (message->member) {
        KITH_CHECK(message->member->port > pnrp::kReservedPortMax);
        const auto text = pnrp::encode_ssdp_answer(profile, message->scope, *message->member);
        KITH_CHECK(pnrp::parse_ssdp(profile, as_bytes(text)) == *message);
    } else {
        KITH_CHECK(message->wait_seconds_max >= 1);
        KITH_CHECK(message->wait_seconds_max <= pnrp::kSsdpWaitMax);
    }
    return 0;
}
