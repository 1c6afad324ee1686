#include "pnrp/message.hpp"

#include "base/check.hpp"
#include "pnrp/element.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/route_entry_fields.hpp"
#include "pnrp/syntax_error.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace kith::pnrp {

namespace {

constexpr std::uint16_t kHeaderSize = 12;        // 2.2.1
constexpr std::uint8_t kHeaderIdentifier = 0x51; // 2.2.1
constexpr std::size_t kMessageSizeMin = 20;      // the shortest message: an ACK, 2.2.2.7

// Most messages are smaller: one allocation then holds them.
constexpr std::size_t kUsualMessageSize = 256;

constexpr ArrayShape kIdArray{FieldId::id_array, FieldId::id, 32, 0, kIdArrayMax};
constexpr ArrayShape kFloodedList{// 2.2.2.4
                                  FieldId::ipv6_endpoint_array,
                                  FieldId::ipv6_endpoint,
                                  kEndpointSize,
                                  0,
                                  kPathEndpointsMax};
constexpr ArrayShape kFlaggedPath{// 2.2.2.8
                                  FieldId::ipv6_endpoint_array,
                                  FieldId::ipv6_endpoint,
                                  kEndpointSize,
                                  1,
                                  kPathEndpointsMax};

// Parts that several messages have ---------------------------------------------------------------

template<class Io, ConstOr<MessageId> Value>
void acked_element(Io& io, Value& acked) {
    element(io, FieldId::acked, 8);
    number(io, acked);
}

template<class Io, ConstOr<HashedNonce> Value>
void hashed_nonce_element(Io& io, Value& hashed_nonce) {
    element(io, FieldId::hashed_nonce, 24);
    io(hashed_nonce);
}

template<class Io, ConstOr<PnrpId> Value>
void id_element(Io& io, FieldId field, Value& id) {
    element(io, field, 36);
    io(id.bytes);
}

template<class Io, ConstOr<std::vector<PnrpId>> Value>
void id_array_element(Io& io, Value& ids) {
    array_element(io, kIdArray, ids, [&](auto& id) { io(id.bytes); });
}

template<class Io, ConstOr<std::vector<Endpoint>> Value>
void endpoint_array_element(Io& io, const ArrayShape& shape, Value& endpoints) {
    array_element(io, shape, endpoints, [&](auto& endpoint) { endpoint_fields(io, endpoint); });
}

// Modern: a question that ends in zeros, so that its answer may be large (docs/protocol/pnrp.md,
// Abuse). Each kind has one size that it is padded to; its other fields leave room for that.
template<class Io, ConstOr<bool> Value>
void padding_element(Io& io, Value& padded, std::size_t message_size) {
    const std::size_t fields_end = io.position() + kElementHeaderSize;
    if constexpr (kIsReader<Io>) {
        padded = io.peek_u16() == std::to_underlying(FieldId::padding);
    }
    if (!padded) return;
    io.require(fields_end <= message_size);
    if (fields_end > message_size) return;
    element(
        io,
        FieldId::padding,
        static_cast<std::uint16_t>(kElementHeaderSize + message_size - fields_end));
    io.zeros(message_size - fields_end);
}

bool is_assigned(Criteria criteria) {
    switch (criteria) {
    case Criteria::none:
    case Criteria::any_peer_name:
    case Criteria::nearest_peer_name:
    case Criteria::nearest64_peer_name:
    case Criteria::upper_bits:
        return true;
    }
    return false;
}

// The messages, field by field -------------------------------------------------------------------

template<ConstOr<Solicit> M, class Io>
void fields(M& m, Io& io, const Profile& profile) {
    if (auto* type = present(io, FieldId::solicit_controls, m.type)) {
        element(io, FieldId::solicit_controls, 6);
        io(wire::Zeros{1});
        number(io, *type);
        io.require(*type == SolicitType::any || *type == SolicitType::registered_only);
        pad(io);
    }
    route_entry_element(io, profile, m.entry);
    hashed_nonce_element(io, m.hashed_nonce);
    padding_element(io, m.padded, profile.solicit_size);
}

template<ConstOr<Advertise> M, class Io>
void fields(M& m, Io& io, const Profile&) {
    acked_element(io, m.acked);
    id_array_element(io, m.ids);
    hashed_nonce_element(io, m.hashed_nonce);
}

template<ConstOr<Request> M, class Io>
void fields(M& m, Io& io, const Profile&) {
    element(io, FieldId::nonce, 20);
    io(m.nonce);
    id_array_element(io, m.ids);
}

template<ConstOr<Flood> M, class Io>
void fields(M& m, Io& io, const Profile& profile) {
    element(io, FieldId::flood_controls, 7);
    if (profile.finds_reach) {
        flags<std::uint16_t>(
            io, flag(0x0001, m.no_ack), flag(0x0002, m.asks_source), flag(0x0004, m.visit));
        io.require(!m.asks_source || !m.no_ack);
    } else {
        flags<std::uint16_t>(io, flag(0x0001, m.no_ack));
    }
    io(wire::Zeros{1}); // published: any value
    pad(io);
    id_element(io, FieldId::validate_id, m.validate);
    opaque_element(io, FieldId::revoke_cpa, m.revoke_cpa);
    pad(io);
    route_entry_element(io, profile, m.entry);
    endpoint_array_element(io, kFloodedList, m.already_flooded);
    io.require(!m.visit || (!m.revoke_cpa && !m.entry));
    io.require(!m.visit || !m.no_ack || m.already_flooded.size() == 1);
}

template<ConstOr<Inquire> M, class Io>
void fields(M& m, Io& io, const Profile& profile) {
    element(io, FieldId::flags, 6);
    flags<std::uint16_t>(
        io,
        flag(0x0010, m.flags.cpa),
        flag(0x0008, m.flags.extended_payload),
        flag(0x0004, m.flags.chain));
    pad(io);
    id_element(io, FieldId::validate_id, m.validate);
    if (auto* nonce = present(io, FieldId::nonce, m.nonce)) {
        element(io, FieldId::nonce, 20);
        io(*nonce);
    }
    padding_element(io, m.padded, profile.inquire_size);
}

// Whether the fragment has the length that its place demands is for `Reassembly` to say: a wrong
// one costs the state its fragments share (3.1.5.6), not only this datagram.
template<ConstOr<Authority> M, class Io>
void fields(M& m, Io& io, const Profile&) {
    acked_element(io, m.acked);
    element(io, FieldId::split_controls, 8);
    io(m.size, m.offset);
    io.require(m.size <= kAuthorityBufferSizeMax);
    io.require(m.offset % kFragmentSize == 0 && m.offset < m.size);
    if constexpr (kIsReader<Io>) {
        opaque(io, m.fragment, io.remaining());
    } else {
        opaque(io, m.fragment, m.fragment.size());
    }
}

// Here flags have no padding (2.2.2.7). One that says nothing is a second form of none at all.
template<ConstOr<Ack> M, class Io>
void fields(M& m, Io& io, const Profile& profile) {
    acked_element(io, m.acked);
    if (profile.finds_reach) {
        if (auto* source = present(io, FieldId::ipv6_endpoint, m.source)) {
            element(io, FieldId::ipv6_endpoint, kElementHeaderSize + kEndpointSize);
            endpoint_fields(io, *source);
            pad(io);
        }
    }
    if constexpr (kIsReader<Io>) {
        if (io.peek_u16() != std::to_underlying(FieldId::flags)) return;
    } else {
        if (!m.not_found && !m.passed_on) return;
    }
    element(io, FieldId::flags, 6);
    if (profile.finds_reach) {
        flags<std::uint16_t>(io, flag(0x0001, m.not_found), flag(0x0002, m.passed_on));
    } else {
        flags<std::uint16_t>(io, flag(0x0001, m.not_found));
    }
    if (is_tolerant(io)) {
        pad(io); // decision A7
    } else {
        io.require(m.not_found || m.passed_on);
    }
}

template<ConstOr<Lookup> M, class Io>
void fields(M& m, Io& io, const Profile& profile) {
    element(io, FieldId::lookup_controls, 12);
    flags<std::uint16_t>(io, flag(0x0002, m.accept_any));
    io(m.precision);
    number(io, m.criteria);
    io.require(is_assigned(m.criteria));
    io(m.reason, wire::Zeros{2});
    id_element(io, FieldId::target_id, m.target);
    id_element(io, FieldId::validate_id, m.validate);
    route_entry_element(io, profile, m.best_match);
    endpoint_array_element(io, kFlaggedPath, m.path);
}

// The whole ---------------------------------------------------------------------------------------

struct Header {
    Version version;
    std::uint8_t type = 0; // any number, until empty_body() knows it
    MessageId id{};
};

template<ConstOr<Header> H, class Io>
void fields(H& header, Io& io) {
    element(io, FieldId::header, kHeaderSize);
    io(wire::constant(kHeaderIdentifier), header.version.major, header.version.minor, header.type);
    number(io, header.id);
}

// Nothing if the type is not assigned.
std::optional<Body> empty_body(std::uint8_t type) {
    // Any number is one of an enumeration with a fixed type.
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange)
    switch (static_cast<MessageType>(type)) {
    case MessageType::solicit:
        return Solicit{};
    case MessageType::advertise:
        return Advertise{};
    case MessageType::request:
        return Request{};
    case MessageType::flood:
        return Flood{};
    case MessageType::inquire:
        return Inquire{};
    case MessageType::authority:
        return Authority{};
    case MessageType::ack:
        return Ack{};
    case MessageType::lookup:
        return Lookup{};
    }
    return std::nullopt;
}

} // namespace

