// Every limit of the record store.

#pragma once

#include <cstddef>

namespace kith::store {

/// Bytes of an `<attributes>` document. Ours: the published limit is that of the whole record
/// (60 MiB). More is `AttributesErrc::too_large`.
inline constexpr std::size_t kAttributesDocumentMax = 1 << 20;

/// Attributes of a record; each is a row of the index. More is `AttributesErrc::too_large`.
inline constexpr std::size_t kAttributesMax = 1000;

/// Characters of an attribute's name (MS-PPGRH 2.2.3.5). More is `AttributesErrc::bad_name`.
inline constexpr std::size_t kAttributeNameMax = 40;

/// Bytes of a `<peersearch>` document. More is `QueryErrc::too_large`.
inline constexpr std::size_t kQueryDocumentMax = 1 << 16;

/// How deep clauses may be nested in `and` and `or`. More is `QueryErrc::too_large`.
inline constexpr std::size_t kQueryDepthMax = 16;

/// Clauses of a query, and children of `and` and `or` together; SQLite takes 500 terms of a
/// compound. More is `QueryErrc::too_large`.
inline constexpr std::size_t kQueryNodesMax = 256;

/// Bytes of a property's key and value; who sets one keeps to it.
inline constexpr std::size_t kPropertyKeyMax = 64;
inline constexpr std::size_t kPropertyValueMax = 4096;

/// Bytes of an archive's head: two ids of 255 UTF-16 units each, and their lengths. More is
/// `ArchiveErrc::too_large`.
inline constexpr std::size_t kArchiveHeadMax = 2048;

/// Bytes of a record in an archive: the largest that a graph takes (60 MiB, MS-PPGRH 2.2.3.1) and
/// what stands around it. More is `ArchiveErrc::too_large`.
inline constexpr std::size_t kArchivedRecordMax = 64U << 20U;

} // namespace kith::store
