// The windows profile, PNRP 4.0 as published (docs/protocol/pnrp.md, Profiles): its values, each
// said once. Numbers in comments are clauses of MS-PNRP.

#include "base/check.hpp"
#include "base/unicode.hpp"
#include "crypto/digest.hpp"
#include "pnrp/profile.hpp"

namespace kith::pnrp {

namespace {

using namespace std::chrono_literals;

ByteArray<20> plain_sha1(std::initializer_list<ByteView> parts) {
    return crypto::sha1(parts);
}

// UTF-16LE without BOM and NUL (decision A1). Names are well-formed: both `PeerName` and the
// decoders see to it.
Bytes little_endian_utf16(std::string_view classifier) {
    const auto units = utf8_to_utf16(classifier);
    KITH_CHECK(units.has_value());
    Bytes bytes;
    bytes.reserve(2 * units->size());
    for (const char16_t unit : *units) {
        bytes.push_back(static_cast<std::byte>(unit & 0xffU));
        bytes.push_back(static_cast<std::byte>(unit >> 8U));
    }
    return bytes;
}

constexpr Profile kWindows{
    .name = "windows",
    .pnrp = {4, 0},    // 2.2.1, 2.2.3.1, 2.2.3.4
    .cpa = {2, 0},     // 2.2.3.1
    .payload = {2, 0}, // 2.2.3.3
    .urn_version = "V4",
    .key_algorithm = crypto::KeyAlgorithm::rsa1024,
    .key_oid = "1.2.840.113549.1.1.1", // 2.2.3.1.4
    .key_size = crypto::kRsaPublicKeySize,
    .signature_algorithm = 0x00008004, // 2.2.3.2
    .signature_size = crypto::kRsaSignatureSize,
    .cpa_context = "",
    .payload_context = "",
    .digest = plain_sha1,
    .classifier_bytes = little_endian_utf16,
    .reserved = wire::Reserved::ignored,
    .allows_v4 = false,
    .allows_reach_payload = false,
    .vouches_for_payload = false,
    .accepts_reversed_signatures = true,
    .writes_utf16_names = true,
    .inquire_size = 0,
    .solicit_size = 0,
    .inquires_match_at_once = false,
    .amplification_max = 3,
    .large_answers_per_second = 3,
    .limits_networks = false,
    .revokes_by_known_key = false,
    .random_probes = 10,
    .retransmit = {.interval_min = 1s, .interval_max = 1s, .sends_max = 2, .deadline = 2s},
    .hedge = {.in_flight_max = 1, .delay_min = 1s, .delay_unknown = 1s}, // never comes to that
    .calm_interval = 15s,                                                // MS-PNRP 3.1.2
    .lonely_interval_max = 10s,                                          // MS-PNRP 3.1.2 note 1
    .finds_reach = false,
    .discovers_in_steps = true,
};

} // namespace

const Profile& windows_profile() {
    return kWindows;
}

const Profile* find_profile(std::string_view name) {
    for (const Profile* profile : {&modern_profile(), &windows_profile()}) {
        if (profile->name == name) return profile;
    }
    return nullptr;
}

} // namespace kith::pnrp
