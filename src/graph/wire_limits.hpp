// Limits of the bytes that travel (MS-PPGRH unless said otherwise). Limits of our own carry a
// reason and what happens when they are reached.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace kith::graph {

// Framing, in bytes ------------------------------------------------------------------------------
inline constexpr std::size_t kFrameSizeField = 2;    // 2.2.1.1: counts the payload alone (GA-01)
inline constexpr std::size_t kFrameSent = 16379;     // 2.2: payload; a TLS record less its header
inline constexpr std::size_t kFrameAccepted = 32768; // 3.1.1: payload; larger ones end the link

// Messages, in bytes -----------------------------------------------------------------------------
inline constexpr std::size_t kMessageHeader = 8;      // 2.2.1.2
inline constexpr std::size_t kMessageSizeField = 4;   // 2.2.1.2
inline constexpr std::uint8_t kMessageVersion = 0x10; // 2.2.1.2: 1.0
inline constexpr std::uint16_t kFamily = 0x0017;      // 2.2.1.3: IPv6
inline constexpr std::size_t kAddressSize = 20;       // 2.2.1.3
inline constexpr std::size_t kAbstractSize = 20;      // 2.2.1.6
inline constexpr std::size_t kWideAbstractSize = 36;  // ours: an abstract and 16 bytes of digest
inline constexpr std::size_t kHashEntrySize = 40;     // 2.2.1.7
inline constexpr std::size_t kBoundarySize = 52;      // 2.2.1.8
inline constexpr std::size_t kAckEntrySize = 20;      // 2.2.2.14
inline constexpr std::size_t kGuidSize = 16;
// Ours: ranges by sums in one message. What an honest end asks and answers at once is below three
// times `kRangesMax`; more is malformed.
inline constexpr std::size_t kSyncRangesMax = 16384;
inline constexpr std::size_t kMessageAddressesMax = 255; // 2.2.2.2: the count is one byte
inline constexpr std::size_t kFilterTypesMax = 255;      // 2.2.2.6: the count is one byte
inline constexpr std::size_t kAckEntriesMax = 65535;     // 2.2.2.14: the count is two bytes

// Ours: no known peer needs more, and a list is read on every connection. A longer one is skipped
// as a published node skips all of them.
inline constexpr std::size_t kCapabilitiesMax = 64;
inline constexpr std::size_t kCapabilityBytesMax = 4096;

// Text, in UTF-16 units with the terminator (2.2.3.1); longer ones are malformed ------------------
inline constexpr std::size_t kIdUnitsMax = 256;   // graph ids and peer ids
inline constexpr std::size_t kNameUnitsMax = 256; // friendly names
inline constexpr std::size_t kCommentUnitsMax = 512;

// Records ----------------------------------------------------------------------------------------
inline constexpr std::uint16_t kPublishedRecordVersion = 0x0100; // 2.2.1.9
inline constexpr std::uint16_t kModernRecordVersion = 0x0101;    // ours: the modern rules
inline constexpr std::size_t kRecordFixedSize = 90;              // 3.1.7.27
inline constexpr std::size_t kRecordMaxDefault = 62'914'560;     // 2.2.3.1: bytes, for 0
inline constexpr std::size_t kRecordMaxLeast = 1024;             // 2.2.3.1: bytes
inline constexpr std::uint32_t kPresenceLifetimeLeast = 300;     // 2.2.3.1: seconds, and for 0
inline constexpr std::size_t kPeerAddressSize = 32;              // 2.2.1.5

// Ours: an array in a contact or presence record. A node has a handful; more is malformed.
inline constexpr std::size_t kRecordAddressesMax = 255;
// Ours: group security fills 160 (published) or 101 bytes (modern); this leaves room for chains.
inline constexpr std::size_t kSecurityDataMax = 65536;

/// Bytes of a FLOOD beyond what the maximum record size counts: fixed parts, three ids, the
/// security data.
inline constexpr std::size_t kFloodOverheadMax =
    12 + kRecordFixedSize + 3 * 2 * kIdUnitsMax + kSecurityDataMax;

// Ours: a synchronisation of a million records by published ranges advertises 20 bytes for each.
// Larger messages of other kinds end the link, however small the graph's records are.
inline constexpr std::size_t kSyncMessageMax = std::size_t{32} << 20U;

/// The largest message that a graph with records of at most `record_max` bytes (0: the default)
/// takes; a larger announcement ends the link before anything is kept of it.
constexpr std::size_t message_size_max(std::size_t record_max) {
    if (record_max == 0) record_max = kRecordMaxDefault;
    return std::max(record_max + kFloodOverheadMax, kSyncMessageMax);
}

/// The largest message of all.
inline constexpr std::size_t kMessageSizeMax = message_size_max(0);

} // namespace kith::graph
