// Every bound of the graph core, with its unit and its reason. What the wire itself bounds is
// wire_limits.hpp.

#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kith::graph {

using namespace std::chrono_literals;

// Links -------------------------------------------------------------------------------------------

/// Connections of every kind at once; more are closed as they come.
inline constexpr std::size_t kLinksMax = 256;
/// Accepted connections that have not said who they are; more are closed as they come
/// (modernization 4.8).
inline constexpr std::size_t kPendingAcceptsMax = 64;
/// Bytes handed to the host for one link that have not left yet: enough to fill a pipe of 100 ms at
/// 20 Mbit/s, little enough for a small message to overtake what waits here.
inline constexpr std::size_t kWindow = 256 * 1024;
/// Records are fetched for a link while less than this waits in its frames.
inline constexpr std::size_t kFillBelow = 128 * 1024;
/// One `SendBytes`.
inline constexpr std::size_t kChunk = 64 * 1024;
/// Records that wait to be sent on one link, by id; one more ends the link, and the peer
/// synchronises when it is back.
inline constexpr std::size_t kFloodQueueMax = 65'536;
/// Acknowledgements, adverts and the like that wait on one link, in bytes: a neighbour that leaves
/// so much unread loses its link.
inline constexpr std::size_t kTalkMax = 1024 * 1024;
/// Messages that are not complete, of all links of a graph together, in bytes: beyond, the link
/// that holds the most ends.
inline constexpr std::size_t kUnfinishedMax = 256 * 1024 * 1024;
/// Messages of direct connections that wait, in bytes: `send()` refuses beyond.
inline constexpr std::size_t kDirectQueueMax = 1024 * 1024;
/// One message of a direct connection, in bytes: longer data is several.
inline constexpr std::size_t kDataMax = 1024 * 1024;
/// One message that arrives on a direct connection, in bytes.
inline constexpr std::size_t kDirectMessageMax = kDataMax + 4096;
/// Above this a record takes the second stream, where links have two. Bytes.
inline constexpr std::size_t kBulkAbove = 16 * 1024;
/// Of the encoded records that were sent last, in bytes, and how long one is kept for the next
/// neighbour.
inline constexpr std::size_t kEncodedCacheMax = 4 * 1024 * 1024;
inline constexpr Duration kEncodedTime = 10s;
/// Before a link is one, a message may have this many bytes: addresses, names, capabilities.
inline constexpr std::size_t kGreetingMax = 128 * 1024;

inline constexpr Duration kConnectTime = 60s; // MS-PPGRH 3.1.2
/// 20 + 280 e^(-connections/10) seconds (MS-PPGRH 3.1.2, GA-17).
Duration authentication_time(std::size_t connections);

/// Silence after which a modern neighbour is asked for a sign of life, and how often it may miss.
inline constexpr Duration kIdleTime = 30s;
inline constexpr unsigned kMissesMax = 3;

// Flooding ----------------------------------------------------------------------------------------

/// Records of applications below this size go whole over every link: an abstract, a request and the
/// record cost as much. Bytes.
inline constexpr std::size_t kAlwaysEagerBelow = 256;
inline constexpr Duration kAdvertDelay = 100ms; // abstracts for lazy links wait for company
inline constexpr Duration kAckDelay = 50ms;
inline constexpr std::size_t kAckBatch = 256;     // entries
inline constexpr std::size_t kAdvertBatch = 1024; // abstracts
/// A record that was advertised and does not come is asked for after two round trips, or as late as
/// the tree is now and then, within:
inline constexpr Duration kGraftDelayMin = 100ms;
inline constexpr Duration kGraftDelayMax = 3s;
inline constexpr Duration kLateSpread = 100ms; // before anything is known
/// Records whose first way here is remembered.
inline constexpr std::size_t kArrivalsMax = 256;
/// A link of the tree that was beaten so often in a row, and for so long, is none any more.
inline constexpr unsigned kLateInARowMax = 3;
inline constexpr Duration kLateTime = 30s;
/// Advertised records that are waited for: of one neighbour, and of as many as there are neighbours
/// in a large graph. More are found by synchronisation.
inline constexpr std::size_t kMissingEachMax = 8192;
inline constexpr std::size_t kMissingMax = 8 * kMissingEachMax;
/// The neighbours that have advertised one of them.
inline constexpr std::size_t kSourcesMax = 4;
/// The local version of an outdated record is sent whole up to here, else only advertised: a small
/// question must not buy a large answer. Bytes.
inline constexpr std::size_t kOldAnswerMax = 4096;
/// Fixed point of the utility of a link (MS-PPGRH 3.1.7.33).
inline constexpr std::uint32_t kUtilityMax = 4096;

