// Every limit of the protocol, with its clause (MS-PNRP unless said otherwise). Limits of our own
// carry a reason and what happens when they are reached.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kith::pnrp {

using namespace std::chrono_literals;

// Formats ----------------------------------------------------------------------------------------
inline constexpr std::size_t kDatagramSizeMax = 1216;         // 2.2.2.6: 28 bytes and one fragment
inline constexpr std::size_t kFragmentSize = 1188;            // 2.2.2.6: bytes of AUTHORITY_BUFFER
inline constexpr std::size_t kAuthorityBufferSizeMax = 37348; // 2.2.2.6: 0x91E4
inline constexpr std::size_t kRouteAddressesMax = 20;         // 2.2.3.4
inline constexpr std::size_t kServiceAddressesMax = 4;        // 2.2.3.1.1, 3.1.4.1
inline constexpr std::size_t kAppEndpointsMax = 10;           // 2.2.3.1.2
inline constexpr std::size_t kPathEndpointsMax = 22;          // 2.2.2.4, 2.2.2.8
inline constexpr std::size_t kFriendlyNameBytesMax = 78;      // 2.2.3.1
inline constexpr std::size_t kFriendlyNameUnitsMax = 39;      // 2.2.3.1: 78 bytes of UTF-16
inline constexpr std::size_t kPayloadBytesMax = 4096;         // 2.2.3.3
inline constexpr std::size_t kIdArrayMax = 36;                // ids that fit a datagram, 2.2.2.2
inline constexpr std::uint16_t kReservedPortMax = 1024;       // 2.1: neither bound nor answered

// A modern CPA may carry a second payload of TLVs (docs/protocol/pnrp.md, Room for reach): at most
// this many bytes; a larger one refuses the CPA.
inline constexpr std::size_t kReachPayloadBytesMax = 512;

// State machines ---------------------------------------------------------------------------------
inline constexpr std::size_t kLeafSetSide = 5;          // 3.2.1: ids below, and as many above
inline constexpr unsigned kNextHopUsesMax = 3;          // 3.1.5.6.1
inline constexpr unsigned kUsefulHopsMax = 22;          // 3.1.4.4.2
inline constexpr unsigned kSuspiciousMax = 6;           // 3.1.4.4.2
inline constexpr std::size_t kAcceptAnyBelow = 8;       // 3.1.4.4.2: A while the cache is smaller
inline constexpr std::size_t kAdvertisedIdsMax = 5;     // 3.2.5.3
inline constexpr auto kConversationTimeout = 15s;       // 3.2.2
inline constexpr auto kMaintenanceInterval = 15s;       // 3.1.2
inline constexpr auto kMaintenanceIntervalSparse = 10s; // 3.1.2 note 1: with two entries or fewer
inline constexpr std::size_t kSparseCache = 2;
inline constexpr auto kCpaLifetime = 24h; // 2.2.3.1: 12 hours to one week
inline constexpr auto kClockSkewMax =
    5min; // tolerated beyond Not After (docs/protocol/pnrp.md, Limits against abuse)
inline constexpr double kSizeEstimateMax = 0x1.0p32; // 3.2.6.2.1.1: larger ones are ignored

// Ours: what the document leaves open ("if an entry cannot be created"). Each bounds memory or
// traffic; at the limit the newcomer is refused, and what is under way goes on.
inline constexpr std::size_t kRegistrationsMax = 4096;  // names of one node; register fails
inline constexpr std::size_t kResolvesMax = 256;        // searches for the application; start fails
inline constexpr std::size_t kPendingMax = 1024;        // requests awaiting an answer; not sent
inline constexpr std::size_t kConversationsMax = 64;    // as a member: answered empty (3.2.5.3)
inline constexpr std::size_t kSynchronizationsMax = 16; // as a joiner; further ones are ignored
inline constexpr std::size_t kEntryChecksMax = 64;      // 3.1.5.11; further entries are ignored
inline constexpr std::size_t kEntryChecksPerSource = 16; // of one informant; the rest is ignored
inline constexpr std::size_t kNextHopsMax = 32;          // candidates of a search; the worst goes
inline constexpr std::size_t kFirstHopsMax = 8;          // cached entries that a search starts from
inline constexpr unsigned kInvalidAnswersMax = 8;        // to one INQUIRE; then it is given up
inline constexpr unsigned kRestartsMax = 2; // of a search that met lies; after silence one
inline constexpr unsigned kHopsPerLie = 2;  // more useful hops of a search for each lie it meets
inline constexpr unsigned kLiesMax = 22;    // of a search; further ones make its way no longer
inline constexpr unsigned kAsksPerNetworkMax = 2; // nodes of one /48 or /24; then others come first
inline constexpr unsigned kPassedOverMax = 22;    // each makes the way of a search longer by one
inline constexpr unsigned kPassedOverSuspicious = 3; // so many are no chance
inline constexpr std::size_t kLookupsAmongLies = 2;  // in flight, of a search that met some
inline constexpr std::size_t kDeadHopsMax = 16;      // silent hops of a search; then it ends
inline constexpr std::size_t kGatheredMax = 64;      // registrations of one name; then it ends
inline constexpr unsigned kNeighbourAsksMax = 2 * kLeafSetSide + 1; // of one of them; the rest lie
inline constexpr unsigned kWideningsMax = 3; // of a search, by kFirstHopsMax cached entries each
inline constexpr std::size_t kSilentNodesMax = 64;              // asked last; the first noted goes
inline constexpr auto kLiarLifetime = std::chrono::minutes(10); // asked last after a false answer
inline constexpr auto kSilentNodeLifetime = std::chrono::seconds(30); // then it has a new chance

