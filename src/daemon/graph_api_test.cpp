// docs/api.md, Graphs, against real nodes that share records over loopback.

#include "daemon/api_world_test.hpp"
#include "host/temporary_directory_test.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace kith::daemon {
namespace {

using testing::HasSubstr;

constexpr int kApiTurnsMax = 3000; // of 10 ms

// As docs/api.md has it: behind its length.
std::string piece_of(std::string_view content) {
    std::string out;
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        out += static_cast<char>(content.size() >> shift & 0xFFU);
    return out.append(content);
}

struct GraphApiTest : testing::Test {
    boost::asio::io_context loop{1};
    ApiWorld alice{loop, nullptr};
    ApiWorld bob{loop, &alice};

    bool eventually(const std::function<bool()>& condition) {
        for (int turn = 0; turn < kApiTurnsMax; ++turn) {
            if (condition()) return true;
            loop.run_for(std::chrono::milliseconds(10));
        }
        return false;
    }

    void found(const std::string& name) {
        const ApiAnswer made = alice.post("/v1/graphs", {{"name", name}});
        ASSERT_EQ(made.status, 201U) << made.document;
    }

    void share(const std::string& name) {
        found(name);
        ASSERT_EQ(bob.post("/v1/graphs/" + name + "/open").status, 200U);
        const Json where = alice.get("/v1/graphs/" + name).document["listen"][0];
        const ApiAnswer joined = bob.post("/v1/graphs/" + name + "/connect", {{"to", where}});
        // Again: what is asked for is so, whoever called first.
        EXPECT_EQ(bob.post("/v1/graphs/" + name + "/connect", {{"to", where}}).status, 200U);
        ASSERT_EQ(joined.status, 200U) << joined.document;
        ASSERT_TRUE(eventually(
            [&] { return bob.get("/v1/graphs/" + name).document["synchronized"] == true; }));
    }

    // Bob's in the graph `plans`, once alice knows of it.
    std::string bobs_node() {
        EXPECT_TRUE(eventually(
            [&] { return alice.get("/v1/graphs/plans/nodes").document["nodes"].size() == 2; }));
        return bob.get("/v1/graphs/plans").document["node"];
    }

    // Alice's end of a stream to bob in `plans`, and his.
    std::pair<ApiAnswer, ApiAnswer> connect_direct(const Json& acceptance) {
        const std::string node = bobs_node();
        const auto accepted = bob.start("POST", "/v1/graphs/plans/direct", acceptance);
        loop.run_for(std::chrono::milliseconds(50));
        ApiAnswer opened = alice.post("/v1/graphs/plans/direct", {{"node", node}});
        return {std::move(opened), bob.wait(accepted)};
    }

