// docs/api.md against a real node and a real vault.

#include "daemon/api_world_test.hpp"

#include <sys/stat.h>

#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <set>

namespace kith::daemon {
namespace {

using testing::HasSubstr;

struct ApiTest : testing::Test {
    boost::asio::io_context loop{1};
    ApiWorld world{loop, nullptr};

    Json create(const std::string& name, const Json& passphrase = nullptr) {
        const ApiAnswer made =
            world.post("/v1/identities", {{"name", name}, {"passphrase", passphrase}});
        EXPECT_EQ(made.status, 201U) << made.document;
        return made.document;
    }

    std::string code(const std::string& target, const Json& body) {
        return world.post(target, body).code();
    }
};

std::set<std::string> members(const Json& document) {
    std::set<std::string> out;
    for (const auto& [name, value] : document.items())
        out.insert(name);
    return out;
}

TEST_F(ApiTest, tells_its_status) {
    create("alice");
    const ApiAnswer answer = world.get("/v1/status");
    ASSERT_EQ(answer.status, 200U);
    const Json& status = answer.document;
    EXPECT_EQ(status["version"], "1.2.3");
    EXPECT_EQ(status["commit"], "abc");
    EXPECT_EQ(status["pid"], 7);
    EXPECT_EQ(status["started"], "1970-01-01T00:00:00Z");
    EXPECT_EQ(status["profile"], "modern");
    EXPECT_EQ(status["seed_node"], true);
    EXPECT_EQ(status["data"], "/data");
    EXPECT_EQ(status["identities"], 1);
    EXPECT_EQ(status["names"], 0);
    ASSERT_EQ(status["clouds"].size(), 1U);
    const Json cloud = world.get("/v1/clouds/Global_").document;
    EXPECT_EQ(members(cloud), members(status["clouds"][0]));
    EXPECT_EQ(cloud["endpoints"], Json::array({to_string(world.endpoint())}));
    EXPECT_EQ(cloud["scope"], "global");
    EXPECT_EQ(cloud["counters"]["dropped"].size(), pnrp::kDropReasons);
    EXPECT_EQ(world.get("/v1/clouds").document["clouds"][0]["name"], "Global_");
    EXPECT_EQ(world.get("/v1/clouds/Other_").code(), "not_found");
    EXPECT_EQ(world.get("/v1/clouds/Other_/peers").code(), "not_found");
    EXPECT_EQ(cloud["zone"], 0);
    EXPECT_EQ(status["unclaimed"], 0);
    EXPECT_EQ(world.get("/v1/clouds/Global_/peers").document, (Json{{"peers", Json::array()}}));
}

TEST(WindowsApiTest, publishes_and_resolves_with_its_own_kind_of_key) {
    boost::asio::io_context loop{1};
    ApiWorld seed(loop, nullptr, pnrp::windows_profile());
    ApiWorld world(loop, &seed, pnrp::windows_profile());
    EXPECT_EQ(world.get("/v1/status").document["profile"], "windows");

    const auto create = [&](const std::string& name, const Json& profile) {
        return world.post(
            "/v1/identities", {{"name", name}, {"passphrase", nullptr}, {"profile", profile}});
    };
    EXPECT_EQ(create("a", "windows").document["algorithm"], "rsa1024");
    EXPECT_EQ(create("b", nullptr).document["algorithm"], "rsa1024"); // the node's own
    EXPECT_EQ(create("c", "modern").document["algorithm"], "ed25519");
    EXPECT_EQ(create("d", "xp").code(), "bad_request");

    const ApiAnswer other = world.post("/v1/names", {{"classifier", "web"}, {"identity", "c"}});
    EXPECT_EQ(other.code(), "bad_request");
    EXPECT_THAT(other.document["error"]["message"].get<std::string>(), HasSubstr("windows"));
    for (const bool unsecured : {false, true}) {
        const ApiAnswer name = world.post(
            "/v1/names",
            {{"classifier", "web"}, {"unsecured", unsecured}, {"comment", "M\u00fcller"}});
        ASSERT_EQ(name.status, 201U) << name.document;
        const ApiAnswer found = seed.post(
            "/v1/resolve", {{"peer_name", name.document["peer_name"]}, {"timeout_ms", 10000}});
        ASSERT_EQ(found.status, 200U) << found.document;
        EXPECT_EQ(found.document["verified"], !unsecured);
        EXPECT_EQ(found.document["comment"], "M\u00fcller");
    }
}

// docs/api.md, delegation: alice owns the name, bob publishes it on another node.
TEST(DelegationApiTest, another_identity_publishes_a_name_for_its_owner) {
    boost::asio::io_context loop{1};
    ApiWorld alice(loop, nullptr);
    ApiWorld bob(loop, &alice);
    alice.post("/v1/identities", {{"name", "alice"}, {"passphrase", "sesame"}});
    bob.post("/v1/identities", {{"name", "bob"}, {"passphrase", nullptr}});
    bob.post("/v1/identities", {{"name", "carol"}, {"passphrase", nullptr}});
    const Json owner = alice.get("/v1/identities/alice").document;
    const std::string name = owner["authority"].get<std::string>() + ".web";

    const ApiAnswer card = bob.get("/v1/identities/bob/card");
    ASSERT_EQ(card.status, 200U);
    EXPECT_EQ(card.document["safety_code"], bob.get("/v1/identities/bob").document["safety_code"]);
    EXPECT_EQ(bob.get("/v1/identities/nobody/card").code(), "not_found");

    Json wish{{"peer_name", name}, {"card", card.document["document"]}};
    EXPECT_EQ(alice.post("/v1/delegations", wish).code(), "passphrase_needed");
    wish["passphrase"] = "wrong";
    EXPECT_EQ(alice.post("/v1/delegations", wish).code(), "wrong_password");
    wish["passphrase"] = "sesame";
    const ApiAnswer delegation = alice.post("/v1/delegations", wish);
    ASSERT_EQ(delegation.status, 201U) << delegation.document;
    EXPECT_EQ(delegation.document["safety_code"], card.document["safety_code"]);
    EXPECT_EQ(bob.post("/v1/delegations", wish).code(), "not_found"); // not his to give
    wish["card"] = "no card";
    EXPECT_EQ(alice.post("/v1/delegations", wish).code(), "bad_document");
    wish["card"] = card.document["document"];
    wish["lifetime_ms"] = 1;
    EXPECT_EQ(alice.post("/v1/delegations", wish).code(), "bad_request");

    const auto publish = [&](const Json& body) {
        Json all{{"classifier", "web"}, {"delegation", delegation.document["document"]}};
        all.update(body);
        return bob.post("/v1/names", all);
    };
    EXPECT_EQ(publish({{"identity", "carol"}}).code(), "bad_request"); // not for her
    EXPECT_EQ(publish({{"classifier", "mail"}}).code(), "bad_document");
    EXPECT_EQ(publish({{"unsecured", true}}).code(), "bad_request");
    EXPECT_EQ(publish({{"delegation", "none"}}).code(), "bad_document");
    const ApiAnswer published = publish({{"identity", "bob"}, {"comment", "for alice"}});
    ASSERT_EQ(published.status, 201U) << published.document;
    EXPECT_EQ(published.document["peer_name"], name);
    EXPECT_EQ(published.document["identity"], "bob");

    const ApiAnswer found = alice.post("/v1/resolve", {{"peer_name", name}});
    ASSERT_EQ(found.status, 200U) << found.document;
    EXPECT_EQ(found.document["comment"], "for alice");
    EXPECT_EQ(found.document["verified"], true);
    EXPECT_EQ(found.document["delegated"], true);
    EXPECT_EQ(
        found.document["public_key_base64"],
        bob.get("/v1/identities/bob").document["public_key_base64"]);
}

TEST_F(ApiTest, has_nothing_elsewhere) {
    for (const char* target :
         {"/",
          "",
          "/v1",
          "/v1/",
          "/v2/status",
          "/v1/status/",
          "/v1/statuses",
          "/v1/status?x=1",
          "v1/status",
          "/v1/identities/a/b",
          "/v1/%zz",
          "/v1/identities/a/b/c/d/e/f"})
        EXPECT_EQ(world.get(target).code(), "not_found") << target;
    EXPECT_EQ(world.call("PUT", "/v1/status").status, 404U);
    EXPECT_EQ(world.call("POST", "/v1/status").code(), "not_found");
}

TEST_F(ApiTest, refuses_members_that_a_route_does_not_have) {
    EXPECT_EQ(world.call("GET", "/v1/status", {{"verbose", true}}).code(), "bad_request");
    EXPECT_EQ(
        code("/v1/identities", {{"name", "a"}, {"passphrase", nullptr}, {"x", 1}}), "bad_request");
    EXPECT_EQ(code("/v1/names", {{"clasifier", "web"}}), "bad_request");
    EXPECT_EQ(code("/v1/resolve", {{"peer_name", "0.x"}, {"timeout", 1}}), "bad_request");
    EXPECT_EQ(world.vault().list().size(), 0U);
}

TEST_F(ApiTest, creates_identities) {
    const Json alice = create("alice");
    EXPECT_EQ(
        members(alice),
        (std::set<std::string>{
            "name",
            "peer_name",
            "authority",
            "host_name",
            "algorithm",
            "public_key_base64",
            "safety_code",
            "created",
            "protected",
            "default"}));
    EXPECT_EQ(alice["protected"], false);
    EXPECT_EQ(alice["default"], true);
    EXPECT_EQ(alice["algorithm"], "ed25519");
    EXPECT_EQ(alice["host_name"], "p" + alice["authority"].get<std::string>() + ".kith.alt");
    const Json bob = create("b\u00f6b", "sesame");
    EXPECT_EQ(bob["protected"], true);
    EXPECT_EQ(bob["default"], false);
    EXPECT_EQ(world.get("/v1/identities/b%C3%B6b").document, bob);
    EXPECT_EQ(world.get("/v1/identities").document["identities"], Json::array({alice, bob}));
    EXPECT_EQ(
        code("/v1/identities", {{"name", "alice"}, {"passphrase", nullptr}}), "already_exists");
}

TEST_F(ApiTest, finds_an_identity_by_its_name_however_that_is_composed) {
    const Json jose = create("Jose\u0301");
    EXPECT_EQ(jose["name"], "Jos\u00e9");
    const std::string target = "/v1/identities/Jose%CC%81";
    EXPECT_EQ(world.get(target).document, jose);
    EXPECT_EQ(world.get(target + "/card").status, 200U);
    EXPECT_EQ(world.post(target + "/default").status, 200U);
    const ApiAnswer published = world.post(
        "/v1/names",
        {{"classifier", "web"}, {"identity", "Jose\u0301"}, {"addresses", Json::array()}});
    EXPECT_EQ(published.document["identity"], "Jos\u00e9") << published.document;
    EXPECT_EQ(world.call("DELETE", target).code(), "in_use");
}

TEST_F(ApiTest, refuses_identities_that_cannot_be) {
    for (const char* name : {"a\n", "a\u0085", "a\u202e"})
        EXPECT_EQ(code("/v1/identities", {{"name", name}, {"passphrase", nullptr}}), "bad_label");
    EXPECT_EQ(code("/v1/identities", {{"name", ""}, {"passphrase", nullptr}}), "bad_label");
    EXPECT_EQ(
        code("/v1/identities", {{"name", std::string(256, 'x')}, {"passphrase", nullptr}}),
        "bad_label");
    EXPECT_EQ(code("/v1/identities", {{"name", "a"}}), "bad_request") << "no word on protection";
    EXPECT_EQ(code("/v1/identities", {{"name", "a"}, {"passphrase", ""}}), "bad_request");
    EXPECT_EQ(
        code(
            "/v1/identities",
            {{"name", "a"}, {"classifier", std::string(150, 'x')}, {"passphrase", nullptr}}),
        "bad_name");
    EXPECT_EQ(world.get("/v1/identities/a").code(), "not_found");
}

TEST_F(ApiTest, renames_chooses_and_deletes_identities) {
    create("alice");
    create("bob");
    const ApiAnswer renamed = world.post("/v1/identities/alice/rename", {{"name", "carol"}});
    ASSERT_EQ(renamed.status, 200U);
    EXPECT_EQ(renamed.document["name"], "carol");
    EXPECT_EQ(
        world.post("/v1/identities/carol/rename", {{"name", "bob"}}).code(), "already_exists");
    EXPECT_EQ(world.post("/v1/identities/alice/rename", {{"name", "x"}}).code(), "not_found");
    EXPECT_EQ(world.post("/v1/identities/bob/default").document["default"], true);
    EXPECT_EQ(world.get("/v1/identities/carol").document["default"], false);
    const ApiAnswer gone = world.call("DELETE", "/v1/identities/bob");
    ASSERT_EQ(gone.status, 200U);
    EXPECT_EQ(gone.document["name"], "bob");
    EXPECT_EQ(world.call("DELETE", "/v1/identities/bob").code(), "not_found");
    EXPECT_EQ(world.post("/v1/identities/bob/default").code(), "not_found");
}

TEST_F(ApiTest, exports_and_imports_identities) {
    const Json alice = create("alice", "inner");
    EXPECT_EQ(code("/v1/identities/alice/export", {{"password", "pw"}}), "passphrase_needed");
    EXPECT_EQ(
        code("/v1/identities/alice/export", {{"password", ""}, {"passphrase", "inner"}}),
        "bad_request");
    EXPECT_EQ(
        code("/v1/identities/alice/export", {{"password", "pw"}, {"passphrase", "wrong"}}),
        "wrong_password");
    EXPECT_EQ(code("/v1/identities/nobody/export", {{"password", "pw"}}), "not_found");
    const ApiAnswer exported =
        world.post("/v1/identities/alice/export", {{"password", "pw"}, {"passphrase", "inner"}});
    ASSERT_EQ(exported.status, 200U) << exported.document;
    const std::string document = exported.document["document"];

    Json wish = {{"document", document}, {"password", "pw"}, {"passphrase", nullptr}};
    EXPECT_EQ(code("/v1/identities/import", wish), "already_exists");
    wish["name"] = "other";
    EXPECT_EQ(code("/v1/identities/import", wish), "already_exists") << "the same peer name";
    world.call("DELETE", "/v1/identities/alice");
    wish["password"] = "wrong";
    EXPECT_EQ(code("/v1/identities/import", wish), "wrong_password");
    wish["password"] = "pw";
    const ApiAnswer imported = world.post("/v1/identities/import", wish);
    ASSERT_EQ(imported.status, 201U) << imported.document;
    EXPECT_EQ(imported.document["name"], "other");
    EXPECT_EQ(imported.document["protected"], false);
    EXPECT_EQ(imported.document["peer_name"], alice["peer_name"]);
    EXPECT_EQ(imported.document["created"], alice["created"]);
}

TEST_F(ApiTest, refuses_documents_that_are_none_or_open) {
    create("alice");
    const std::string open = *world.vault().document("alice");
    world.call("DELETE", "/v1/identities/alice");
    for (const std::string& document : {std::string("{}"), std::string("x"), open}) {
        const Json wish = {{"document", document}, {"password", "pw"}, {"passphrase", nullptr}};
        EXPECT_EQ(code("/v1/identities/import", wish), "bad_document") << document;
    }
    EXPECT_TRUE(world.vault().list().empty());
}

TEST_F(ApiTest, publishes_changes_and_unpublishes_a_name) {
    const Json alice = create("alice");
    Json wish = {
        {"classifier", "web"},
        {"addresses", {"[2001:db8::1]:443/tcp", "192.0.2.1:53/udp"}},
        {"comment", "my site"},
        {"payload_base64", "aGVsbG8="}};
    const ApiAnswer made = world.post("/v1/names", wish);
    ASSERT_EQ(made.status, 201U) << made.document;
    const std::string peer_name = alice["authority"].get<std::string>() + ".web";
    EXPECT_EQ(made.document["peer_name"], peer_name);
    EXPECT_EQ(made.document["secure"], true);
    EXPECT_EQ(made.document["identity"], "alice");
    EXPECT_EQ(made.document["cloud"], "Global_");
    EXPECT_EQ(made.document["addresses"], wish["addresses"]);
    EXPECT_EQ(made.document["comment"], "my site");
    EXPECT_EQ(made.document["payload_base64"], "aGVsbG8=");
    EXPECT_EQ(made.document["id"].get<std::string>().size(), 64U);

    ASSERT_EQ(made.document["clouds"].size(), 1U);
    EXPECT_EQ(made.document["clouds"][0]["cloud"], "Global_");
    EXPECT_EQ(made.document["clouds"][0]["id"], made.document["id"]);
    EXPECT_EQ(made.document["clouds"][0]["addresses"], wish["addresses"]);

    wish["comment"] = "moved";
    wish["cloud"] = "Global_";
    wish["payload_base64"] = nullptr;
    wish["addresses"] = {"[2001:db8::2]:443/tcp"};
    const ApiAnswer changed = world.post("/v1/names", wish);
    ASSERT_EQ(changed.status, 200U) << changed.document;
    EXPECT_EQ(changed.document["id"], made.document["id"]);
    const Json names = world.get("/v1/names").document["names"];
    ASSERT_EQ(names.size(), 1U);
    EXPECT_EQ(names[0]["comment"], "moved");
    EXPECT_EQ(names[0]["payload_base64"], nullptr);
    EXPECT_EQ(names[0]["addresses"], wish["addresses"]);

    const std::string host = made.document["host_name"];
    EXPECT_EQ(world.call("DELETE", "/v1/names/" + host).document["peer_name"], peer_name);
    EXPECT_EQ(world.call("DELETE", "/v1/names/" + peer_name).code(), "not_found");
    EXPECT_EQ(world.get("/v1/names").document["names"], Json::array());
}

// PNRP-246
TEST_F(ApiTest, knows_only_the_clouds_that_it_is_in) {
    create("alice");
    for (const char* cloud : {"SiteLocal_", "LinkLocal_%eth0", "nonsense"}) {
        const Json publish{{"classifier", "web"}, {"cloud", cloud}};
        EXPECT_EQ(world.post("/v1/names", publish).code(), "not_found") << cloud;
        const Json resolve{{"peer_name", "0.web"}, {"cloud", cloud}};
        EXPECT_EQ(world.post("/v1/resolve", resolve).code(), "not_found") << cloud;
    }
    EXPECT_EQ(world.get("/v1/names").document["names"].size(), 0U);
    EXPECT_EQ(world.post("/v1/names", {{"classifier", "web"}, {"cloud", "Global_"}}).status, 201U);
    const Json found =
        world.post("/v1/resolve", {{"peer_name", "0.nobody"}, {"cloud", "Global_"}}).document;
    EXPECT_EQ(found["error"]["code"], "not_found");
}

TEST_F(ApiTest, publishes_unsecured_names_without_an_identity) {
    const ApiAnswer made =
        world.post("/v1/names", {{"classifier", "printer"}, {"unsecured", true}});
    ASSERT_EQ(made.status, 201U) << made.document;
    EXPECT_EQ(made.document["peer_name"], "0.printer");
    EXPECT_EQ(made.document["identity"], nullptr);
    EXPECT_EQ(made.document["secure"], false);
    EXPECT_EQ(made.document["addresses"], Json::array({"127.0.0.1"})) << "the node's own";
    EXPECT_EQ(code("/v1/names", {{"unsecured", true}}), "bad_name");
    EXPECT_EQ(
        code("/v1/names", {{"classifier", "x"}, {"unsecured", true}, {"identity", "a"}}),
        "bad_request");
}

TEST_F(ApiTest, opens_a_protected_identity_to_publish_with_it) {
    create("alice", "sesame");
    EXPECT_EQ(code("/v1/names", {{"classifier", "web"}}), "passphrase_needed");
    EXPECT_EQ(code("/v1/names", {{"classifier", "web"}, {"passphrase", "no"}}), "wrong_password");
    EXPECT_EQ(world.get("/v1/names").document["names"].size(), 0U);
    EXPECT_EQ(
        world.post("/v1/names", {{"classifier", "web"}, {"passphrase", "sesame"}}).status, 201U);
    // Its key is at hand now; a wrong passphrase is still not taken for a right one.
    EXPECT_EQ(world.post("/v1/names", {{"classifier", "web"}}).status, 200U);
    EXPECT_EQ(code("/v1/names", {{"classifier", "web"}, {"passphrase", "no"}}), "wrong_password");
}

TEST_F(ApiTest, keeps_an_identity_while_it_is_in_use) {
    const Json alice = create("alice", "sesame");
    const auto publishing =
        world.start("POST", "/v1/names", {{"classifier", "web"}, {"passphrase", "sesame"}});
    ASSERT_FALSE(*publishing) << "the key is still being opened";
    EXPECT_EQ(world.call("DELETE", "/v1/identities/alice").code(), "in_use");
    for (int turn = 0; turn < 1000 && !*publishing; ++turn)
        loop.run_for(std::chrono::milliseconds(10));
    ASSERT_EQ((*publishing)->status, 201U);
    EXPECT_EQ(world.call("DELETE", "/v1/identities/alice").code(), "in_use");
    EXPECT_EQ(world.post("/v1/identities/alice/rename", {{"name", "carol"}}).status, 200U);
    EXPECT_EQ(world.get("/v1/names").document["names"][0]["identity"], "carol");
    EXPECT_EQ(world.call("DELETE", "/v1/identities/carol").code(), "in_use");
    const std::string name = alice["authority"].get<std::string>() + ".web";
    EXPECT_EQ(world.call("DELETE", "/v1/names/" + name).status, 200U);
    EXPECT_EQ(world.call("DELETE", "/v1/identities/carol").status, 200U);
}

TEST_F(ApiTest, publishes_by_the_new_label_what_was_renamed_meanwhile) {
    create("alice");
    const auto published =
        world.start("POST", "/v1/names", {{"classifier", "web"}, {"identity", "alice"}});
    const auto renamed = world.start("POST", "/v1/identities/alice/rename", {{"name", "carol"}});
    const auto deleted = world.start("DELETE", "/v1/identities/carol");
    EXPECT_EQ(world.wait(published).document["identity"], "carol");
    EXPECT_EQ(world.wait(renamed).status, 200U);
    EXPECT_EQ(world.wait(deleted).code(), "in_use") << "its key was being opened";
    EXPECT_EQ(world.get("/v1/names").document["names"][0]["identity"], "carol");
    EXPECT_EQ(world.call("DELETE", "/v1/identities/carol").code(), "in_use");
}

TEST_F(ApiTest, refuses_names_that_cannot_be_published) {
    EXPECT_EQ(code("/v1/names", {{"classifier", "web"}}), "not_found") << "no default identity";
    create("alice");
    EXPECT_EQ(code("/v1/names", {{"classifier", "web"}, {"identity", "bob"}}), "not_found");
    const auto with = [&](const char* member, const Json& value) {
        return code("/v1/names", {{"classifier", "web"}, {member, value}});
    };
    EXPECT_EQ(with("addresses", {"host:443/tcp"}), "bad_address");
    EXPECT_EQ(with("addresses", {"0.0.0.0:443/tcp"}), "bad_address");
    EXPECT_EQ(with("addresses", {"[ff02::1]:443/tcp"}), "bad_address");
    EXPECT_EQ(with("addresses", Json::array({1})), "bad_request");
    EXPECT_EQ(with("comment", std::string(40, 'x')), "bad_comment");
    EXPECT_EQ(with("comment", "a\nb"), "bad_comment");
    EXPECT_EQ(with("payload_base64", "?"), "bad_payload");
    EXPECT_EQ(with("payload_base64", ""), "bad_payload");
    EXPECT_EQ(with("payload_base64", std::string(4 * 1366, 'A')), "bad_payload");
    EXPECT_EQ(code("/v1/names", {{"classifier", std::string(150, 'x')}}), "bad_name");
    Json many = Json::array();
    for (int i = 1; i <= 11; ++i)
        many.push_back("192.0.2.1:" + std::to_string(i) + "/tcp");
    EXPECT_EQ(with("addresses", many), "bad_address");
    EXPECT_EQ(world.get("/v1/names").document["names"], Json::array());
    EXPECT_EQ(with("payload_base64", std::string(4 * 1365, 'A') + "AA=="), "");
}

TEST_F(ApiTest, resolves_its_own_names) {
    const Json alice = create("alice");
    world.post(
        "/v1/names",
        {{"classifier", "web"},
         {"addresses", {"[2001:db8::1]:443/tcp"}},
         {"comment", "hi"},
         {"payload_base64", "aGVsbG8="}});
    const std::string host = "web.p" + alice["authority"].get<std::string>() + ".kith.alt";
    const ApiAnswer found = world.post("/v1/resolve", {{"peer_name", host}});
    ASSERT_EQ(found.status, 200U) << found.document;
    const Json& resolution = found.document;
    EXPECT_EQ(resolution["verified"], true);
    EXPECT_EQ(resolution["local"], true);
    EXPECT_EQ(resolution["host_name"], host);
    EXPECT_EQ(resolution["addresses"], Json::array({"[2001:db8::1]:443/tcp"}));
    EXPECT_EQ(resolution["comment"], "hi");
    EXPECT_EQ(resolution["payload_base64"], "aGVsbG8=");
    EXPECT_EQ(resolution["payload_kind"], "binary");
    EXPECT_EQ(resolution["public_key_base64"], alice["public_key_base64"]);
    EXPECT_EQ(resolution["node_endpoints"], Json::array({to_string(world.endpoint())}));
}

TEST_F(ApiTest, refuses_to_resolve_what_is_no_name) {
    for (const char* text :
         {"",
          "nonsense",
          "0.",
          "1234.web",
          "a..kith.alt",
          "web.example.net",
          "0000000000000000000000000000000000000000.x"})
        EXPECT_EQ(code("/v1/resolve", {{"peer_name", text}}), "bad_name") << text;
    EXPECT_EQ(code("/v1/resolve", Json::object()), "bad_request");
    for (const Json& timeout : {Json(99), Json(300'001), Json(1.5), Json("10"), Json(nullptr)})
        EXPECT_EQ(
            code("/v1/resolve", {{"peer_name", "0.x"}, {"timeout_ms", timeout}}), "bad_request")
            << timeout;
}

TEST_F(ApiTest, never_shows_or_keeps_a_secret_in_clear) {
    const std::string secret = "open-sesame-4711";
    create("alice", secret);
    const ApiAnswer answers[] = {
        world.post("/v1/identities/alice/export", {{"password", secret}, {"passphrase", secret}}),
        world.post("/v1/names", {{"classifier", "web"}, {"passphrase", secret}}),
        world.post("/v1/identities", {{"name", "b"}, {"passphrase", secret}, {"x", secret}}),
        world.get("/v1/status"),
        world.get("/v1/identities")};
    for (const ApiAnswer& answer : answers)
        EXPECT_THAT(answer.document.dump(), testing::Not(HasSubstr(secret)));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(world.folder())) {
        if (!entry.is_regular_file()) continue;
        std::ifstream in(entry.path());
        const std::string content(std::istreambuf_iterator<char>(in), {});
        EXPECT_THAT(content, testing::Not(HasSubstr(secret))) << entry.path();
    }
}

TEST_F(ApiTest, says_that_the_disk_failed) {
    create("alice");
    // The disk lost the files behind our back.
    const auto folder = world.folder() / "identities";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".json") std::filesystem::remove(entry.path());
    }
    EXPECT_EQ(code("/v1/names", {{"classifier", "web"}}), "storage");
    EXPECT_EQ(code("/v1/identities/alice/export", {{"password", "pw"}}), "storage");
    EXPECT_EQ(world.get("/v1/names").document["names"], Json::array());
}

// Two nodes on one loop, over loopback.
struct TwoNodesTest : ApiTest {
    // Publishes `alice.web` here, and then brings the other node up.
    Json publish_and_meet() {
        alice = create("alice");
        const ApiAnswer made = world.post(
            "/v1/names",
            {{"classifier", "web"},
             {"addresses", {"[2001:db8::1]:443/tcp"}},
             {"comment", "hi"},
             {"payload_base64", "aGVsbG8="}});
        EXPECT_EQ(made.status, 201U) << made.document;
        other.emplace(loop, &world);
        return made.document;
    }

