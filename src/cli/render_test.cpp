#include "cli/graph_render.hpp"
#include "cli/render.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCloud = R"({
    "name": "Global_", "scope": "global", "state": "active",
    "reach": "resolve_only", "reach_reason": "filtered",
    "endpoints": ["[2001:db8::1]:3540", "192.0.2.1:3540"], "cached": 37, "leaf_set": 10,
    "names": 1, "estimated_nodes": 41.5, "state_bytes": 12345,
    "counters": {"datagrams_in": 7, "datagrams_out": 8, "bytes_in": 700, "bytes_out": 800,
                 "resent": 2, "signatures_made": 3, "signatures_checked": 4,
                 "dropped": {"truncated": 0, "bad_header": 5, "no_request": 1},
                 "ssdp_dropped": 6}})";

constexpr const char* kIdentity = R"({
    "name": "alice", "peer_name": "00112233445566778899aabbccddeeff00112233",
    "authority": "00112233445566778899aabbccddeeff00112233",
    "host_name": "p00112233445566778899aabbccddeeff00112233.kith.alt", "algorithm": "ed25519",
    "public_key_base64": "a2V5", "created": "2026-01-01T00:00:00Z", "protected": true,
    "default": true})";

constexpr const char* kResolution = R"({
    "peer_name": "00112233445566778899aabbccddeeff00112233.web",
    "host_name": "web.p00112233445566778899aabbccddeeff00112233.kith.alt",
    "secure": true, "verified": true, "cloud": "Global_", "id": "00",
    "addresses": ["[2001:db8::1]:443/tcp", "192.0.2.1:443/tcp"], "comment": "my site",
    "payload_base64": "aGVsbG8KdGhlcmU=", "payload_kind": "binary", "public_key_base64": "a2V5",
    "node_endpoints": ["[2001:db8::1]:3540"], "expires": "2026-01-02T00:00:00Z", "local": false,
    "lookups": 2, "took_ms": 81.3})";

Json with(const char* text, const char* key, const Json& value) {
    Json document = Json::parse(text);
    document[key] = value;
    return document;
}

TEST(Render, Clouds) {
    const Json clouds{{"clouds", {Json::parse(kCloud)}}};
    EXPECT_EQ(
        render_clouds(clouds, {}),
        "CLOUD    SCOPE   STATE   REACH         NODES     CACHED  NAMES  ENDPOINTS\n"
        "Global_  global  active  resolve_only  about 42      37      1  [2001:db8::1]:3540, "
        "192.0.2.1:3540\n");
}

TEST(Render, ACloudWithoutAnEstimateSaysSo) {
    const Json clouds{{"clouds", {with(kCloud, "estimated_nodes", nullptr)}}};
    EXPECT_THAT(render_clouds(clouds, {}), HasSubstr("unknown"));
}

TEST(Render, CloudShowsOnlyReasonsThatApplied) {
    EXPECT_EQ(
        render_cloud(Json::parse(kCloud), {}),
        "cloud         Global_\n"
        "scope         global\n"
        "state         active\n"
        "reach         resolve only: a translator or firewall lets in only whom it has asked\n"
        "endpoints     [2001:db8::1]:3540\n"
        "              192.0.2.1:3540\n"
        "nodes         about 42\n"
        "cached        37\n"
        "leaf set      10\n"
        "names         1\n"
        "state bytes   12345\n"
        "received      7 datagrams, 700 bytes\n"
        "sent          8 datagrams, 800 bytes\n"
        "resent        2\n"
        "signatures    3 made, 4 checked\n"
        "dropped       5 bad_header\n"
        "              1 no_request\n"
        "ssdp dropped  6\n");
}

TEST(Render, Peers) {
    const Json peers = Json::parse(R"({"peers": [
        {"id": "00ff", "endpoints": ["[2001:db8::2]:3540"], "leaf_set": true,
         "heard_ago_ms": 1200, "round_trip_ms": 80.5},
        {"id": "11ee", "endpoints": ["192.0.2.9:3540"], "leaf_set": false,
         "heard_ago_ms": 600000, "round_trip_ms": null}]})");
    EXPECT_EQ(
        render_peers(peers, {}),
        "ID    LEAF SET   HEARD  ROUND TRIP  ENDPOINTS\n"
        "00ff  yes        1.2 s       80 ms  [2001:db8::2]:3540\n"
        "11ee            10 min              192.0.2.9:3540\n");
}