// Records -----------------------------------------------------------------------------------------

inline constexpr std::size_t kDeferredMax = 1000; // records
inline constexpr std::size_t kDeferredBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kDeferredPerLink = kDeferredMax / 10; // modernization 4.8
inline constexpr Duration kDeferredTime = 10min;
/// Invalid records of one neighbour: a bucket of this many, refilled at this many a second; one
/// more ends the link.
inline constexpr double kInvalidBurst = 100;
inline constexpr double kInvalidPerSecond = 20;
/// Of a record (modern rules): one with a higher version could not be changed by anybody. Any step
/// below it counts, as nobody knows how often a record changed while he was away.
inline constexpr std::uint32_t kVersionMax = 0xFFFF'FFFFU - (1U << 16U);
/// Records and bytes that one node keeps of a graph, whatever the graph's own quotas allow: four
/// times what modernization 4.8 proposes for those.
inline constexpr std::uint64_t kRecordsMax = 4'000'000;
inline constexpr std::uint64_t kBytesMax = 4ULL * 1024 * 1024 * 1024;
/// Presence and contact records of one creator, and their bytes, in a graph with quotas of
/// creators: two of each node, those of its starts within their lifetime, and nodes that share a
/// peer id. More are not taken, so part of the protocol (docs/protocol/graph.md, Quotas).
inline constexpr std::size_t kOwnEachMax = 64;
inline constexpr std::uint64_t kOwnBytesEachMax = 256 * 1024;
inline constexpr std::chrono::hours kLifetimeMax{366 * 24};
/// A record modified later than this after now is not taken (modern rules).
inline constexpr std::chrono::minutes kFutureMax{20};

inline constexpr std::chrono::seconds kExpiryScanMin{15}; // MS-PPGRH 3.1.6.7
inline constexpr std::chrono::hours kExpiryScanMax{24};
inline constexpr std::chrono::seconds kRefreshWindow{20}; // MS-PPGRH 3.1.7.22
inline constexpr Duration kRefreshTimerMin = 4s;
/// Records dealt with in one go by a scan, a synchronisation or a purge.
inline constexpr std::size_t kSlice = 2000;
/// And bytes of records that expire in one go: a store frees them by pages, and attributes one by
/// one, 1000 of a record.
inline constexpr std::uint64_t kExpiryBytesMax = 8 * 1024 * 1024;

// Synchronisation ---------------------------------------------------------------------------------

