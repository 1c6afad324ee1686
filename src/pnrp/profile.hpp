// A profile: everything in which the modern protocol differs from the published one, as values.
// A cloud is in one profile for its whole life (docs/protocol/pnrp.md, Profiles).

#pragma once

#include "base/bytes.hpp"
#include "crypto/key.hpp"
#include "pnrp/id.hpp"
#include "wire/reader.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace kith::pnrp {

struct Version {
    std::uint8_t major = 0;
    std::uint8_t minor = 0;

    bool operator==(const Version&) const = default;
};

/// How an unanswered message is sent again (MS-PNRP 3.1.6.3; modern: adaptive).
struct RetransmitPolicy {
    std::chrono::milliseconds interval_min;
    std::chrono::milliseconds interval_max;
    unsigned sends_max; // the first included
    std::chrono::milliseconds deadline;
};

/// How a late hop is hedged: another is asked as well (modern only; in_flight_max 1 switches it
/// off).
struct HedgePolicy {
    unsigned in_flight_max;
    std::chrono::milliseconds delay_min;
    std::chrono::milliseconds delay_unknown; // without any round-trip estimate in the cloud
};

struct Profile {
    std::string_view name;
    Version pnrp;                 // in the header, in route entries and in CPAs
    Version cpa;                  // of an encoded CPA
    Version payload;              // of an extended payload
    std::string_view urn_version; // in the SSDP search target, "V4" or "V5"

    crypto::KeyAlgorithm key_algorithm;
    std::string_view key_oid; // dotted text, without NUL
    std::size_t key_size;
    std::uint32_t signature_algorithm; // ALG_ID
    std::size_t signature_size;
    std::string_view cpa_context;     // signed before the CPA's bytes
    std::string_view payload_context; // signed before the extended payload's bytes

    /// Parts hashed in order, cut to 20 bytes.
    ByteArray<20> (*digest)(std::initializer_list<ByteView> parts);
    /// The text that is hashed for a classifier (UTF-8 in): its bytes.
    Bytes (*classifier_bytes)(std::string_view classifier);

    wire::Reserved reserved; // what is done about reserved bits and padding
    bool allows_v4;
    bool allows_reach_payload;        // a second payload of TLVs in a CPA
    bool vouches_for_payload;         // a CPA has the extended payload's digest: one signature
    bool accepts_reversed_signatures; // their bytes last first as well (decision A4)
    bool writes_utf16_names;          // friendly names; else UTF-8
    std::size_t inquire_size;         // INQUIRE with A is padded to this; 0: never
    std::size_t solicit_size;         // SOLICIT is padded to this; 0: never
    bool inquires_match_at_once;      // a returned entry that meets the criterion saves its LOOKUP
    unsigned amplification_max;       // answer bytes per request byte for an unproven source
    double large_answers_per_second;  // to all unproven ones of a prefix, however large; 0: none
    bool limits_networks;             // one network fills no level of the cache
    bool revokes_by_known_key;        // only by the key that an entry showed before
    unsigned random_probes; // cached entries asked each round; 0: the one least recently heard
    RetransmitPolicy retransmit;
    HedgePolicy hedge;
    std::chrono::seconds calm_interval; // of upkeep, after a round in which nothing was missing
    std::chrono::seconds lonely_interval_max; // between searches for a first member, at last
    bool finds_reach;        // asks others where it is seen and whether strangers reach it there
    bool discovers_in_steps; // one source of members at a time (MS-PNRP 3.1.4.2); else all
};

const Profile& modern_profile();  // PNRP 5.0
const Profile& windows_profile(); // PNRP 4.0, as published

/// The profile called so, "modern" or "windows"; nullptr for any other name.
const Profile* find_profile(std::string_view name);

} // namespace kith::pnrp