TEST(Render, Status) {
    const Json status{
        {"version", "0.1.0"},
        {"commit", "abc"},
        {"pid", 4711},
        {"started", "2026-01-01T00:00:00Z"},
        {"profile", "modern"},
        {"seed_node", true},
        {"data", "/home/a/.local/share/kith"},
        {"identities", 2},
        {"names", 1},
        {"clouds", Json::array()}};
    EXPECT_EQ(
        render_status(status, {}),
        "kithd       0.1.0 (abc)\n"
        "process     4711\n"
        "started     2026-01-01T00:00:00Z\n"
        "profile     modern\n"
        "seed node   yes\n"
        "data        /home/a/.local/share/kith\n"
        "identities  2\n"
        "names       1\n"
        "\n"
        "CLOUD  SCOPE  STATE  REACH  NODES  CACHED  NAMES  ENDPOINTS\n");
}

TEST(Render, Identities) {
    Json bob = Json::parse(kIdentity);
    bob["name"] = "bob";
    bob["default"] = false;
    bob["protected"] = false;
    const Json identities{{"identities", {Json::parse(kIdentity), bob}}};
    EXPECT_EQ(
        render_identities(identities, {}),
        "NAME   DEFAULT  KEY         CREATED               PEER NAME\n"
        "alice  yes      passphrase  2026-01-01T00:00:00Z  "
        "00112233445566778899aabbccddeeff00112233\n"
        "bob             in clear    2026-01-01T00:00:00Z  "
        "00112233445566778899aabbccddeeff00112233\n");
}

TEST(Render, Identity) {
    EXPECT_EQ(
        render_identity(Json::parse(kIdentity), {}),
        "identity    alice\n"
        "default     yes\n"
        "peer name   00112233445566778899aabbccddeeff00112233\n"
        "host name   p00112233445566778899aabbccddeeff00112233.kith.alt\n"
        "public key  a2V5\n"
        "algorithm   ed25519\n"
        "key kept    passphrase\n"
        "created     2026-01-01T00:00:00Z\n");
}

TEST(Render, Names) {
    const Json names = Json::parse(R"({"names": [
        {"peer_name": "0.web", "host_name": "web.kith.alt", "secure": false, "identity": null,
         "cloud": "Global_", "id": "00", "announced": false, "addresses": ["192.0.2.1"],
         "comment": "hi", "payload_base64": null}]})");
    EXPECT_EQ(
        render_names(names, {}),
        "PEER NAME  IDENTITY  CLOUD    ANNOUNCED  ADDRESSES  COMMENT\n"
        "0.web                Global_  not yet    192.0.2.1  hi\n");
    EXPECT_EQ(
        render_name(names["names"][0], {}),
        "peer name  0.web\n"
        "host name  web.kith.alt\n"
        "identity   none: unsecured\n"
        "cloud      Global_\n"
        "announced  not yet\n"
        "addresses  192.0.2.1\n"
        "comment    hi\n");
}

TEST(Render, ANameInSeveralCloudsShowsThemAll) {
    const Json name = Json::parse(R"({"peer_name": "0.web", "cloud": "Global_", "clouds": [
        {"cloud": "Global_", "id": "00", "announced": true, "addresses": []},
        {"cloud": "LinkLocal_%eth0", "id": "01", "announced": false, "addresses": []}]})");
    EXPECT_THAT(
        render_name(name, {}), HasSubstr("cloud      Global_\n           LinkLocal_%eth0\n"));
    const Json names{{"names", {name}}};
    EXPECT_THAT(render_names(names, {}), HasSubstr("Global_, LinkLocal_%eth0"));
}

TEST(Render, Resolution) {
    EXPECT_EQ(
        render_resolution(Json::parse(kResolution), {}),
        "peer name  00112233445566778899aabbccddeeff00112233.web\n"
        "host name  web.p00112233445566778899aabbccddeeff00112233.kith.alt\n"
        "verified   yes: the key that owns the name signed all of this\n"
        "signed by  key a2V5\n"
        "addresses  [2001:db8::1]:443/tcp\n"
        "           192.0.2.1:443/tcp\n"
        "comment    my site\n"
        "payload    11 bytes of text\n"
        "           hello\n"
        "           there\n"
        "node       [2001:db8::1]:3540\n"
        "cloud      Global_\n"
        "expires    2026-01-02T00:00:00Z\n"
        "found      in 81 ms, with 2 lookups\n");
}

TEST(Render, ResolutionNeverCallsAnUnverifiedNameVerified) {
    Json unsecured = with(kResolution, "secure", false);
    unsecured["verified"] = false;
    EXPECT_THAT(
        render_resolution(unsecured, {}),
        HasSubstr("verified   no: anybody may publish an unsecured name\n"));
    EXPECT_THAT(
        render_resolution(with(kResolution, "verified", false), {}),
        HasSubstr("verified   NO: the owner of the name did not sign this\n"));
    // Anything but a literal true is not verified.
    EXPECT_THAT(
        render_resolution(with(kResolution, "verified", "true"), {}), HasSubstr("verified   NO"));
}

