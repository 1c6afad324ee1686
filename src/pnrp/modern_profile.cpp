// The modern profile, PNRP 5.0 (docs/protocol/pnrp.md, Profiles): its values, each said once.

#include "base/check.hpp"
#include "base/unicode.hpp"
#include "crypto/digest.hpp"
#include "pnrp/profile.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace kith::pnrp {

namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

// SHA-256 cut to the 20 bytes that every field for a digest has.
ByteArray<20> short_sha256(std::initializer_list<ByteView> parts) {
    const crypto::Sha256Digest whole = crypto::sha256(parts);
    ByteArray<20> out{};
    std::copy_n(whole.begin(), out.size(), out.begin());
    return out;
}

// UTF-8 in NFC, no NUL. Names are well-formed: both `PeerName` and the decoders see to it.
Bytes composed_utf8(std::string_view classifier) {
    const std::optional<std::string> composed = to_nfc(classifier);
    KITH_CHECK(composed.has_value());
    return to_owned(as_bytes(*composed));
}

constexpr Profile kModern{
    .name = "modern",
    .pnrp = {5, 0},
    .cpa = {3, 0},
    // The structure is the published one but for key and signature; 3.0 keeps step with the CPA.
    .payload = {3, 0},
    .urn_version = "V5",
    .key_algorithm = crypto::KeyAlgorithm::ed25519,
    .key_oid = "1.3.101.112", // RFC 8410 3
    .key_size = crypto::kEd25519KeySize,
    .signature_algorithm = 0x0000ED19,
    .signature_size = crypto::kEd25519SignatureSize,
    // The NUL belongs to what is signed: no context is the beginning of another.
    .cpa_context = "kith cpa 3\0"sv,
    .payload_context = "kith payload 3\0"sv,
    .digest = short_sha256,
    .classifier_bytes = composed_utf8,
    .reserved = wire::Reserved::must_be_zero,
    .allows_v4 = true,
    .allows_reach_payload = true,
    .vouches_for_payload = true,
    .accepts_reversed_signatures = false,
    .writes_utf16_names = false,
    // 3 * 408 bytes are more than an AUTHORITY of one fragment, 3 * 200 than an ADVERTISE of 5 ids:
    // the answers stay within `amplification_max`.
    .inquire_size = 408,
    .solicit_size = 200,
    .inquires_match_at_once = true,
    .amplification_max = 3,
    .large_answers_per_second = 0,
    .limits_networks = true,
    .revokes_by_known_key = true,
    .random_probes = 0,
    .retransmit = {.interval_min = 100ms, .interval_max = 1s, .sends_max = 3, .deadline = 2s},
    .hedge = {.in_flight_max = 3, .delay_min = 3ms, .delay_unknown = 30ms},
    .calm_interval = 30s,
    // From 10 s on twice as long each time, until something happens: who is alone on a link sleeps.
    .lonely_interval_max = 4min,
    .finds_reach = true,
    .discovers_in_steps = false,
};

} // namespace

const Profile& modern_profile() {
    return kModern;
}

} // namespace kith::pnrp
