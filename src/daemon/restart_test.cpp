// Names outlive the process that published them (docs/api.md, name).

#include "daemon/api_world_test.hpp"
#include "daemon/stored_names.hpp"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <map>
#include <memory>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sstream>
#include <utility>

namespace kith::daemon {
namespace {

using testing::SizeIs;
using testing::UnorderedElementsAre;

// One user's data, and the nodes that have it one after the other.
struct Restart : testing::Test {
    Restart() {
        std::string pattern = (std::filesystem::temp_directory_path() / "kith-XXXXXX").string();
        folder = ::mkdtemp(pattern.data());
        begin();
    }

    ~Restart() override {
        world.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    // The process ends without a word, and another one takes over.
    void begin() {
        world.reset();
        store.emplace(*host::NameFiles::open(folder / "names"));
        world.emplace(loop, nullptr, pnrp::modern_profile(), folder, &*store);
    }

    void create(const char* name, const Json& passphrase) {
        EXPECT_EQ(
            world->post("/v1/identities", {{"name", name}, {"passphrase", passphrase}}).status,
            201U);
    }

    ApiAnswer publish(Json wish) {
        wish["comment"] = "of " + wish["classifier"].get<std::string>();
        return world->post("/v1/names", wish);
    }

    // What each name waits for, by comment; empty: for nothing.
    std::map<std::string, std::string> waiting() {
        std::map<std::string, std::string> out;
        const Json names = world->get("/v1/names").document["names"];
        for (const Json& name : names) {
            const Json& why = name["waiting"];
            out[name["comment"]] = why.is_null() ? "" : why.get<std::string>();
        }
        return out;
    }

    void let_pass() { loop.run_for(std::chrono::milliseconds(300)); }

    boost::asio::io_context loop{1};
    std::filesystem::path folder;
    std::optional<StoredNames> store;
    std::optional<ApiWorld> world;
};

TEST_F(Restart, brings_back_names_whose_keys_are_at_hand) {
    create("alice", nullptr);
    const ApiAnswer made = publish(
        {{"classifier", "web"},
         {"addresses", {"127.0.0.1:80/tcp"}},
         {"payload_base64", "aGVsbG8="}});
    ASSERT_EQ(made.status, 201U) << made.document;
    EXPECT_EQ(made.document["kept"], true);
    ASSERT_EQ(publish({{"classifier", "news"}, {"unsecured", true}}).status, 201U);
    begin();
    let_pass();
    EXPECT_EQ(waiting(), (std::map<std::string, std::string>{{"of web", ""}, {"of news", ""}}));
    const Json found =
        world->post("/v1/resolve", {{"peer_name", made.document["peer_name"]}}).document;
    EXPECT_EQ(found["addresses"], Json({"127.0.0.1:80/tcp"}));
    EXPECT_EQ(found["payload_base64"], "aGVsbG8=");
    EXPECT_EQ(found["comment"], "of web");
}

TEST_F(Restart, waits_for_a_passphrase_which_opens_every_name_of_its_identity) {
    create("alice", "hush");
    ASSERT_EQ(publish({{"classifier", "a"}, {"passphrase", "hush"}}).status, 201U);
    ASSERT_EQ(publish({{"classifier", "b"}, {"passphrase", "hush"}}).status, 201U);
    begin();
    let_pass();
    EXPECT_EQ(
        waiting(),
        (std::map<std::string, std::string>{
            {"of a", "passphrase_needed"}, {"of b", "passphrase_needed"}}));
    // Names that wait hold their identity, and follow it.
    EXPECT_EQ(world->call("DELETE", "/v1/identities/alice").code(), "in_use");
    EXPECT_EQ(world->post("/v1/identities/alice/rename", {{"name", "eve"}}).status, 200U);
    EXPECT_EQ(world->get("/v1/names").document["names"][0]["identity"], "eve");

    EXPECT_EQ(publish({{"classifier", "a"}, {"passphrase", "wrong"}}).code(), "wrong_password");
    EXPECT_THAT(waiting(), SizeIs(2));
    EXPECT_EQ(publish({{"classifier", "a"}, {"passphrase", "hush"}}).status, 201U);
    let_pass();
    EXPECT_EQ(waiting(), (std::map<std::string, std::string>{{"of a", ""}, {"of b", ""}}));
}

TEST_F(Restart, does_not_bring_back_what_was_taken_back) {
    create("alice", "hush");
    const std::string name =
        publish({{"classifier", "a"}, {"passphrase", "hush"}}).document["peer_name"];
    ASSERT_EQ(publish({{"classifier", "b"}, {"unsecured", true}}).status, 201U);
    ASSERT_EQ(world->call("DELETE", "/v1/names/0.b").status, 200U);
    begin();
    let_pass();
    ASSERT_EQ(waiting(), (std::map<std::string, std::string>{{"of a", "passphrase_needed"}}));
    const ApiAnswer gone = world->call("DELETE", "/v1/names/" + name);
    EXPECT_EQ(gone.status, 200U);
    EXPECT_EQ(gone.document["comment"], "of a");
    EXPECT_THAT(waiting(), SizeIs(0));
    begin();
    let_pass();
    EXPECT_THAT(waiting(), SizeIs(0));
    EXPECT_EQ(world->call("DELETE", "/v1/names/" + name).code(), "not_found");
}

// What is logged while this lives.
class Log {
public:
    Log() {
        auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
        spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::move(sink)));
    }
    ~Log() { spdlog::set_default_logger(before_); }
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    std::string text() const { return text_.str(); }

private:
    std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
    std::ostringstream text_;
};

TEST_F(Restart, tells_which_files_it_cannot_use) {
    const auto at = [&](const char* name) { return folder / "names" / name; };
    std::ofstream(at("garbage.json")) << "\x80\xff";
    std::ofstream(at("empty.json")).flush();
    std::ofstream(at("open.json")) << R"({"authority": null, "classifier": "x"})";
    for (const char* name : {"garbage.json", "empty.json"})
        std::filesystem::permissions(at(name), std::filesystem::perms(0600));
    std::filesystem::permissions(at("open.json"), std::filesystem::perms(0644));
    const Log log;
    begin();
    let_pass();
    EXPECT_THAT(waiting(), SizeIs(0));
    for (const char* name : {"garbage.json", "empty.json", "open.json"}) {
        EXPECT_THAT(log.text(), testing::HasSubstr(at(name).native() + " ")) << name;
        EXPECT_TRUE(std::filesystem::exists(at(name)));
    }
    EXPECT_THAT(log.text(), testing::HasSubstr("is open to other users"));
}

TEST_F(Restart, passes_over_what_makes_no_sense) {
    ASSERT_TRUE(store->keep("0.x", "{}"));
    ASSERT_TRUE(store->keep("0.y", "not JSON"));
    ASSERT_TRUE(store->keep("0.z", R"({"authority": null, "classifier": 7})"));
    ASSERT_EQ(publish({{"classifier", "b"}, {"unsecured", true}}).status, 201U);
    begin();
    let_pass();
    EXPECT_EQ(waiting(), (std::map<std::string, std::string>{{"of b", ""}}));
}

} // namespace
} // namespace kith::daemon