TEST(Render, ALocalResolutionSaysSo) {
    EXPECT_THAT(render_resolution(with(kResolution, "local", true), {}), HasSubstr("on this node"));
}

TEST(Render, ABinaryPayloadIsDumpedAtItsBeginning) {
    std::string bytes;
    for (unsigned i = 0; i < 300; ++i)
        bytes.push_back(static_cast<char>(i));
    const std::string text =
        render_resolution(with(kResolution, "payload_base64", to_base64(bytes)), {});
    EXPECT_THAT(
        text,
        HasSubstr("payload    300 bytes of binary data\n"
                  "           0000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  "
                  "................\n"));
    EXPECT_THAT(
        text,
        HasSubstr("           0040  40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f  "
                  "@ABCDEFGHIJKLMNO\n"));
    EXPECT_THAT(text, HasSubstr("           44 more bytes\n"));
    EXPECT_THAT(text, Not(HasSubstr("0100  ")));
}

TEST(Render, ANameWithoutPayloadHasNoSuchLine) {
    EXPECT_THAT(
        render_resolution(with(kResolution, "payload_base64", nullptr), {}),
        Not(HasSubstr("payload")));
}

TEST(Render, WhatPeersSentNeverReachesTheTerminalRaw) {
    Json hostile = Json::parse(kResolution);
    for (auto& [key, member] : hostile.items()) {
        if (member.is_string()) member = "\x1b]0;x\x07\n\r\u009b\u202e";
        if (member.is_array()) member = Json{"\x1b[2J\n"};
    }
    hostile["payload_base64"] = to_base64("\x1b[2J\n\x9b");
    const std::string calm = render_resolution(hostile, {});
    for (const char c : calm)
        EXPECT_TRUE(c == '\n' || (c >= 0x20 && c <= 0x7e)) << calm;
    EXPECT_EQ(calm.find('\x1b'), std::string::npos);
}

TEST(Render, NeighboursHaveTheNamesThatTheyGaveThemselves) {
    const Json links = Json::parse(
        R"({"neighbours": [{"node": "01", "node_name": "at \u202ehome\u001b"},
                           {"node": "02", "node_name": null}]})");
    const std::string text = render_neighbours(links, {});
    EXPECT_THAT(text, HasSubstr("at \\u{202e}home\\x1b"));
    EXPECT_THAT(text, HasSubstr("02"));
}

TEST(Render, EmptyAndForeignDocumentsDoNoHarm) {
    for (const char* text : {"{}", R"({"clouds": [1, null, {}], "peers": {}, "counters": []})"}) {
        const Json document = Json::parse(text);
        for (const auto render :
             {render_status,
              render_clouds,
              render_cloud,
              render_peers,
              render_identities,
              render_identity,
              render_names,
              render_name,
              render_resolution}) {
            EXPECT_TRUE(render(document, {}).ends_with('\n'));
        }
    }
}

TEST(Render, ANameThatIsNotPublishedAgainSaysWhy) {
    const auto shown = [](const char* waiting) {
        Json names{{"names", Json::array({Json{{"peer_name", "0.x"}, {"waiting", waiting}}})}};
        return render_names(names, {}) + render_name(names["names"][0], {});
    };
    EXPECT_THAT(shown("passphrase_needed"), HasSubstr("waits for its passphrase"));
    EXPECT_THAT(shown("no_network"), HasSubstr("waits for a network"));
    EXPECT_THAT(shown("not_found"), HasSubstr("no: not_found"));
}

TEST(Render, RegistrationsAreARowEach) {
    Json found{{"peer_name", "0.x"}, {"complete", true}};
    found["registrations"] = Json::array(
        {with(kResolution, "comment", "one"),
         with(kResolution, "comment", "two\x1b"),
         with(kResolution, "local", true)});
    const std::string text = render_registrations(found, {});
    EXPECT_THAT(text, HasSubstr("one"));
    EXPECT_THAT(text, HasSubstr("two\\x1b"));
    EXPECT_THAT(text, HasSubstr("this one"));
    EXPECT_THAT(text, HasSubstr("3 registrations\n"));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
    found["complete"] = false;
    EXPECT_THAT(render_registrations(found, {}), HasSubstr("3 registrations; there may be more"));
}

} // namespace
} // namespace kith::cli
