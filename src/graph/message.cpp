#include "graph/message.hpp"

#include "graph/message_io.hpp"
#include "graph/message_parts.hpp"
#include "graph/wire_limits.hpp"
#include "wire/reader.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kith::graph {

namespace {

std::expected<Message, MessageErrc> finish(const MessageReader& in, Message message) {
    if (in.error()) return std::unexpected(*in.error());
    return message;
}

std::size_t fixed_size(MessageType type) {
    switch (type) {
    case MessageType::auth_info:
        return kAuthInfoFixed;
    case MessageType::connect:
        return kConnectFixed;
    case MessageType::welcome:
        return kWelcomeFixed;
    case MessageType::refuse:
        return kRefuseFixed;
    case MessageType::disconnect:
        return kDisconnectFixed;
    case MessageType::solicit_new:
        return kSolicitNewFixed;
    case MessageType::solicit_time:
        return kSolicitTimeFixed;
    case MessageType::solicit_hash:
        return kSolicitHashFixed;
    case MessageType::advertise:
        return kAdvertiseFixed;
    case MessageType::request:
        return kRequestFixed;
    case MessageType::flood:
        return kFloodFixed;
    case MessageType::sync_end:
        return kSyncEndFixed;
    case MessageType::pt2pt:
        return kPt2ptFixed;
    case MessageType::ack:
        return kAckFixed;
    }
    return 0;
}

} // namespace

bool TypeFilter::covers(const store::RecordType& type) const {
    if (!included.empty()) return std::ranges::find(included, type) != included.end();
    return std::ranges::find(excluded, type) == excluded.end();
}

MessageType type_of(const Message& message) {
    return static_cast<MessageType>(message.index() + 1);
}

Bytes encode(const Message& message) {
    return std::visit([](const auto& one) { return encode_one(one); }, message);
}

std::expected<Message, MessageErrc> decode(ByteView bytes, const Agreed& agreed) {
    wire::Reader header(bytes);
    const auto size = header.take<std::uint32_t>();
    const auto version = header.take<std::uint8_t>();
    const auto type = static_cast<MessageType>(header.take<std::uint8_t>());
    const auto flags = header.take<std::uint16_t>();
    if (header.failed() || size > bytes.size()) return std::unexpected(MessageErrc::truncated);
    if (size < bytes.size()) return std::unexpected(MessageErrc::bad_bounds);
    if (size > kMessageSizeMax) return std::unexpected(MessageErrc::too_large);
    if (version != kMessageVersion) return std::unexpected(MessageErrc::bad_version);
    const std::size_t fixed = fixed_size(type);
    if (fixed == 0) return std::unexpected(MessageErrc::unknown_type);
    if (size < fixed) return std::unexpected(MessageErrc::truncated);
    MessageReader in(bytes, fixed);
    switch (type) {
    case MessageType::auth_info:
        return finish(in, read_auth_info(in));
    case MessageType::connect:
        return finish(in, read_connect(in));
    case MessageType::welcome:
        return finish(in, read_welcome(in));
    case MessageType::refuse:
        return finish(in, read_refuse(in));
    case MessageType::disconnect:
        return finish(in, read_disconnect(in));
    case MessageType::solicit_new:
        return finish(in, read_solicit_new(in));
    case MessageType::solicit_time:
        return finish(in, read_solicit_time(in));
    case MessageType::solicit_hash:
        return finish(in, read_solicit_hash(in, agreed));
    case MessageType::advertise:
        return finish(in, read_advertise(in, agreed));
    case MessageType::request:
        return finish(in, read_request(in, flags, agreed));
    case MessageType::flood:
        return finish(in, read_flood(in));
    case MessageType::sync_end:
        return finish(in, read_sync_end(in));
    case MessageType::pt2pt:
        return finish(in, read_pt2pt(in));
    case MessageType::ack:
        return finish(in, read_ack(in, agreed));
    }
    return std::unexpected(MessageErrc::unknown_type);
}

} // namespace kith::graph