MessageType type_of(const Body& body) {
    struct Type {
        MessageType operator()(const Solicit&) const { return MessageType::solicit; }
        MessageType operator()(const Advertise&) const { return MessageType::advertise; }
        MessageType operator()(const Request&) const { return MessageType::request; }
        MessageType operator()(const Flood&) const { return MessageType::flood; }
        MessageType operator()(const Inquire&) const { return MessageType::inquire; }
        MessageType operator()(const Authority&) const { return MessageType::authority; }
        MessageType operator()(const Ack&) const { return MessageType::ack; }
        MessageType operator()(const Lookup&) const { return MessageType::lookup; }
    };
    return std::visit(Type{}, body);
}

std::expected<Message, MessageErrc> decode_message(const Profile& profile, ByteView datagram) {
    if (datagram.size() < kMessageSizeMin) return std::unexpected(MessageErrc::truncated);
    if (datagram.size() > kDatagramSizeMax) return std::unexpected(MessageErrc::oversized);

    wire::Reader reader(datagram, profile.reserved);
    Header header;
    fields(header, reader);
    if (reader.failed()) return std::unexpected(MessageErrc::not_pnrp);
    if (header.version != profile.pnrp) return std::unexpected(MessageErrc::other_profile);
    std::optional<Body> body = empty_body(header.type);
    if (!body) return std::unexpected(MessageErrc::unknown_type);

    std::expected<Message, MessageErrc> message(Message{header.id, std::move(*body)});
    std::visit([&](auto& m) { fields(m, reader, profile); }, message->body);
    if (const auto end = reader.finish(); !end) {
        message = std::unexpected(syntax_error(end.error()));
    }
    return message;
}

Bytes encode_message(const Profile& profile, const Message& message) {
    Bytes out;
    const auto* authority = std::get_if<Authority>(&message.body);
    out.reserve(kUsualMessageSize + (authority ? authority->fragment.size() : 0));
    wire::Writer writer(out);
    const Header header{profile.pnrp, std::to_underlying(type_of(message.body)), message.id};
    fields(header, writer);
    std::visit([&](const auto& m) { fields(m, writer, profile); }, message.body);
    KITH_ASSUME(out.size() <= kDatagramSizeMax);
    return out;
}

} // namespace kith::pnrp
