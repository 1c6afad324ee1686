#include "store/archive.hpp"

#include "base/check.hpp"
#include "base/unicode.hpp"
#include "crypto/digest.hpp"
#include "store/limits.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::store {
namespace {

constexpr std::string_view kMagic = "KITHREC\n";
constexpr std::uint16_t kArchiveVersion = 1;
constexpr std::size_t kPartSize = 1 << 20;
constexpr std::size_t kEndSize = 8 + 32; // the count and the checksum
constexpr std::uint8_t kDeletedMark = 1;

ByteArray<32> chained(const ByteArray<32>& chain, ByteView frame) {
    return crypto::sha256({chain, frame});
}

void write_bytes(wire::Writer& out, ByteView bytes) {
    out(static_cast<std::uint32_t>(bytes.size()));
    out.bytes(bytes);
}

ByteView read_bytes(wire::Reader& in) {
    return in.take_bytes(in.take<std::uint32_t>());
}

std::string read_utf8(wire::Reader& in) {
    const std::string_view text = as_text(read_bytes(in));
    in.require(is_utf8(text));
    return std::string(text);
}

/// Length and content: what every part but the end is.
Bytes framed(ByteView content) {
    Bytes frame;
    frame.reserve(4 + content.size());
    wire::Writer out(frame);
    write_bytes(out, content);
    return frame;
}

Bytes encode_head(const ArchiveHead& head) {
    Bytes content;
    wire::Writer out(content);
    out(static_cast<std::uint8_t>(head.rules));
    write_bytes(out, as_bytes(head.graph));
    write_bytes(out, as_bytes(head.peer));
    return content;
}

} // namespace

Bytes encode_archived(const Record& record) {
    Bytes content;
    content.reserve(
        128 + record.creator.size() + record.modifier.size() + record.security.size() +
        record.attributes.size() + record.payload.size());
    wire::Writer out(content);
    out(record.type.bytes,
        record.id.bytes,
        record.version,
        record.is_deleted ? kDeletedMark : std::uint8_t{0},
        record.created.ticks,
        record.expires.ticks,
        record.modified.ticks);
    write_bytes(out, as_bytes(record.creator));
    write_bytes(out, as_bytes(record.modifier));
    write_bytes(out, record.security);
    write_bytes(out, as_bytes(record.attributes));
    write_bytes(out, record.payload);
    return content;
}

std::expected<Record, ArchiveErrc> decode_archived(ByteView bytes) {
    wire::Reader in(bytes);
    Record record;
    std::uint8_t mark = 0;
    in(record.type.bytes,
       record.id.bytes,
       record.version,
       mark,
       record.created.ticks,
       record.expires.ticks,
       record.modified.ticks);
    in.require(mark <= kDeletedMark);
    record.is_deleted = mark == kDeletedMark;
    record.creator = read_utf8(in);
    record.modifier = read_utf8(in);
    record.security = to_owned(read_bytes(in));
    record.attributes = read_utf8(in);
    record.payload = to_owned(read_bytes(in));
    if (!in.finish()) return std::unexpected(ArchiveErrc::damaged);
    return record;
}

// --- writing

ArchiveWriter::ArchiveWriter(RecordStore& store, const ArchiveHead& head) : store_(store) {
    wire::Writer out(head_);
    out.bytes(as_bytes(kMagic));
    out(kArchiveVersion);
    const Bytes frame = framed(encode_head(head));
    KITH_CHECK(frame.size() <= kArchiveHeadMax);
    out.bytes(frame);
    chain_ = chained(chain_, head_);
}

void ArchiveWriter::append(Bytes& out, ByteView frame) {
    chain_ = chained(chain_, frame);
    out.insert(out.end(), frame.begin(), frame.end());
    ++count_;
}

void ArchiveWriter::append_end(Bytes& out) {
    wire::Writer{out}(std::uint32_t{0}, count_, chained(chain_, {}));
    is_done_ = true;
}

StoreResult<Bytes> ArchiveWriter::next() {
    Bytes part = std::exchange(head_, {});
    if (is_done_) return part;
    if (!from_) {
        append_end(part);
        return part;
    }
    std::vector<std::pair<SyncKey, RecordId>> wanted;
    std::size_t size = 0;
    store_.index().visit(*from_, SyncKey::highest(), [&](const IndexEntry& entry) {
        wanted.emplace_back(entry.key(), entry.id);
        size += entry.bytes;
        return size < kPartSize && wanted.size() < 1000;
    });
    for (const auto& [key, id] : wanted) {
        auto record = store_.get(id);
        if (!record) return std::unexpected(record.error());
        if (*record) append(part, framed(encode_archived(**record)));
    }
    const bool is_last = wanted.empty() || wanted.back().first == SyncKey::highest();
    from_ = is_last ? std::nullopt : std::optional(wanted.back().first.successor());
    if (part.empty()) {
        // There was nothing left: an empty part would say that the file is complete.
        append_end(part);
    }
    return part;
}

