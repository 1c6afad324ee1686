// AUTH_INFO, CONNECT, WELCOME, REFUSE, DISCONNECT, PT2PT.

#include "base/check.hpp"
#include "graph/message_parts.hpp"
#include "graph/wire_limits.hpp"

#include <cstddef>
#include <utility>

namespace kith::graph {

namespace {

constexpr std::uint8_t kConnectUpdate = 0x08;
constexpr std::uint8_t kConnectDirect = 0x04;
constexpr std::uint8_t kConnectNeighbours = 0x01;

} // namespace

Bytes encode_one(const AuthInfo& m) {
    const std::size_t source = kAuthInfoFixed + size_of_text(m.graph_id);
    const std::size_t destination = source + size_of_text(m.source);
    const std::size_t size =
        destination + (m.destination ? size_of_text(*m.destination) : std::size_t{0});
    KITH_ASSUME(!m.graph_id.empty() && !m.source.empty());
    KITH_ASSUME(!m.destination || !m.destination->empty());
    MessageWriter io(MessageType::auth_info, size);
    io(static_cast<std::uint8_t>(m.kind), std::uint8_t{0});
    io.offset(kAuthInfoFixed);
    io.offset(source);
    io.offset(destination);
    io.text(m.graph_id, kIdUnitsMax);
    io.text(m.source, kIdUnitsMax);
    if (m.destination) io.text(*m.destination, kIdUnitsMax);
    return std::move(io).finish();
}

AuthInfo read_auth_info(MessageReader& in) {
    AuthInfo m;
    const auto kind = in.take<std::uint8_t>();
    in.skip(1);
    const std::uint64_t graph = in.take<std::uint16_t>();
    const std::uint64_t source = in.take<std::uint16_t>();
    const std::uint64_t destination = in.take<std::uint16_t>();
    in.require(kind == 1 || kind == 2, MessageErrc::bad_value);
    in.require(
        graph < source && source < destination && destination <= in.size(),
        MessageErrc::bad_bounds);
    m.kind = static_cast<LinkKind>(kind);
    m.graph_id = in.id(graph, source);
    m.source = in.id(source, destination);
    if (destination < in.size()) m.destination = in.id(destination, in.size());
    return m;
}

Bytes encode_one(const Connect& m) {
    const std::size_t addresses = kConnectFixed + size_of(m.capabilities);
    const std::size_t name = addresses + kAddressSize * m.addresses.size();
    const std::size_t size = name + (m.friendly_name ? size_of_text(*m.friendly_name) : 0);
    KITH_ASSUME(!m.is_update || !m.addresses.empty()); // 2.2.2.2
    MessageWriter io(MessageType::connect, size);
    io.byte(
        (m.is_update ? kConnectUpdate : 0U) | (m.is_direct ? kConnectDirect : 0U) |
        (m.wants_neighbours ? kConnectNeighbours : 0U));
    io.byte(m.addresses.size());
    io.offset(addresses);
    io.offset(name);
    io(std::uint16_t{0}, m.node);
    io.capabilities(m.capabilities);
    io.addresses(m.addresses);
    if (m.friendly_name) io.text(*m.friendly_name, kNameUnitsMax);
    return std::move(io).finish();
}

Connect read_connect(MessageReader& in) {
    Connect m;
    const auto flags = in.take<std::uint8_t>();
    const auto count = in.take<std::uint8_t>();
    const std::uint64_t addresses = in.take<std::uint16_t>();
    const std::uint64_t name = in.take<std::uint16_t>();
    in.skip(2);
    m.node = in.take<std::uint64_t>();
    m.is_update = (flags & kConnectUpdate) != 0;
    m.is_direct = (flags & kConnectDirect) != 0;
    m.wants_neighbours = (flags & kConnectNeighbours) != 0;
    in.require(!m.is_update || count > 0, MessageErrc::bad_value);
    m.addresses = in.addresses(addresses, count, name);
    m.friendly_name = in.friendly_name(name);
    m.capabilities = in.capabilities(addresses, name);
    return m;
}

Bytes encode_one(const Welcome& m) {
    const std::size_t addresses = kWelcomeFixed + size_of(m.capabilities);
    const std::size_t peer = addresses + kAddressSize * m.addresses.size();
    const std::size_t name = peer + size_of_text(m.peer_id);
    const std::size_t size = name + (m.friendly_name ? size_of_text(*m.friendly_name) : 0);
    KITH_ASSUME(!m.peer_id.empty());
    MessageWriter io(MessageType::welcome, size);
    io(m.node, m.time.ticks);
    io.byte(m.addresses.size());
    io.byte(0);
    io.offset(addresses);
    io.offset(peer);
    io.offset(name);
    io.capabilities(m.capabilities);
    io.addresses(m.addresses);
    io.text(m.peer_id, kIdUnitsMax);
    if (m.friendly_name) io.text(*m.friendly_name, kNameUnitsMax);
    return std::move(io).finish();
}

Welcome read_welcome(MessageReader& in) {
    Welcome m;
    m.node = in.take<std::uint64_t>();
    m.time.ticks = in.take<std::uint64_t>();
    const auto count = in.take<std::uint8_t>();
    in.skip(1);
    const std::uint64_t addresses = in.take<std::uint16_t>();
    const std::uint64_t peer = in.take<std::uint16_t>();
    const std::uint64_t name = in.take<std::uint16_t>();
    in.require(peer < name && name <= in.size(), MessageErrc::bad_bounds);
    m.addresses = in.addresses(addresses, count, peer);
    m.peer_id = in.id(peer, name);
    m.friendly_name = in.friendly_name(name);
    m.capabilities = in.capabilities(addresses, peer);
    return m;
}

// REFUSE and DISCONNECT differ in what their code means.
Bytes encode_end(MessageType type, std::uint8_t code, const std::vector<Endpoint>& addresses) {
    static_assert(kRefuseFixed == kDisconnectFixed);
    MessageWriter io(type, kRefuseFixed + kAddressSize * addresses.size());
    io(code);
    io.byte(addresses.size());
    io.offset(kRefuseFixed);
    io.addresses(addresses);
    return std::move(io).finish();
}

Bytes encode_one(const Refuse& m) {
    return encode_end(MessageType::refuse, static_cast<std::uint8_t>(m.code), m.addresses);
}

Refuse read_refuse(MessageReader& in) {
    Refuse m;
    const auto code = in.take<std::uint8_t>();
    const auto count = in.take<std::uint8_t>();
    const std::uint64_t addresses = in.take<std::uint16_t>();
    in.require(code >= 1 && code <= 4, MessageErrc::bad_value);
    m.code = static_cast<RefuseCode>(code);
    m.addresses = in.addresses(addresses, count, in.size());
    return m;
}

Bytes encode_one(const Disconnect& m) {
    return encode_end(MessageType::disconnect, static_cast<std::uint8_t>(m.reason), m.addresses);
}

Disconnect read_disconnect(MessageReader& in) {
    Disconnect m;
    const auto reason = in.take<std::uint8_t>();
    const auto count = in.take<std::uint8_t>();
    const std::uint64_t addresses = in.take<std::uint16_t>();
    in.require(reason >= 1 && reason <= 3, MessageErrc::bad_value);
    m.reason = static_cast<DisconnectReason>(reason);
    m.addresses = in.addresses(addresses, count, in.size());
    return m;
}

Bytes encode_one(const Pt2pt& m) {
    MessageWriter io(MessageType::pt2pt, kPt2ptFixed + m.data.size());
    io.offset(kPt2ptFixed);
    io.offset(0);
    io(m.type.bytes);
    io.bytes(m.data);
    return std::move(io).finish();
}

Pt2pt read_pt2pt(MessageReader& in) {
    Pt2pt m;
    const std::uint64_t data = in.take<std::uint16_t>();
    in.skip(2);
    m.type = in.take_guid();
    m.data = to_owned(in.rest(data));
    return m;
}

} // namespace kith::graph