    Json alice;
    std::optional<ApiWorld> other;
};

// PNRP-208, PNRP-268
TEST_F(TwoNodesTest, resolve_each_others_names) {
    const Json made = publish_and_meet();
    const ApiAnswer found =
        other->post("/v1/resolve", {{"peer_name", made["peer_name"]}, {"timeout_ms", 20'000}});
    ASSERT_EQ(found.status, 200U) << found.document;
    EXPECT_EQ(found.document["verified"], true);
    EXPECT_EQ(found.document["local"], false);
    EXPECT_EQ(found.document["id"], made["id"]);
    EXPECT_EQ(found.document["addresses"], made["addresses"]);
    EXPECT_EQ(found.document["comment"], "hi");
    EXPECT_EQ(found.document["payload_base64"], "aGVsbG8=");
    EXPECT_EQ(found.document["public_key_base64"], alice["public_key_base64"]);
    EXPECT_EQ(found.document["node_endpoints"], Json::array({to_string(world.endpoint())}));
    EXPECT_EQ(other->post("/v1/resolve", {{"peer_name", "0.nobody"}}).code(), "not_found");
    const Json peers = other->get("/v1/clouds/Global_/peers").document["peers"];
    ASSERT_EQ(peers.size(), 1U);
    EXPECT_EQ(peers[0]["id"], made["id"]);
    EXPECT_EQ(peers[0]["endpoints"], Json::array({to_string(world.endpoint())}));
    EXPECT_FALSE(other->driver().clouds().remembered(host::read_clocks()).empty());
}

// PNRP-252
TEST_F(TwoNodesTest, no_longer_find_a_name_that_was_taken_back) {
    const std::string name = publish_and_meet()["peer_name"];
    ASSERT_EQ(other->post("/v1/resolve", {{"peer_name", name}}).status, 200U);
    ASSERT_EQ(world.call("DELETE", "/v1/names/" + name).status, 200U);
    EXPECT_EQ(other->post("/v1/resolve", {{"peer_name", name}}).code(), "not_found");
}

TEST_F(TwoNodesTest, give_up_a_resolve_that_nobody_waits_for) {
    publish_and_meet();
    const auto answer =
        other->start("POST", "/v1/resolve", {{"peer_name", "0.nobody"}, {"timeout_ms", 300'000}});
    ASSERT_FALSE(*answer);
    ASSERT_TRUE(other->cancel);
    other->cancel();
    for (int turn = 0; turn < 500 && !*answer; ++turn)
        loop.run_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(*answer);
    // Without the cancellation the search itself would end, as not_found.
    EXPECT_EQ((*answer)->code(), "timed_out");
}

// Each of them publishes the same unsecured name.
TEST_F(TwoNodesTest, find_all_registrations_or_the_nearest) {
    const auto publish = [](ApiWorld& node, const char* comment) {
        EXPECT_EQ(
            node.post(
                    "/v1/names",
                    {{"classifier", "news"}, {"unsecured", true}, {"comment", comment}})
                .status,
            201U);
    };
    publish(world, "first");
    other.emplace(loop, &world);
    publish(*other, "second");
    Json ask{{"peer_name", "0.news"}, {"timeout_ms", 20'000}, {"which", "all"}};
    const ApiAnswer all = other->post("/v1/resolve", ask);
    ASSERT_EQ(all.status, 200U) << all.document;
    EXPECT_EQ(all.document["peer_name"], "0.news");
    EXPECT_EQ(all.document["complete"], true);
    std::set<std::string> found;
    for (const Json& one : all.document["registrations"]) {
        found.insert(one["comment"].get<std::string>());
        EXPECT_EQ(one["local"], one["comment"] == "second");
        EXPECT_EQ(one["verified"], false);
        EXPECT_TRUE(one.contains("public_key_base64") && one.contains("node_endpoints"));
    }
    EXPECT_EQ(found, (std::set<std::string>{"first", "second"}));
    EXPECT_EQ(all.document["registrations"].size(), 2U);

    ask["which"] = "nearest";
    const ApiAnswer nearest = other->post("/v1/resolve", ask);
    ASSERT_EQ(nearest.status, 200U) << nearest.document;
    EXPECT_EQ(nearest.document["comment"], "second"); // nothing is nearer than what is here
    ask["which"] = "some";
    EXPECT_EQ(other->post("/v1/resolve", ask).code(), "bad_request");
    ask["which"] = "all";
    ask["peer_name"] = "0.nobody";
    EXPECT_EQ(other->post("/v1/resolve", ask).code(), "not_found");
}

} // namespace
} // namespace kith::daemon
