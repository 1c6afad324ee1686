#include "pnrp/authority_buffer.hpp"

#include "base/check.hpp"
#include "base/unicode.hpp"
#include "identity/peer_name.hpp"
#include "pnrp/element.hpp"
#include "pnrp/route_entry_fields.hpp"
#include "pnrp/syntax_error.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace kith::pnrp {

namespace {

constexpr ArrayShape kClassifier{
    FieldId::classifier, FieldId::wchar, 2, 0, identity::kClassifierUnitsMax};

// What of an AUTHORITY_BUFFER without its opaque parts is large: five frames with their padding, a
// classifier and a route entry of four addresses.
constexpr std::size_t kUsualSize = 512;

template<class Io, ConstOr<std::optional<std::string>> Value>
void classifier_element(Io& io, Value& optional) {
    auto* classifier = present(io, FieldId::classifier, optional);
    if (classifier == nullptr) return;
    std::u16string units;
    if constexpr (!kIsReader<Io>) {
        auto converted = utf8_to_utf16(*classifier);
        KITH_CHECK(converted.has_value());
        units = std::move(*converted);
    }
    array_element(io, kClassifier, units, [&](char16_t& unit) {
        io(unit);
        io.require(unit != u'\0'); // 2.2.4
    });
    if constexpr (kIsReader<Io>) {
        auto converted = utf16_to_utf8(units);
        io.require(converted.has_value());
        if (converted) *classifier = std::move(*converted);
    }
    pad(io);
}

template<ConstOr<AuthorityBuffer> M, class Io>
void fields(M& m, Io& io, const Profile& profile) {
    element(io, FieldId::flags, 6);
    flags<std::uint16_t>(
        io, flag(0x0200, m.suspicious), flag(0x0008, m.busy), flag(0x0001, m.not_found));
    pad(io);
    opaque_element(io, FieldId::cert_chain, m.chain);
    pad(io);
    classifier_element(io, m.classifier);
    opaque_element(io, FieldId::extended_payload, m.extended_payload);
    pad(io);
    route_entry_element(io, profile, m.entry);
    opaque_element(io, FieldId::validate_cpa, m.cpa);
}

std::size_t opaque_size(const AuthorityBuffer& buffer) {
    return (buffer.chain ? buffer.chain->size() : 0) +
           (buffer.extended_payload ? buffer.extended_payload->size() : 0) +
           (buffer.cpa ? buffer.cpa->size() : 0);
}

} // namespace

std::expected<AuthorityBuffer, MessageErrc>
decode_authority_buffer(const Profile& profile, ByteView bytes) {
    if (bytes.size() > kAuthorityBufferSizeMax) return std::unexpected(MessageErrc::oversized);
    std::expected<AuthorityBuffer, MessageErrc> buffer;
    wire::Reader reader(bytes, profile.reserved);
    fields(*buffer, reader, profile);
    if (const auto end = reader.finish(); !end) {
        buffer = std::unexpected(syntax_error(end.error()));
    }
    return buffer;
}

Bytes encode_authority_buffer(const Profile& profile, const AuthorityBuffer& buffer) {
    Bytes out;
    out.reserve(kUsualSize + opaque_size(buffer));
    wire::Writer writer(out);
    fields(buffer, writer, profile);
    KITH_CHECK(out.size() <= kAuthorityBufferSizeMax);
    return out;
}

std::vector<Authority> split_authority(MessageId acked, ByteView buffer) {
    KITH_CHECK(!buffer.empty() && buffer.size() <= kAuthorityBufferSizeMax);
    std::vector<Authority> fragments;
    fragments.reserve((buffer.size() + kFragmentSize - 1) / kFragmentSize);
    for (std::size_t offset = 0; offset < buffer.size(); offset += kFragmentSize) {
        const std::size_t size = std::min(kFragmentSize, buffer.size() - offset);
        fragments.push_back(
            {acked,
             static_cast<std::uint16_t>(buffer.size()),
             static_cast<std::uint16_t>(offset),
             to_owned(buffer.subspan(offset, size))});
    }
    return fragments;
}

Reassembly::Outcome Reassembly::add(const Authority& fragment) {
    const std::size_t size = fragment.size;
    const std::size_t offset = fragment.offset;
    if (size > kAuthorityBufferSizeMax || (size_ && *size_ != size)) return Outcome::refused;
    if (offset >= size || offset % kFragmentSize != 0) return Outcome::refused;
    if (fragment.fragment.size() != std::min(kFragmentSize, size - offset)) {
        return Outcome::refused;
    }
    size_ = fragment.size;
    const auto [at, is_new] = fragments_.try_emplace(fragment.offset, fragment.fragment);
    if (!is_new && at->second != fragment.fragment) return Outcome::refused;
    if (is_new) received_ += fragment.fragment.size();
    return received_ == size ? Outcome::complete : Outcome::incomplete;
}

Bytes Reassembly::take() {
    KITH_CHECK(size_ && received_ == *size_);
    Bytes buffer;
    if (fragments_.size() == 1) {
        buffer = std::move(fragments_.begin()->second);
    } else {
        buffer.reserve(received_);
        for (const auto& [offset, bytes] : fragments_)
            buffer.insert(buffer.end(), bytes.begin(), bytes.end());
    }
    *this = Reassembly();
    return buffer;
}

std::size_t Reassembly::state_bytes() const {
    // A node of the map: its links and color, the offset, the bytes.
    constexpr std::size_t kNodeSize = 4 * sizeof(void*) + sizeof(decltype(fragments_)::value_type);
    return sizeof *this + fragments_.size() * kNodeSize + received_;
}

} // namespace kith::pnrp