inline constexpr std::size_t kFlatRange = 10; // records, MS-PPGRH 3.1.7.31
/// Parts into which each end cuts a range that differs: a round looks two levels deep, and three of
/// them find one record in 11^5 * kPart, more than a million. A range costs about 25 bytes here and
/// a listed record 36, so that other numbers for a million cost more.
inline constexpr std::size_t kFanOut = 11;
inline constexpr std::size_t kPart = 8;  // records: what has no more is asked to be listed
inline constexpr std::size_t kLeaf = 16; // records: what has no more is listed at once
/// Up to so many records the first question has ranges of `kPart`, and is the only one: above, it
/// would be larger than all rounds together.
inline constexpr std::size_t kFlatBelow = 1000;
inline constexpr std::size_t kListedMax = 4096; // abstracts in one answer
/// Ranges that are asked for at once, and at which an answer ends; the others wait for their turn.
inline constexpr std::size_t kRangesMax = 4096;
/// Of one synchronisation, below what a neighbour may ask in a minute. What is still open then is
/// looked into by another one, `kSolicitsTime` later.
inline constexpr std::size_t kRoundsMax = 200;
inline constexpr std::size_t kDifferencesMax = 1'000'000; // ids of one synchronisation
/// Questions that one neighbour may ask within this time.
inline constexpr std::size_t kSolicitsMax = 256;
inline constexpr Duration kSolicitsTime = 60s;
/// Questions of one link that wait for their answers; and the bytes of answers that may be unread
/// when another question comes.
inline constexpr std::size_t kQuestionsMax = 64;
inline constexpr std::size_t kAnswersMax = 1024 * 1024;
/// Records looked at for one link before others have their turn.
inline constexpr std::size_t kFillWork = 4096;
inline constexpr Duration kFillPause = 1ms;
/// A synchronisation that hears nothing for so long is given up, and begun again by maintenance.
inline constexpr Duration kSyncPatience = 60s;
/// Of a message that is under way, bytes that count as hearing something: 35 kbit/s last.
inline constexpr std::size_t kSyncProgress = 256 * 1024;
/// A node without the graph goes on looking if whom it connected to has not given it by then.
inline constexpr Duration kJoinPatience = 5min;
/// A range sum of `published` links has 10 records; SOLICIT_HASH addresses 64 KiB of types only,
/// its entries are bounded by the message size: 40 bytes for each 10 records.
inline constexpr std::size_t kHashEntriesMax = 400'000;

// Topology ----------------------------------------------------------------------------------------

inline constexpr std::size_t kReferralsMax = 100; // MS-PPGRH 3.1.1
inline constexpr std::size_t kReferralsSent = 10; // MS-PPGRH 3.1.5.2.1
inline constexpr std::size_t kAddressesMax = 10;  // of one node
inline constexpr std::size_t kDialsAtOnce = 4;
/// An address where a whole synchronisation gave nothing, or records of other rules, is not dialled
/// again for so long, twice as long each time; only who connects by hand does not wait.
inline constexpr Duration kBarrenRestMin = 15s;
inline constexpr Duration kBarrenRestMax = 1h;
/// An address whose links end sooner than this rests as one that does not answer.
inline constexpr Duration kBriefTime = 60s;
/// Addresses of referrals that are dialled within this time: anybody can name a victim
/// (modernization 4.3).
inline constexpr std::size_t kReferralDialsMax = 10;
inline constexpr Duration kReferralDialsTime = 60s;
inline constexpr std::size_t kFormerMax = 1000; // addresses of nodes that are gone
inline constexpr Duration kFormerTime = 24h;
inline constexpr Duration kFormerProbe = 15s;
inline constexpr std::size_t kMetMax = 32;         // addresses of neighbours that outlive a restart
inline constexpr Duration kMaintenanceWith = 300s; // MS-PPGRH 3.1.6.6
inline constexpr Duration kMaintenanceWithout = 30s;
/// A node that lost a neighbour and is below its minimum looks for another one this soon after a
/// failed try.
inline constexpr Duration kRepairDelay = 1s;
/// A presence record that was lost is published again this much later: whatever took it may take
/// the next one as well.
inline constexpr Duration kPresenceAgain = 5s;
inline constexpr std::size_t kNodesMax = 100'000; // presence records that are remembered
inline constexpr std::size_t kContactsMax = 1000;

// Peer time ---------------------------------------------------------------------------------------

inline constexpr std::chrono::minutes kClockTolerance{20}; // MS-PPGRH 3.1.5.2.2
inline constexpr std::size_t kClockSamples = 5;            // modernization 4.9
inline constexpr std::chrono::seconds kSlewPerMinute{1};

// Outputs -----------------------------------------------------------------------------------------

/// Events that nobody takes; the oldest go first, and `EventsLost` says so in their place.
inline constexpr std::size_t kEventsMax = 100'000;

} // namespace kith::graph
