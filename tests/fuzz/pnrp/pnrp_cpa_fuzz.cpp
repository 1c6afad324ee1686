#include "fuzzed.hpp"
#include "pnrp/cpa.hpp"

// Verification as well: nobody can sign here, so nothing may verify but what a seed brought along.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kith;
    const pnrp::Profile& profile = pnrp::modern_profile();
    const ByteView bytes = fuzz::input(data, size);
    const auto cpa = pnrp::decode_cpa(profile, bytes);
    pnrp::CpaExpectation expected;
    if (cpa) {
        fuzz::check_same(pnrp::encode_cpa(profile, *cpa), bytes);
        expected.revoke = cpa->is_revoke;
        expected.nonce = cpa->nonce;
    }
    if (const auto verified = pnrp::verify_cpa(profile, bytes, expected)) {
        KITH_CHECK(cpa && **verified == *cpa);
        KITH_CHECK(verified->id() == pnrp::id_of(profile, *cpa));
    }
    return 0;
}