// --- reading

void ArchiveReader::feed(ByteView bytes) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ = 0;
    if (!error_) buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::unexpected<ArchiveErrc> ArchiveReader::fail(ArchiveErrc why) {
    error_ = why;
    buffer_.clear();
    used_ = 0;
    return std::unexpected(why);
}

void ArchiveReader::pass(std::size_t size) {
    chain_ = chained(chain_, rest().first(size));
    used_ += size;
}

std::expected<std::optional<Record>, ArchiveErrc> ArchiveReader::next() {
    if (error_) return std::unexpected(*error_);
    if (has_ended_) {
        if (!rest().empty()) return fail(ArchiveErrc::damaged);
        return std::nullopt;
    }
    if (!head_) {
        const auto progress = read_head();
        if (!progress) return std::unexpected(progress.error());
        if (*progress == Progress::more_needed) return std::nullopt;
    }
    if (rest().size() < 4) return std::nullopt;
    wire::Reader in(rest());
    const std::size_t size = in.take<std::uint32_t>();
    if (size == 0) {
        const auto progress = read_end();
        if (!progress) return std::unexpected(progress.error());
        return std::nullopt;
    }
    if (size > kArchivedRecordMax) return fail(ArchiveErrc::too_large);
    if (in.remaining() < size) return std::nullopt;
    auto record = decode_archived(in.take_bytes(size));
    if (!record) return fail(record.error());
    pass(4 + size);
    ++count_;
    return std::move(*record);
}

std::expected<ArchiveReader::Progress, ArchiveErrc> ArchiveReader::read_head() {
    const std::string_view start = as_text(rest()).substr(0, kMagic.size());
    if (!kMagic.starts_with(start)) return fail(ArchiveErrc::not_an_archive);
    wire::Reader in(rest());
    in.take_bytes(kMagic.size());
    const auto version = in.take<std::uint16_t>();
    const std::size_t size = in.take<std::uint32_t>();
    if (in.failed()) return Progress::more_needed;
    if (version > kArchiveVersion) return fail(ArchiveErrc::newer_version);
    if (version == 0) return fail(ArchiveErrc::damaged);
    if (size > kArchiveHeadMax) return fail(ArchiveErrc::too_large);
    if (in.remaining() < size) return Progress::more_needed;
    wire::Reader content(in.take_bytes(size));
    ArchiveHead head;
    const auto rules = content.take<std::uint8_t>();
    content.require(rules <= static_cast<std::uint8_t>(Rules::modern));
    head.rules = static_cast<Rules>(rules);
    head.graph = read_utf8(content);
    head.peer = read_utf8(content);
    if (!content.finish()) return fail(ArchiveErrc::damaged);
    pass(in.position());
    head_ = std::move(head);
    return Progress::frame_read;
}

std::expected<ArchiveReader::Progress, ArchiveErrc> ArchiveReader::read_end() {
    if (rest().size() < 4 + kEndSize) return Progress::more_needed;
    wire::Reader in(rest());
    std::uint32_t mark = 0;
    std::uint64_t count = 0;
    ByteArray<32> checksum{};
    in(mark, count, checksum);
    if (count != count_ || checksum != chained(chain_, {})) return fail(ArchiveErrc::damaged);
    used_ += 4 + kEndSize;
    has_ended_ = true;
    if (!rest().empty()) return fail(ArchiveErrc::damaged);
    return Progress::frame_read;
}

std::expected<void, ArchiveErrc> ArchiveReader::finish() const {
    if (error_) return std::unexpected(*error_);
    if (!has_ended_) return std::unexpected(ArchiveErrc::truncated);
    if (!rest().empty()) return std::unexpected(ArchiveErrc::damaged);
    return {};
}

StoreResult<bool> merge_record(RecordStore& store, const Record& record) {
    const auto present = store.age(record.id);
    if (!present) return std::unexpected(present.error());
    if (*present && compare_age(record, **present, store.rules()) <= 0) return false;
    if (auto put = store.put(record); !put) return std::unexpected(put.error());
    return true;
}

} // namespace kith::store
