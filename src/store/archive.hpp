// All records of a graph as one file, for export and import (docs/formats.md, Record archive).
//
// Bytes go in and out in parts of any size; files are the caller's.

#pragma once

#include "base/bytes.hpp"
#include "store/record.hpp"
#include "store/record_store.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace kith::store {

/// Whose records an archive has. Import asks for the same graph and peer id
/// (PEER_E_INVALID_DATABASE).
struct ArchiveHead {
    std::string graph;
    std::string peer;
    Rules rules = Rules::modern;

    bool operator==(const ArchiveHead&) const = default;
};

/// Writes what is in `store`, tombstones included. The store must not change meanwhile, and must
/// outlive this.
class ArchiveWriter {
public:
    ArchiveWriter(RecordStore& store, const ArchiveHead& head);

    /// The next part of the file, about a MiB or one record; empty when it is complete.
    StoreResult<Bytes> next();

private:
    void append(Bytes& out, ByteView frame);
    void append_end(Bytes& out);

    RecordStore& store_;
    Bytes head_; // until it is written
    ByteArray<32> chain_{};
    std::optional<SyncKey> from_ = SyncKey::lowest(); // what is left; nothing: only the end
    std::uint64_t count_ = 0;
    bool is_done_ = false;
};

enum class ArchiveErrc : std::uint8_t {
    not_an_archive,
    newer_version, // written by a later version of this program
    damaged,       // a part does not follow the format, or the checksum is another
    truncated,     // it ends before its end
    too_large,     // a part is longer than the limits allow
};

/// Reads an archive. What `next()` gives is only known to be whole when `finish()` has said so:
/// read the file once to its end before the records of a second reading are stored.
class ArchiveReader {
public:
    /// Takes more of the file. Call `next()` until it has nothing before the next part: then no
    /// more is held than one record and one part.
    void feed(ByteView bytes);

    /// The next record; nothing if more bytes are needed or the archive has ended.
    std::expected<std::optional<Record>, ArchiveErrc> next();

    /// Known once the first bytes are read by `next()`.
    const std::optional<ArchiveHead>& head() const { return head_; }

    /// Success if the archive was complete, nothing follows it and the checksum is right.
    std::expected<void, ArchiveErrc> finish() const;

private:
    enum class Progress : std::uint8_t { more_needed, frame_read };

    ByteView rest() const { return ByteView(buffer_).subspan(used_); }
    std::expected<Progress, ArchiveErrc> read_head();
    std::expected<Progress, ArchiveErrc> read_end();
    std::unexpected<ArchiveErrc> fail(ArchiveErrc why);
    void pass(std::size_t size);

    Bytes buffer_;
    std::size_t used_ = 0; // of the buffer
    std::optional<ArchiveHead> head_;
    ByteArray<32> chain_{};
    std::uint64_t count_ = 0;
    bool has_ended_ = false;
    std::optional<ArchiveErrc> error_;
};

/// One record as archives have it.
Bytes encode_archived(const Record& record);
std::expected<Record, ArchiveErrc> decode_archived(ByteView bytes);

/// Puts `record` unless the store has one of its id that is as new (`compare_age`): true if it did.
/// The batch stays open.
StoreResult<bool> merge_record(RecordStore& store, const Record& record);

} // namespace kith::store
