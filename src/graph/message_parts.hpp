// The messages one by one, for message.cpp: those that make, keep and end a link, and those that
// carry records and questions about them.

#pragma once

#include "base/bytes.hpp"
#include "graph/message.hpp"
#include "graph/message_io.hpp"

#include <cstddef>
#include <cstdint>

namespace kith::graph {

// Sizes of the fixed parts, header included (MS-PPGRH 2.2.2), which is where what follows begins.
inline constexpr std::size_t kAuthInfoFixed = 16;
inline constexpr std::size_t kConnectFixed = 24;
inline constexpr std::size_t kWelcomeFixed = 32;
inline constexpr std::size_t kRefuseFixed = 12;
inline constexpr std::size_t kDisconnectFixed = 12;
inline constexpr std::size_t kSolicitNewFixed = 12;
inline constexpr std::size_t kSolicitTimeFixed = 20;
inline constexpr std::size_t kSolicitHashFixed = 20;
inline constexpr std::size_t kAdvertiseFixed = 24;
inline constexpr std::size_t kRequestFixed = 16;
inline constexpr std::size_t kRequestSent = 20; // the least, which published nodes demand (GA-25)
inline constexpr std::size_t kFloodFixed = 12;
inline constexpr std::size_t kFloodLeast = 16; // 3.1.5.2.10
inline constexpr std::size_t kSyncEndFixed = 12;
inline constexpr std::size_t kPt2ptFixed = 28; // GA-32
inline constexpr std::size_t kAckFixed = 12;

// Of a link: link_message.cpp ---------------------------------------------------------------------
Bytes encode_one(const AuthInfo& m);
Bytes encode_one(const Connect& m);
Bytes encode_one(const Welcome& m);
Bytes encode_one(const Refuse& m);
Bytes encode_one(const Disconnect& m);
Bytes encode_one(const Pt2pt& m);
AuthInfo read_auth_info(MessageReader& in);
Connect read_connect(MessageReader& in);
Welcome read_welcome(MessageReader& in);
Refuse read_refuse(MessageReader& in);
Disconnect read_disconnect(MessageReader& in);
Pt2pt read_pt2pt(MessageReader& in);

// Of records: record_message.cpp ------------------------------------------------------------------
Bytes encode_one(const SolicitNew& m);
Bytes encode_one(const SolicitTime& m);
Bytes encode_one(const SolicitHash& m);
Bytes encode_one(const Advertise& m);
Bytes encode_one(const Request& m);
Bytes encode_one(const Flood& m);
Bytes encode_one(const SyncEnd& m);
Bytes encode_one(const Ack& m);
SolicitNew read_solicit_new(MessageReader& in);
SolicitTime read_solicit_time(MessageReader& in);
SolicitHash read_solicit_hash(MessageReader& in, const Agreed& agreed);
Advertise read_advertise(MessageReader& in, const Agreed& agreed);
Request read_request(MessageReader& in, std::uint16_t flags, const Agreed& agreed);
Flood read_flood(MessageReader& in);
SyncEnd read_sync_end(MessageReader& in);
Ack read_ack(MessageReader& in, const Agreed& agreed);

} // namespace kith::graph