    // The lines that a flow has to say until one of them is this event.
    std::vector<Json> until(api::Flow& flow, const std::string& event) {
        std::vector<Json> out;
        std::string text;
        const bool came = eventually([&] {
            while (auto piece = flow.next())
                text += *piece;
            for (std::size_t end = text.find('\n'); end != std::string::npos;
                 end = text.find('\n')) {
                out.push_back(Json::parse(text.substr(0, end)));
                text.erase(0, end + 1);
                if (out.back()["event"] == event) return true;
            }
            return false;
        });
        EXPECT_TRUE(came) << event;
        return out;
    }
};

TEST_F(GraphApiTest, founds_lists_closes_and_reopens_a_graph) {
    const ApiAnswer made = alice.post(
        "/v1/graphs", {{"name", "plans"}, {"friendly_name", "Plans"}, {"scope", "site"}});
    ASSERT_EQ(made.status, 201U) << made.document;
    EXPECT_EQ(made.document["friendly_name"], "Plans");
    EXPECT_EQ(made.document["scope"], "site");
    EXPECT_EQ(made.document["synchronized"], true);
    EXPECT_EQ(made.document["secured"], false);
    EXPECT_EQ(alice.get("/v1/graphs").document["graphs"][0]["name"], "plans");
    const Json nulls{{"name", "other"}, {"peer_id", nullptr}, {"node_name", nullptr}};
    EXPECT_EQ(alice.post("/v1/graphs", nulls).status, 201U);
    EXPECT_EQ(alice.call("DELETE", "/v1/graphs/other").status, 200U);
    EXPECT_EQ(alice.post("/v1/graphs", {{"name", "plans"}}).code(), "already_exists");

    const ApiAnswer record =
        alice.post("/v1/graphs/plans/records", {{"type", "list"}, {"payload_base64", "aGk="}});
    ASSERT_EQ(record.status, 201U) << record.document;
    EXPECT_EQ(alice.post("/v1/graphs/plans/close").status, 200U);
    EXPECT_EQ(alice.get("/v1/graphs").document["graphs"], Json::array());
    const ApiAnswer gone = alice.get("/v1/graphs/plans");
    EXPECT_EQ(gone.code(), "not_found");
    EXPECT_EQ(alice.post("/v1/graphs", {{"name", "plans"}}).code(), "already_exists");

    EXPECT_EQ(alice.post("/v1/graphs/plans/open").document["friendly_name"], "Plans");
    const std::string id = record.document["id"];
    EXPECT_EQ(alice.get("/v1/records/" + id).document["payload_base64"], "aGk=");
    EXPECT_EQ(alice.call("DELETE", "/v1/graphs/plans").status, 200U);
    EXPECT_EQ(alice.post("/v1/graphs/plans/open").document["synchronized"], false);
    EXPECT_EQ(alice.get("/v1/graphs/plans/records").code(), "not_ready");
    EXPECT_EQ(alice.get("/v1/graphs/plans/export").code(), "not_ready");
}

TEST_F(GraphApiTest, shows_and_closes_a_graph_that_cannot_be_opened) {
    const host::TemporaryDirectory place;
    const auto folder = place.path() / "data";
    {
        ApiWorld carol(loop, nullptr, pnrp::modern_profile(), folder);
        ASSERT_EQ(carol.post("/v1/graphs", {{"name", "plans"}}).status, 201U);
    }
    const auto file = host::GraphStores::open(folder / "graphs")->file_of("plans");
    std::filesystem::remove(file.native() + "-wal");
    std::ofstream(file, std::ios::trunc) << std::string(9000, 'x');
    ApiWorld carol(loop, nullptr, pnrp::modern_profile(), folder);
    const Json listed = carol.get("/v1/graphs").document;
    EXPECT_EQ(listed["graphs"], Json::array());
    ASSERT_EQ(listed["unopened"].size(), 1U);
    EXPECT_EQ(listed["unopened"][0]["name"], "plans");
    EXPECT_EQ(listed["unopened"][0]["error"]["code"], "storage");
    const ApiAnswer shown = carol.get("/v1/graphs/plans");
    EXPECT_EQ(shown.code(), "storage");
    EXPECT_THAT(shown.body, HasSubstr("plans cannot be opened: "));
    EXPECT_EQ(carol.post("/v1/graphs/plans/close").document, listed["unopened"][0]);
    EXPECT_EQ(carol.get("/v1/graphs").document["unopened"], Json::array());
    EXPECT_EQ(carol.post("/v1/graphs/plans/close").code(), "not_found");
}

TEST_F(GraphApiTest, says_that_a_member_has_other_rules) {
    ASSERT_EQ(alice.post("/v1/graphs", {{"name", "plans"}, {"rules", "published"}}).status, 201U);
    ASSERT_EQ(bob.post("/v1/graphs/plans/open").status, 200U);
    const Json where = alice.get("/v1/graphs/plans").document["listen"][0];
    const auto join = [&] { return bob.post("/v1/graphs/plans/connect", {{"to", where}}); };
    for (int i = 0; i < 2; ++i) {
        const ApiAnswer refused = join();
        EXPECT_EQ(refused.code(), "not_allowed") << refused.document;
        EXPECT_THAT(refused.body, HasSubstr("open it with --published-rules"));
    }
    EXPECT_EQ(bob.get("/v1/graphs/plans").document["synchronized"], false);
    ASSERT_EQ(bob.call("DELETE", "/v1/graphs/plans").status, 200U);
    ASSERT_EQ(bob.post("/v1/graphs/plans/open", {{"rules", "published"}}).status, 200U);
    EXPECT_EQ(join().status, 200U);
    EXPECT_TRUE(
        eventually([&] { return bob.get("/v1/graphs/plans").document["synchronized"] == true; }));
}

TEST_F(GraphApiTest, founds_and_opens_no_graph_with_control_characters_in_its_name) {
    EXPECT_EQ(alice.post("/v1/graphs", {{"name", "a\nb"}}).code(), "bad_graph");
    EXPECT_EQ(alice.post("/v1/graphs", {{"name", "a\x7f"}}).code(), "bad_graph");
    EXPECT_EQ(alice.post("/v1/graphs/a%1Bb/open").code(), "bad_graph");
    EXPECT_EQ(alice.post("/v1/graphs", {{"name", "a\u0085"}}).code(), "bad_graph");
    EXPECT_EQ(alice.post("/v1/graphs/a%E2%80%AEb/open").code(), "bad_graph");
    EXPECT_EQ(alice.post("/v1/graphs", {{"name", "Ærø & Ø"}}).status, 201U);
}

TEST_F(GraphApiTest, composes_the_names_of_graphs) {
    EXPECT_EQ(alice.post("/v1/graphs", {{"name", "Jose\u0301"}}).document["name"], "Jos\u00e9");
    EXPECT_EQ(alice.post("/v1/graphs", {{"name", "Jos\u00e9"}}).code(), "already_exists");
    const std::string target = "/v1/graphs/Jose%CC%81";
    EXPECT_EQ(alice.get(target).document["name"], "Jos\u00e9");
    const ApiAnswer added = alice.post(target + "/records", {{"type", "a"}});
    const std::string id = added.document["id"];
    EXPECT_EQ(alice.get("/v1/records/" + id + "?graph=Jose%CC%81").status, 200U);
    EXPECT_EQ(alice.post(target + "/close").status, 200U);
    EXPECT_EQ(alice.post(target + "/open").document["synchronized"], true);
    EXPECT_EQ(alice.call("DELETE", target).status, 200U);
}

TEST_F(GraphApiTest, opens_what_is_here_under_any_name) {
    const std::string name = "Jose\u0301\u202e";
    ASSERT_TRUE(alice.graphs().create(name, {}, {}));
    const std::string target = "/v1/graphs/Jose%CC%81%E2%80%AE";
    EXPECT_EQ(alice.get(target).document["name"], name);
    EXPECT_EQ(alice.post(target + "/close").status, 200U);
    EXPECT_EQ(alice.post(target + "/open").document["name"], name);
    EXPECT_EQ(alice.call("DELETE", target).status, 200U);
    EXPECT_EQ(alice.post(target + "/open").code(), "bad_graph");
}

TEST_F(GraphApiTest, waits_for_a_record_only_where_every_graph_may_still_get_it) {
    const std::string target = "/v1/records/01234567-89ab-cdef-0123-456789abcdef";
    alice.post("/v1/graphs/later/open");
    EXPECT_EQ(alice.get(target).code(), "not_ready");
    found("plans");
    const ApiAnswer missing = alice.get(target);
    EXPECT_EQ(missing.code(), "not_found");
    EXPECT_THAT(missing.body, HasSubstr("in plans; not synchronized yet is later"));
    EXPECT_EQ(alice.get(target + "?graph=later").code(), "not_ready");
    EXPECT_EQ(alice.get(target + "?graph=plans").code(), "not_found");
}

TEST_F(GraphApiTest, says_which_rule_a_search_breaks) {
    found("plans");
    const auto complaint = [&](const std::string& text) {
        const ApiAnswer answer = alice.post("/v1/graphs/plans/search", {{"query", text}});
        EXPECT_EQ(answer.code(), "bad_query");
        return answer.body;
    };
    const auto inside = [&](const std::string& text) {
        return complaint("<peersearch>" + text + "</peersearch>");
    };
    EXPECT_THAT(complaint("name=alice"), HasSubstr("this is no <peersearch> document"));
    EXPECT_THAT(complaint(""), HasSubstr("this is no <peersearch> document"));
    EXPECT_THAT(inside(""), HasSubstr("holds one <clause>, <and> or <or>"));
    EXPECT_THAT(inside("<not/>"), HasSubstr("the elements <clause>, <and> and <or> only"));
    EXPECT_THAT(inside("<and/>"), HasSubstr("hold at least one"));
    EXPECT_THAT(inside("<clause attrib='a'>x</clause>"), HasSubstr("has attrib, type"));
    EXPECT_THAT(inside("<clause attrib='a b' type='int'>1</clause>"), HasSubstr("1 to 40"));
    EXPECT_THAT(inside("<clause attrib='a' type='int'>x</clause>"), HasSubstr("no number or date"));
}

TEST_F(GraphApiTest, names_the_quotas_of_a_graph_that_is_full) {
    alice.post("/v1/graphs", {{"name", "plans"}, {"records_each_max", 1}, {"records_max", 100}});
    const std::string records = "/v1/graphs/plans/records";
    ApiAnswer answer;
    for (int i = 0; i < 4 && answer.code() != "too_many"; ++i)
        answer = alice.post(records, {{"type", "a"}});
    EXPECT_EQ(answer.code(), "too_many");
    EXPECT_THAT(answer.body, HasSubstr("its limits: records 100, records of each creator 1"));
}

TEST_F(GraphApiTest, deletes_what_is_here_and_nothing_else) {
    const auto remove = [&](const std::string& name) {
        return alice.call("DELETE", "/v1/graphs/" + name);
    };
    const ApiAnswer typo = remove("plams");
    EXPECT_EQ(typo.code(), "not_found");
    EXPECT_THAT(typo.body, HasSubstr("nothing of a graph called plams"));
    found("closed");
    alice.post("/v1/graphs/closed/close");
    alice.post("/v1/graphs", {{"name", "memory"}, {"in_memory", true}});
    for (const char* name : {"closed", "memory"}) {
        EXPECT_EQ(remove(name).status, 200U) << name;
        EXPECT_EQ(remove(name).code(), "not_found") << name;
    }
}

TEST_F(GraphApiTest, adds_changes_and_deletes_records) {
    found("plans");
    const ApiAnswer added = alice.post_raw(
        "/v1/graphs/plans/records?type=list&attr=owner%3Dalice&attr=n%3Aint%3D3", "bread");
    ASSERT_EQ(added.status, 201U) << added.document;
    EXPECT_EQ(added.document["version"], 1);
    EXPECT_EQ(added.document["size"], 5);
    EXPECT_EQ(added.document["payload_base64"], "YnJlYWQ=");
    EXPECT_EQ(
        added.document["attributes"],
        Json::parse(R"([{"name": "owner", "type": "string", "value": "alice"},
                        {"name": "n", "type": "int", "value": "3"}])"));
    const std::string target = "/v1/records/" + added.document["id"].get<std::string>();
    const ApiAnswer payload = alice.get(target + "/payload");
    EXPECT_EQ(payload.body, "bread");

    const ApiAnswer changed = alice.post_raw(target, "bread, milk");
    EXPECT_EQ(changed.document["version"], 2) << changed.document;
    EXPECT_EQ(changed.document["attributes"], added.document["attributes"]);
    const ApiAnswer plain = alice.post(target, {{"attributes", Json::array()}});
    EXPECT_EQ(plain.document["attributes"], Json::array());
    EXPECT_EQ(plain.document["size"], 11);
    EXPECT_EQ(alice.post(target).code(), "bad_request");
    EXPECT_EQ(alice.post(target, {{"type", "other"}}).code(), "bad_request");
    for (const bool refreshes : {true, false}) {
        const Json change{{"refreshes", refreshes}, {"attributes", Json::array()}};
        EXPECT_EQ(alice.post(target, change).code(), "bad_request");
    }
    EXPECT_EQ(alice.post_raw(target + "?refreshes=1", "x").code(), "bad_request");
    EXPECT_EQ(alice.get(target).document["version"], 3);
    EXPECT_EQ(alice.post(target, {{"lifetime_ms", 1000}}).code(), "bad_lifetime");

    EXPECT_EQ(alice.call("DELETE", target).document["version"], 3) << "the record as it was";
    EXPECT_EQ(alice.get(target).code(), "not_found");
    EXPECT_EQ(alice.get("/v1/graphs/plans/records").document["records"], Json::array());
}

TEST_F(GraphApiTest, takes_as_many_attributes_as_a_record_has) {
    found("plans");
    const std::string records = "/v1/graphs/plans/records";
    Json many = Json::array();
    for (int i = 0; i < 1000; ++i)
        many.push_back("name=" + std::to_string(i));
    const std::string payload = "two\nlines\n";
    const ApiAnswer added =
        alice.post_both(records, {{"type", "a"}, {"attributes", many}}, payload);
    ASSERT_EQ(added.status, 201U) << added.document;
    EXPECT_EQ(added.document["attributes"].size(), 1000U);
    const std::string target = "/v1/records/" + added.document["id"].get<std::string>();
    EXPECT_EQ(alice.get(target + "/payload").body, payload);

    const Json large = Json::array({"name=" + std::string(900'000, 'x')});
    const ApiAnswer changed = alice.post_both(target, {{"attributes", large}}, "");
    ASSERT_EQ(changed.status, 200U) << changed.document;
    EXPECT_EQ(changed.document["attributes"].size(), 1U);
    EXPECT_EQ(changed.document["size"], 0);
    EXPECT_EQ(alice.post(target, {{"attributes", many}}).document["attributes"].size(), 1000U);

    many.push_back("name=1000");
    for (const Json& attributes : {many, Json::array({"name=" + std::string(2'000'000, 'x')})}) {
        const ApiAnswer both =
            alice.post_both(records, {{"type", "a"}, {"attributes", attributes}}, "");
        EXPECT_EQ(both.code(), "bad_attribute");
        EXPECT_THAT(both.body, HasSubstr("at most 1000 attributes, of 1024 KiB in all"));
        const ApiAnswer alone = alice.post(target, {{"attributes", attributes}});
        EXPECT_EQ(alone.body, both.body);
    }
}

TEST_F(GraphApiTest, refuses_members_and_payload_that_are_not_apart) {
    found("plans");
    const std::string records = "/v1/graphs/plans/records";
    const api::Request one_line{"POST", records, R"({"type": "a"})", "application/x-kith-record"};
    EXPECT_EQ(alice.wait(alice.send(one_line)).code(), "bad_request");
    EXPECT_EQ(
        alice.post_both(records, {{"type", "a"}, {"payload_base64", "aGk="}}, "hi").code(),
        "bad_request");
    EXPECT_EQ(alice.post_both(records + "?type=a", {{"type", "a"}}, "").code(), "bad_request");
}

TEST_F(GraphApiTest, names_the_attribute_that_is_none) {
    found("plans");
    const auto complaint = [&](const std::string& attribute) {
        const Json attributes = Json::array({"good=1", attribute});
        const ApiAnswer answer =
            alice.post("/v1/graphs/plans/records", {{"type", "a"}, {"attributes", attributes}});
        EXPECT_EQ(answer.code(), "bad_attribute");
        EXPECT_EQ(
            alice.post("/v1/graphs/plans/presence", {{"attributes", attributes}}).body,
            answer.body);
        return answer.body;
    };
    EXPECT_THAT(complaint("nothing"), HasSubstr("nothing is no attribute of the form"));
    EXPECT_THAT(complaint("a-b=1"), HasSubstr("a-b=1: the name of an attribute is"));
    EXPECT_THAT(complaint("age:int=x"), HasSubstr("age:int=x: the value of an int"));
    EXPECT_THAT(complaint("born:date=x"), HasSubstr("born:date=x: the value of a date"));
    EXPECT_THAT(complaint("peerrecordid=x"), HasSubstr("peerrecordid=x: this name stands"));
}

TEST_F(GraphApiTest, names_the_property_that_is_refused) {
    found("plans");
    const auto refusal = [&](const Json& body) {
        const ApiAnswer answer = alice.post("/v1/graphs", body);
        EXPECT_EQ(answer.code(), "bad_request");
        return answer.body;
    };
    EXPECT_THAT(
        refusal({{"name", "b"}, {"friendly_name", std::string(256, 'x')}}),
        HasSubstr("the title (friendly_name) is text of at most 255 characters"));
    EXPECT_THAT(
        refusal({{"name", "b"}, {"comment", std::string(512, 'x')}}),
        HasSubstr("the comment is text of at most 511 characters"));
    EXPECT_THAT(
        refusal({{"name", "b"}, {"node_name", std::string(256, 'x')}}),
        HasSubstr("the node_name is text of at most 255 characters"));
    EXPECT_THAT(
        refusal({{"name", "b"}, {"peer_id", std::string(256, 'x')}}),
        HasSubstr("the peer_id is text of at most 255 characters"));
    EXPECT_THAT(
        refusal({{"name", "b"}, {"rules", "published"}, {"records_max", 10}}),
        HasSubstr("none of records_max"));
    const Json own = alice.get("/v1/graphs/plans").document["listen"][0];
    EXPECT_THAT(
        alice.post("/v1/graphs/plans/connect", {{"to", own}}).body,
        HasSubstr("is an address of this node itself"));
}

TEST_F(GraphApiTest, lists_in_order_and_says_what_it_leaves_out) {
    found("plans");
    std::vector<std::string> ids;
    for (const std::string type : {"a", "b", "a"}) {
        ids.push_back(alice.post("/v1/graphs/plans/records", {{"type", type}}).document["id"]);
    }
    const auto listed = [&](const std::string& parameters) {
        return alice.get("/v1/graphs/plans/records" + parameters).document;
    };
    EXPECT_EQ(listed("")["records"].size(), 3U);
    EXPECT_EQ(listed("?type=a")["records"].size(), 2U);
    EXPECT_EQ(listed("?limit=2")["truncated"], true);
    EXPECT_EQ(listed("?limit=3")["truncated"], false);
    EXPECT_EQ(listed("?type=c")["records"].size(), 0U);
    EXPECT_EQ(alice.get("/v1/graphs/plans/records?limit=0").code(), "bad_request");
    EXPECT_EQ(alice.get("/v1/graphs/plans/records?lmit=1").code(), "bad_request");
    EXPECT_EQ(alice.get("/v1/graphs/plans/records?order=random").code(), "bad_request");
}

// Of a record whose payload is damaged everything else is there, as that payload is not looked at.
TEST_F(GraphApiTest, lists_records_without_their_large_payloads) {
    found("plans");
    const std::string id =
        alice.post_raw("/v1/graphs/plans/records?type=a", std::string(100'000, 'x')).document["id"];
    alice.post("/v1/graphs/plans/close");
    for (const auto& file : std::filesystem::directory_iterator(alice.folder() / "graphs")) {
        std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
        const std::string text((std::istreambuf_iterator<char>(bytes)), {});
        const std::size_t at = text.find(std::string(1000, 'x'));
        ASSERT_NE(at, std::string::npos) << file.path();
        bytes.clear();
        bytes.seekp(static_cast<std::streamoff>(at));
        bytes.put('y');
    }
    ASSERT_EQ(alice.post("/v1/graphs/plans/open").status, 200U);
    const Json listed = alice.get("/v1/graphs/plans/records").document;
    ASSERT_EQ(listed["records"].size(), 1U) << listed;
    EXPECT_EQ(listed["records"][0]["size"], 100'000);
    EXPECT_EQ(listed["records"][0]["payload_base64"], nullptr);
    EXPECT_EQ(alice.get("/v1/records/" + id + "?payload_max=1024").status, 200U);
    EXPECT_EQ(alice.get("/v1/records/" + id + "/payload").code(), "storage");
}

TEST_F(GraphApiTest, shares_records_and_tells_of_them) {
    share("plans");
    const ApiAnswer watching = bob.get("/v1/graphs/plans/events?type=news");
    ASSERT_TRUE(watching.flow);
    EXPECT_EQ(until(*watching.flow, "watching").size(), 1U);
    alice.post("/v1/graphs/plans/records", {{"type", "other"}});
    const ApiAnswer added =
        alice.post("/v1/graphs/plans/records", {{"type", "news"}, {"payload_base64", "aGk="}});
    const auto events = until(*watching.flow, "record_added");
    EXPECT_EQ(events.back()["id"], added.document["id"]);
    EXPECT_EQ(events.back()["record"]["payload_base64"], "aGk=");
    alice.call("DELETE", "/v1/records/" + added.document["id"].get<std::string>());
    EXPECT_EQ(until(*watching.flow, "record_deleted").back()["record"], nullptr);
    EXPECT_TRUE(eventually([&] {
        return alice.get("/v1/graphs/plans/digest").document["digest"] ==
               bob.get("/v1/graphs/plans/digest").document["digest"];
    }));
    EXPECT_EQ(bob.get("/v1/graphs/plans/neighbours").document["neighbours"].size(), 1U);
}

TEST_F(GraphApiTest, says_how_much_a_slow_watcher_missed) {
    found("plans");
    const ApiAnswer watching = alice.get("/v1/graphs/plans/events");
    ASSERT_TRUE(watching.flow);
    // Nobody takes anything meanwhile: events of 4 KiB fill the 8 MiB before their number counts.
    const std::string payload(4096, 'x');
    constexpr int kRecords = 1700;
    std::vector<std::shared_ptr<std::optional<ApiAnswer>>> answers;
    answers.reserve(kRecords);
    for (int i = 0; i < kRecords; ++i) {
        answers.push_back(alice.send(
            {"POST", "/v1/graphs/plans/records?type=a", payload, "application/octet-stream"}));
    }
    for (const auto& answer : answers)
        EXPECT_EQ(alice.wait(answer).status, 201U);
    const auto events = until(*watching.flow, "lost");
    const auto added = std::ranges::count_if(
        events, [](const Json& event) { return event["event"] == "record_added"; });
    EXPECT_EQ(added + events.back()["count"].get<std::int64_t>(), kRecords);
}

TEST_F(GraphApiTest, searches_by_document) {
    found("plans");
    const ApiAnswer added = alice.post(
        "/v1/graphs/plans/records",
        {{"type", "person"}, {"attributes", Json::array({"name=alice", "age:int=34"})}});
    alice.post(
        "/v1/graphs/plans/records",
        {{"type", "person"}, {"attributes", Json::array({"name=bob"})}});
    const auto search = [&](const std::string& inside) {
        return alice.post(
            "/v1/graphs/plans/search", {{"query", "<peersearch>" + inside + "</peersearch>"}});
    };
    const ApiAnswer one =
        search(R"(<clause attrib="age" type="int" compare="greater">30</clause>)");
    ASSERT_EQ(one.status, 200U) << one.document;
    ASSERT_EQ(one.document["records"].size(), 1U);
    EXPECT_EQ(one.document["records"][0]["id"], added.document["id"]);
    EXPECT_EQ(
        search(R"(<clause attrib="name" type="string" compare="equal">*</clause>)")
            .document["records"]
            .size(),
        2U);
    EXPECT_EQ(search("").code(), "bad_query");
    EXPECT_EQ(
        search(R"(<clause attrib="name" type="string" compare="equal">\x</clause>)").code(),
        "bad_query");
}

TEST_F(GraphApiTest, carries_streams_between_two_nodes) {
    share("plans");
    const std::string node = bobs_node();
    const ApiAnswer refused = alice.post("/v1/graphs/plans/direct", {{"node", node}});
    EXPECT_EQ(refused.code(), "not_allowed") << "nobody waits there";

    auto [opened, taken] = connect_direct({{"accept", true}, {"node", nullptr}});
    ASSERT_EQ(opened.status, 101U) << opened.document;
    ASSERT_EQ(taken.status, 101U);

    // More than both windows hold: it goes on only because the reader reads.
    const std::string sent(3'000'000, 'x');
    std::string_view rest = sent;
    std::string received;
    ASSERT_TRUE(eventually([&] {
        while (!rest.empty() && opened.flow->has_room()) {
            const std::size_t size = std::min<std::size_t>(rest.size(), 64 * 1024);
            opened.flow->take(as_bytes(piece_of(rest.substr(0, size))));
            rest.remove_prefix(size);
            if (rest.empty()) opened.flow->take(as_bytes(piece_of("")));
        }
        while (auto piece = taken.flow->next())
            received += piece->substr(4);
        return opened.flow->has_room() && received.size() == sent.size();
    }));
    EXPECT_EQ(received, sent);
    EXPECT_FALSE(opened.flow->is_over()) << "the other direction is open";
    EXPECT_FALSE(taken.flow->is_over()) << "the other direction is open";
    taken.flow->take(as_bytes(piece_of("")));
    for (const auto& flow : {opened.flow, taken.flow}) {
        std::string last;
        ASSERT_TRUE(eventually([&] {
            while (auto piece = flow->next())
                last += *piece;
            return flow->is_over();
        }));
        EXPECT_EQ(last.substr(last.size() - 4), std::string(4, '\0')) << "the other end has all";
    }
    EXPECT_TRUE(opened.flow->wants_input() && taken.flow->wants_input()) << "neither broke";
}

TEST_F(GraphApiTest, confirms_no_stream_that_the_reader_at_the_other_end_did_not_get) {
    share("plans");
    auto [opened, taken] = connect_direct({{"accept", true}});
    ASSERT_EQ(opened.status, 101U) << opened.document;
    ASSERT_EQ(taken.status, 101U) << taken.document;
    taken.flow->take(as_bytes(piece_of("")));
    opened.flow->take(as_bytes(piece_of("hello") + piece_of("")));
    std::string said;
    const auto listen = [&] {
        while (auto piece = opened.flow->next())
            said += *piece;
    };
    ASSERT_TRUE(eventually([&] {
        listen();
        return !said.empty();
    }));
    loop.run_for(std::chrono::milliseconds(50));
    EXPECT_FALSE(opened.flow->is_over());
    taken.flow.reset(); // with what it has not read
    ASSERT_TRUE(eventually([&] {
        listen();
        return opened.flow->is_over();
    }));
    EXPECT_EQ(said, std::string(4, '\0')) << "the end, and nothing behind it";
    EXPECT_FALSE(opened.flow->wants_input()) << "broken off";
}

TEST_F(GraphApiTest, waits_for_a_connection_through_an_import_until_the_graph_closes) {
    share("plans");
    const auto accepted = bob.start("POST", "/v1/graphs/plans/direct", {{"accept", true}});
    const ApiAnswer exported = bob.get("/v1/graphs/plans/export");
    std::string archive;
    while (auto part = exported.flow->next())
        archive += *part;
    ASSERT_EQ(bob.post_raw("/v1/graphs/plans/import", archive).status, 200U);
    ASSERT_TRUE(eventually([&] { // by himself, once alice has seen that the old connection is over
        return bob.get("/v1/graphs/plans/neighbours").document["neighbours"].size() == 1;
    }));
    const std::string node = bob.get("/v1/graphs/plans").document["node"];
    ApiAnswer opened;
    ASSERT_TRUE(eventually([&] {
        opened = alice.post("/v1/graphs/plans/direct", {{"node", node}});
        return opened.code() != "not_found"; // alice does not know of bob yet
    }));
    ASSERT_EQ(opened.status, 101U) << opened.document;
    EXPECT_EQ(bob.wait(accepted).status, 101U);

    const auto in_vain = bob.start("POST", "/v1/graphs/plans/direct", {{"accept", true}});
    EXPECT_EQ(bob.post("/v1/graphs/plans/close").status, 200U);
    EXPECT_EQ(bob.wait(in_vain).code(), "not_found");
}

TEST_F(GraphApiTest, shows_what_neighbours_call_themselves) {
    alice.post("/v1/graphs", {{"name", "plans"}, {"node_name", "at home"}});
    bob.post("/v1/graphs/plans/open", {{"node_name", "away"}});
    const Json where = alice.get("/v1/graphs/plans").document["listen"][0];
    ASSERT_EQ(bob.post("/v1/graphs/plans/connect", {{"to", where}}).status, 200U);
    const auto name_seen_by = [](ApiWorld& world) {
        return world.get("/v1/graphs/plans/neighbours").document["neighbours"][0]["node_name"];
    };
    EXPECT_EQ(name_seen_by(bob), "at home");
    EXPECT_EQ(name_seen_by(alice), "away");
    share("nameless");
    const Json links = bob.get("/v1/graphs/nameless/neighbours").document["neighbours"];
    EXPECT_EQ(links[0]["node_name"], nullptr);
}

TEST_F(GraphApiTest, is_connected_with_whoever_connected_first) {
    share("plans");
    const Json where = bob.get("/v1/graphs/plans").document["listen"][0];
    const ApiAnswer back = alice.post("/v1/graphs/plans/connect", {{"to", where}});
    EXPECT_EQ(back.status, 200U) << back.document;
    EXPECT_EQ(alice.get("/v1/graphs/plans/neighbours").document["neighbours"].size(), 1U);
}

TEST_F(GraphApiTest, holds_no_more_of_a_stream_than_its_window) {
    share("plans");
    auto [opened, taken] = connect_direct({{"accept", true}});
    ASSERT_EQ(opened.status, 101U) << opened.document;
    std::size_t sent = 0;
    const std::string piece(64 * 1024, 'x');
    for (int turn = 0; turn < 200; ++turn) {
        if (opened.flow->has_room()) {
            opened.flow->take(as_bytes(piece_of(piece)));
            sent += piece.size();
        }
        loop.run_for(std::chrono::milliseconds(2));
    }
    EXPECT_LE(sent, std::size_t{1024} * 1024 + piece.size()) << "nobody reads there";
    // Who goes ends both streams, and the other end knows that it was no orderly end.
    taken.flow.reset();
    EXPECT_TRUE(eventually([&] { return opened.flow->is_over(); }));
    EXPECT_FALSE(opened.flow->wants_input());
}

TEST_F(GraphApiTest, refuses_each_kind_of_bad_input_in_its_own_words) {
    found("plans");
    const std::string records = "/v1/graphs/plans/records";
    const auto code = [&](const std::string& target, const Json& body) {
        return alice.post(target, body).code();
    };
    EXPECT_EQ(code("/v1/graphs", {{"name", ""}}), "bad_graph");
    EXPECT_EQ(code("/v1/graphs", {{"name", std::string(256, 'x')}}), "bad_graph");
    EXPECT_EQ(code("/v1/graphs", {{"name", "b"}, {"scope", "all"}}), "bad_request");
    EXPECT_EQ(code("/v1/graphs", {{"name", "b"}, {"record_size_max", 1}}), "bad_request");
    EXPECT_EQ(code("/v1/graphs/plans/open", Json::object()), "already_exists");
    EXPECT_EQ(code("/v1/graphs/plans/connect", {{"to", "x"}}), "bad_address");
    EXPECT_EQ(code("/v1/graphs/plans/connect", {{"to", "127.0.0.1:1"}}), "unreachable");
    EXPECT_EQ(code(records, {{"type", "a b"}}), "bad_type");
    EXPECT_EQ(code(records, Json::object()), "bad_type");
    EXPECT_EQ(code(records, {{"type", "a"}, {"attributes", Json::array({"x"})}}), "bad_attribute");
    EXPECT_EQ(
        code(records, {{"type", "a"}, {"attributes", Json::array({"x:int=y"})}}), "bad_attribute");
    EXPECT_EQ(code(records, {{"type", "a"}, {"payload_base64", "?"}}), "bad_payload");
    EXPECT_EQ(code(records, {{"type", "a"}, {"lifetime_ms", 0}}), "bad_request");
    EXPECT_EQ(code("/v1/graphs/plans/direct", {{"node", "bob"}}), "bad_id");
    EXPECT_EQ(code("/v1/graphs/plans/direct", {{"node", "0123456789abcdef"}}), "not_found");
    EXPECT_EQ(alice.get("/v1/records/1234").code(), "bad_id");
    const ApiAnswer unknown = alice.get("/v1/graphs/nowhere");
    EXPECT_EQ(unknown.code(), "not_found");
    EXPECT_THAT(
        unknown.document["error"]["message"].get<std::string>(), HasSubstr("open are plans"));
    EXPECT_EQ(alice.get("/v1/graphs/plans/nothing").code(), "not_found");
    EXPECT_EQ(alice.get("/v1/graphs?x=1").code(), "bad_request");
}

} // namespace
} // namespace kith::daemon