// The cache: per own id, levels of halving distance. The outermost holds most, so that the first
// hop of a search lands near; every other one the same number (docs/protocol/pnrp.md, Cache).
inline constexpr std::size_t kOuterLevelEntries = 32;
inline constexpr std::size_t kLevelEntries = 6;
inline constexpr unsigned kLevelsWithoutOwnId = 4;    // of a node that only resolves
inline constexpr std::size_t kCacheEntriesMax = 2048; // all levels; then only leaf sets grow

inline constexpr std::size_t kCachedAddressesMax = 4; // of one entry; a node has no more (3.1.4.1)

// Upkeep: small enough that an idle node costs at most 256 KiB an hour.
inline constexpr auto kAnnounceInterval = 20min;      // each id is announced again, with jitter
inline constexpr auto kLeafRepairDelayMax = 4s;       // after a neighbour is gone
inline constexpr auto kLeafRepairInterval = 30s;      // not more often for one id
inline constexpr unsigned kFillsPerMaintenance = 2;   // searches for missing levels
inline constexpr unsigned kFillsAtStart = 12;         // the first time round, to be useful at once
inline constexpr std::size_t kSearchesUpkeepMax = 32; // for announcements and levels, at once
inline constexpr auto kResolveHoldMax = 2s;           // a resolve waits so long for a first member
inline constexpr auto kUpkeepSearchTimeout = 30s;     // for announcements, levels and split tests
inline constexpr auto kFillPause = 10min;             // for a level whose search found nothing new

// Defence (docs/protocol/pnrp.md, Limits against abuse).
inline constexpr std::size_t kLevelPerAddressMax = 2; // entries of one level, from half full on:
inline constexpr std::size_t kLevelPerNarrowMax = 2;  // of one address, of one /64, of one /48 or
inline constexpr std::size_t kLevelPerWideMax = 4;    // IPv4 /24; further ones are not admitted
inline constexpr std::size_t kHuddleCacheMin = 32;    // a smaller cache says nothing about chance
inline constexpr double kHuddleRadius = 1.0 / 16;     // of a leaf set's span, around a newcomer
inline constexpr double kHuddleMax = 4; // entries of one network there, times 1 + what is expected
inline constexpr std::ptrdiff_t kHuddleRoom = 2; // places on a side that those of a huddle take
inline constexpr std::size_t kSideReachMax = 15; // entries of a side, with all that huddle
inline constexpr std::size_t kProvenSourcesMax = 128; // the least recently proved is forgotten
inline constexpr auto kProofLifetime = 10min;
inline constexpr std::size_t kProofsPendingMax = 256; // empty FLOODs to strangers; no more are sent
inline constexpr std::size_t kConversationsPerEndpoint = 4; // as a member; then the oldest goes
inline constexpr std::size_t kConversationsPerNetwork = 16; // that is unproven; of a /64 or /24
inline constexpr std::size_t kEntryChecksOwn = 16;      // of kEntryChecksMax: nobody else's word
inline constexpr std::size_t kEntryChecksUnproven = 32; // on the word of who may be anybody
inline constexpr auto kAnswerCacheTime = 2s;            // retransmitted requests cost no signature
inline constexpr std::size_t kAnswersCachedMax = 64;
inline constexpr std::size_t kAnswersHeldMax = 16;        // large answers that wait for a proof
inline constexpr double kSignaturesPerSecond = 2000;      // the whole node, burst twice as many
inline constexpr double kSignaturesPerSecondNarrow = 100; // a /64 or IPv4 /24, burst twice as many
inline constexpr double kSignaturesPerSecondWide = 400;   // a /48, burst twice as many
inline constexpr double kRevokesPerSecondNarrow = 4; // checked for unproven ones of a /64 or /24
inline constexpr double kRevokesPerSecond = 64;      // for all of them; beyond, the node is asked
inline constexpr std::size_t kBucketsMax = 256;      // prefixes metered at once; the fullest goes

// Reach (docs/protocol/pnrp.md): each is a wait or a number of questions, and of answers kept.
inline constexpr std::size_t kContactsMax = 512;    // addresses; with more nobody is a stranger
inline constexpr auto kContactLifetime = 10min;     // longer than translators remember silence
inline constexpr std::size_t kReachHelpersMax = 8;  // who is asked, each of another network
inline constexpr std::size_t kReachVotersMin = 2;   // networks that saw the same endpoint
inline constexpr auto kReachVoteLifetime = 5min;    // of what one of them saw
inline constexpr unsigned kReachBurst = 6;          // questions of one test
inline constexpr std::size_t kReachAsksMax = 8;     // under way; further ones are not asked
inline constexpr auto kReachAskSpacing = 300ms;     // from one question of a test to the next
inline constexpr auto kReachAskTime = 3s;           // for a visit; later ones are missed
inline constexpr unsigned kReachMissedFirst = 2;    // missed visits of a node never reached, and
inline constexpr unsigned kReachMissedMax = 4;      // of any in a row: strangers do not get in
inline constexpr auto kReachHold = 700ms;           // others are left alone for the first test
inline constexpr std::size_t kReachOffersMax = 32;  // entries that wait for it; others are lost
inline constexpr auto kReachGrace = 60s;            // at own addresses, until the first test
inline constexpr auto kReachKeepOpen = 45s;         // translators close after 120 s (RFC 4787)
inline constexpr auto kReachRetest = 5min;          // of a node that could only resolve
inline constexpr double kVisitsPerSecond = 4;       // passed on; burst twice as many
inline constexpr double kVisitsMadePerSecond = 32;  // whoever orders them; the same
inline constexpr double kVisitsPerSecondNarrow = 2; // either, for a /64 or /24; the same

} // namespace kith::pnrp
