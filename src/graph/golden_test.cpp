// The bytes of graphs against vectors that were made without this code
// (tests/golden/graph/README.md). They never change.

#include "graph/frame.hpp"
#include "graph/message.hpp"
#include "graph/quotas.hpp"
#include "graph/record_codec.hpp"
#include "graph/test_golden.hpp"

#include <algorithm>
#include <cstddef>
#include <gtest/gtest.h>

namespace kith::graph {
namespace {

constexpr NodeId kNode = 0x0102030405060708;
constexpr store::PeerTime kTime{133'500'000'000'000'000};
constexpr const char* kPeer = "alice.Garden";

Guid guid(std::string_view text) {
    return parse_guid(text).value();
}

const Guid kType = guid("12345678-9abc-def0-1122-334455667788");
const Guid kFirst = guid("a0000000-0000-0000-0000-000000000001");
const Guid kSecond = guid("b0000000-0000-0000-0000-000000000002");
const Guid kHash = guid("00010203-0405-0607-0809-0a0b0c0d0e0f");
const Guid kOnes = guid("ffffffff-ffff-ffff-ffff-ffffffffffff");
const Guid kDigest = guid("10111213-1415-1617-1819-1a1b1c1d1e1f");

std::vector<Endpoint> addresses() {
    return {parse_endpoint("[2001:db8::1]:3587").value(), parse_endpoint("192.0.2.7:4000").value()};
}

std::vector<Capability> capabilities() {
    return {{1, {}}, {5, {std::byte{0xCA}, std::byte{0xFE}}}, {0x8001, {}}};
}

void expect(const std::string& name, const Message& message, const Agreed& agreed = {}) {
    SCOPED_TRACE(name);
    const Bytes bytes = golden(name);
    EXPECT_EQ(to_hex(encode(message)), to_hex(bytes));
    const auto decoded = decode(bytes, agreed);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, message);
}

// GRAPH-039 to GRAPH-041
TEST(GraphGolden, AuthInfo) {
    expect("auth-info", AuthInfo{LinkKind::neighbour, "garden", kPeer, "bob"});
    expect("auth-info-direct", AuthInfo{LinkKind::direct, "garden", kPeer, std::nullopt});
}

// GRAPH-019, GRAPH-042 to GRAPH-044, GRAPH-046
TEST(GraphGolden, Connect) {
    expect("connect", Connect{false, false, true, kNode, addresses(), "Alice", {}});
    expect("connect-plain", Connect{false, true, false, kNode, {}, std::nullopt, {}});
    expect("connect-update", Connect{true, false, false, kNode, addresses(), std::nullopt, {}});
    expect(
        "connect-capabilities",
        Connect{false, false, true, kNode, {}, std::nullopt, capabilities()});
}

// GRAPH-047, GRAPH-048
TEST(GraphGolden, Welcome) {
    expect("welcome", Welcome{kNode, kTime, addresses(), kPeer, "Alice", {}});
    expect("welcome-capabilities", Welcome{kNode, kTime, {}, kPeer, std::nullopt, capabilities()});
}

// GRAPH-049, GRAPH-050, GRAPH-052, GRAPH-053
TEST(GraphGolden, RefuseAndDisconnect) {
    expect("refuse", Refuse{RefuseCode::busy, addresses()});
    expect("disconnect", Disconnect{DisconnectReason::least_useful, {}});
}

// GRAPH-055 to GRAPH-057
TEST(GraphGolden, SolicitNewAndTime) {
    expect("solicit-new", SolicitNew{{{kType}, {}}});
    expect("solicit-new-all", SolicitNew{});
    expect("solicit-time", SolicitTime{{{}, {kType, kSecond}}, kTime});
}

// GRAPH-023, GRAPH-059
TEST(GraphGolden, SolicitHash) {
    const HashEntry entry{kHash.bytes, {kTime, kFirst}};
    expect("solicit-hash", SolicitHash{{{}, {kType}}, {entry}, 0});
    expect(
        "solicit-hash-sums",
        SolicitHash{
            {},
            {},
            kSumsFlag,
            {{RangeKind::settled, {{0x01DA4900FFFFFFFF}, kOnes}},
             {RangeKind::sum, {kTime, kFirst}, kHash.bytes},
             {RangeKind::list, {{kTime.ticks + 1}, kOnes}},
             {RangeKind::sum, store::SyncKey::highest(), kHash.bytes}}},
        {.sums = true, .wide = true});
}

// GRAPH-022, GRAPH-024, GRAPH-060
TEST(GraphGolden, Advertise) {
    const Boundary boundary{{kTime, kFirst}, {{kTime.ticks + 1}, kSecond}, 1};
    expect("advertise", Advertise{{boundary}, {{kFirst, 7, std::nullopt}}, 0});
    expect(
        "advertise-wide",
        Advertise{{boundary}, {{kFirst, 7, kDigest.bytes}}, kWideFlag},
        {.sums = true, .wide = true});
    expect(
        "advertise-ranges",
        Advertise{
            {},
            {{kFirst, 7, kDigest.bytes}},
            kWideFlag | kRangesFlag,
            {{RangeKind::settled, {kTime, kOnes}},
             {RangeKind::list, {{kTime.ticks + 1}, kSecond}, {}, 1},
             {RangeKind::sum, {{kTime.ticks + 1}, kOnes}, kHash.bytes},
             {RangeKind::settled, store::SyncKey::highest()}}},
        {.sums = true, .wide = true});
    expect("advertise-lazy", Advertise{{}, {{kFirst, 7, std::nullopt}}, 0});
}

// GRAPH-061
TEST(GraphGolden, Request) {
    expect("request", Request{{{kFirst, 7, std::nullopt}}, false});
    expect("request-graft", Request{{{kFirst, 7, std::nullopt}}, true}, {.lazy = true});
    expect("request-empty", Request{});
}

// GRAPH-062 to GRAPH-064, GRAPH-066, GRAPH-083
TEST(GraphGolden, FloodSyncEndPt2ptAck) {
    expect("flood", Flood{golden("record-published")});
    expect("sync-end", SyncEnd{true});
    expect("pt2pt-ping", Pt2pt{guid("0ccbb0d2-be41-4bd6-914b-058ec5dcce64"), {}});
    expect("pt2pt", Pt2pt{kType, to_owned(as_bytes("data"))});
    expect("ack", Ack{{{kFirst, true, false}, {kSecond, false, true}}}, {.lazy = true});
}

// GRAPH-018: what is not agreed on has no meaning.
TEST(GraphGolden, ReservedBitsAreIgnoredUnlessTheyWereAgreedOn) {
    EXPECT_FALSE(std::get<Request>(decode(golden("request-graft")).value()).is_graft);
    EXPECT_FALSE(std::get<Ack>(decode(golden("ack")).value()).entries[1].prunes);
    EXPECT_EQ(decode(golden("solicit-hash-sums")), std::unexpected(MessageErrc::bad_bounds))
        << "four entries of 40 bytes are not there";
    const auto narrow = std::get<Advertise>(decode(golden("advertise-wide")).value());
    EXPECT_EQ(narrow.flags, 0);
    EXPECT_FALSE(narrow.abstracts[0].digest.has_value());
}

store::Record record(store::Rules rules) {
    store::Record r;
    r.type = kType;
    r.id = make_record_id(kPeer, kHash, rules);
    r.creator = kPeer;
    r.security = {std::byte{1}, std::byte{2}, std::byte{3}};
    r.created = r.modified = kTime;
    r.expires = kTime.plus(std::chrono::hours(1));
    r.payload = to_owned(as_bytes("hello"));
    return r;
}

void expect(const std::string& name, const store::Record& record, store::Rules rules) {
    SCOPED_TRACE(name);
    const Bytes bytes = golden(name);
    EXPECT_EQ(to_hex(encode_record(record, "garden", rules)), to_hex(bytes));
    const auto decoded = decode_record(bytes, "garden", rules);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, record);
    EXPECT_TRUE(validate_record(*decoded, 0, rules).has_value());
}

// GRAPH-011, GRAPH-025, GRAPH-028 to GRAPH-037, GRAPH-216
TEST(GraphGolden, Records) {
    using enum store::Rules;
    expect("record-published", record(published), published);
    expect("record-modern", record(modern), modern);

    store::Record changed = record(published);
    changed.version = 2;
    changed.modifier = "bob";
    changed.modified = kTime.plus(std::chrono::seconds(1));
    changed.attributes =
        "<attributes><attribute name=\"a\" type=\"string\">ü𝄞</attribute></attributes>";
    expect("record-published-modified", changed, published);

    store::Record deleted = record(modern);
    deleted.version = 2;
    deleted.is_deleted = true;
    deleted.modifier = kPeer;
    deleted.modified = changed.modified;
    deleted.payload.clear();
    expect("record-modern-deleted", deleted, modern);
}

// GRAPH-021, GRAPH-068 to GRAPH-070, GRAPH-072, GRAPH-076 to GRAPH-078
TEST(GraphGolden, InternalPayloads) {
    GraphInfo info;
    info.defers_expiration = true;
    info.scope = Scope::site;
    info.graph_id = "garden";
    info.creator = kPeer;
    info.friendly_name = "The garden";
    info.presence_lifetime = 600;
    info.record_max = 1 << 20;
    EXPECT_EQ(to_hex(encode_graph_info(info)), to_hex(golden("graph-info")));
    EXPECT_EQ(decode_graph_info(golden("graph-info")), info);
    info.extras = capabilities();
    EXPECT_EQ(to_hex(encode_graph_info(info)), to_hex(golden("graph-info-extras")));
    EXPECT_EQ(decode_graph_info(golden("graph-info-extras")), info);
    const Quotas quotas{1'000'000, 10'000, 64 << 20, 1 << 20, 31'536'000};
    info.extras = {write_quotas(quotas)};
    EXPECT_EQ(to_hex(encode_graph_info(info)), to_hex(golden("graph-info-quotas")));
    EXPECT_EQ(read_quotas(decode_graph_info(golden("graph-info-quotas"))->extras), quotas);

    EXPECT_EQ(to_hex(encode_signature(kNode)), to_hex(golden("signature")));
    EXPECT_EQ(decode_signature(golden("signature")), kNode);

    const Contact contact{5, kNode, addresses()};
    EXPECT_EQ(to_hex(encode_contact(contact)), to_hex(golden("contact")));
    EXPECT_EQ(decode_contact(golden("contact")), contact);

    const Presence presence{kNode, "at home", addresses()};
    EXPECT_EQ(to_hex(encode_presence(presence)), to_hex(golden("presence")));
    EXPECT_EQ(decode_presence(golden("presence")), presence);
    EXPECT_EQ(to_hex(encode_presence({kNode, "", {}})), to_hex(golden("presence-bare")));
    EXPECT_EQ(decode_presence(golden("presence-bare")), (Presence{kNode, "", {}}));
}

Bytes large_message() {
    return encode(Pt2pt{kType, Bytes(20'000)});
}

// GRAPH-012 to GRAPH-015
TEST(GraphGolden, Frames) {
    FrameWriter writer;
    writer.push(golden("pt2pt"), Stream::bulk);
    writer.push(large_message(), Stream::bulk);
    writer.push(golden("sync-end"), Stream::bulk);
    Bytes line;
    EXPECT_TRUE(writer.poll_into(line, 1 << 20));
    EXPECT_EQ(line, golden("frames"));

    FrameReader reader(1 << 20);
    ASSERT_TRUE(reader.feed(golden("frames")).has_value());
    EXPECT_EQ(reader.poll(), golden("pt2pt"));
    EXPECT_EQ(reader.poll(), large_message());
    EXPECT_EQ(reader.poll(), golden("sync-end"));
    EXPECT_EQ(reader.poll(), std::nullopt);
    EXPECT_FALSE(reader.error().has_value());
}

// A small message passes the rest of a large one between two of its frames.
TEST(GraphGolden, FramesOfTwoStreams) {
    FrameWriter writer;
    writer.use_streams();
    Bytes line;
    writer.push(large_message(), Stream::bulk);
    writer.push(golden("pt2pt"), Stream::small);
    for (int i = 0; i < 2; ++i) {
        const Bytes frame = writer.poll().value();
        line.insert(line.end(), frame.begin(), frame.end());
    }
    writer.push(golden("sync-end"), Stream::small);
    writer.poll_into(line, 1 << 20);
    EXPECT_EQ(line, golden("frames-streams"));

    FrameReader reader(1 << 20);
    reader.use_streams();
    ASSERT_TRUE(reader.feed(golden("frames-streams")).has_value());
    EXPECT_EQ(reader.poll(), golden("pt2pt"));
    EXPECT_EQ(reader.poll(), golden("sync-end"));
    EXPECT_EQ(reader.poll(), large_message());
    EXPECT_EQ(reader.poll(), std::nullopt);
}

} // namespace
} // namespace kith::graph
