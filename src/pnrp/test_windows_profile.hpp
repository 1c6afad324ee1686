// The published profile as far as bytes and digests go: enough to hold the codecs against vectors
// of PNRP 4.0. There is no RSA, so nothing here signs or verifies.

#pragma once

#include "base/check.hpp"
#include "base/unicode.hpp"
#include "crypto/digest.hpp"
#include "pnrp/profile.hpp"

namespace kith::pnrp {

inline ByteArray<20> windows_digest(std::initializer_list<ByteView> parts) {
    return crypto::sha1(parts);
}

inline Bytes windows_classifier_bytes(std::string_view classifier) { // decision A1
    const auto units = utf8_to_utf16(classifier);
    KITH_CHECK(units.has_value());
    Bytes bytes;
    for (const char16_t unit : *units) {
        bytes.push_back(static_cast<std::byte>(unit & 0xffU));
        bytes.push_back(static_cast<std::byte>(unit >> 8U));
    }
    return bytes;
}

inline Profile windows_like_profile() {
    using namespace std::chrono_literals;
    Profile profile = modern_profile();
    profile.name = "windows-like";
    profile.pnrp = {4, 0};
    profile.cpa = {2, 0};
    profile.payload = {2, 0};
    profile.urn_version = "V4";
    profile.key_oid = "1.2.840.113549.1.1.1";
    profile.key_size = 140;
    profile.signature_algorithm = 0x00008004;
    profile.signature_size = 128;
    profile.cpa_context = "";
    profile.payload_context = "";
    profile.digest = windows_digest;
    profile.classifier_bytes = windows_classifier_bytes;
    profile.reserved = wire::Reserved::ignored;
    profile.allows_v4 = false;
    profile.allows_reach_payload = false;
    profile.inquire_size = 0;
    profile.solicit_size = 0;
    profile.discovers_in_steps = true;
    return profile;
}

} // namespace kith::pnrp
