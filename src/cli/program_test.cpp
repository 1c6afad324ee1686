// Whole runs of the program against a stand-in for the daemon: what is asked of the API, what is
// printed, and how it ends.

#include "cli/program.hpp"
#include "cli/testing/local_server.hpp"
#include "cli/testing/typist.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using ::testing::HasSubstr;
using testing::http_answer;
using testing::http_error;
using testing::LocalServer;
using ::testing::Not;
using testing::SeenRequest;
using ::testing::StartsWith;
using testing::TemporaryDirectory;
using testing::Typist;

using Words = std::vector<std::string>;

constexpr const char* kAlice = R"({"name": "alice", "peer_name": "aa", "protected": true})";

LocalServer::Answerer always(const std::string& answer) {
    return [answer](const SeenRequest&) { return answer; };
}

Environment at(const LocalServer& server) {
    Environment env;
    env.kith_api = server.path();
    env.terminal_path = "";
    return env;
}

Outcome run_at(const LocalServer& server, const Words& words) {
    return run(words, at(server));
}

TEST(Program, WithoutADaemonSaysHowToStartIt) {
    const Outcome outcome = run(Words{"status", "--api", "/nonexistent/kith.sock"}, {});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(
        outcome.err,
        "kith: kithd is not running (no socket at /nonexistent/kith.sock); "
        "start it with: kithd\n");
}

TEST(Program, EveryReadingCommandAsksForItsDocument) {
    const std::vector<std::pair<Words, std::string>> commands{
        {{"status"}, "GET /v1/status"},
        {{"cloud", "list"}, "GET /v1/clouds"},
        {{"cloud", "status", "Global_"}, "GET /v1/clouds/Global_"},
        {{"cloud", "peers", "Link/Local"}, "GET /v1/clouds/Link%2FLocal/peers"},
        {{"identity", "list"}, "GET /v1/identities"},
        {{"identity", "show", "a b"}, "GET /v1/identities/a%20b"},
        {{"name", "list"}, "GET /v1/names"},
        {{"name", "unpublish", "aa.b/c"}, "DELETE /v1/names/aa.b%2Fc"},
        {{"identity", "delete", "alice", "--yes"}, "DELETE /v1/identities/alice"},
        {{"identity", "default", "alice"}, "POST /v1/identities/alice/default"},
    };
    for (const auto& [words, line] : commands) {
        const LocalServer server(always(http_answer(200, "{}")));
        EXPECT_EQ(run_at(server, words).exit_code, 0) << line;
        ASSERT_EQ(server.seen().size(), 1U) << line;
        EXPECT_EQ(server.seen()[0].line, line);
        EXPECT_TRUE(server.seen()[0].body.is_null()) << line;
    }
}

TEST(Program, ARefusalOfWhatPrintsLinesIsOneLine) {
    const LocalServer server(always(http_error(404, "not_found", "no graph of this name")));
    for (const Words& words :
         {Words{"watch", "plans", "--json"}, Words{"chat", "plans", "--as", "a", "--json"}}) {
        const Outcome outcome = run_at(server, words);
        EXPECT_EQ(outcome.exit_code, 1);
        EXPECT_EQ(
            outcome.out,
            R"({"error":{"code":"not_found","message":"no graph of this name"}})"
            "\n");
    }
}

TEST(Program, ARecordsAttributesTravelBesideItsPayload) {
    const LocalServer server(always(http_answer(201, R"({"id": "x"})")));
    const TemporaryDirectory directory;
    const std::string file = directory.write("f", "two\nlines");
    const std::string large(100'000, 'x');
    Words words{"record", "add", "plans", "--type", "a", "--expires", "1h", "--refresh"};
    Json attributes = Json::array();
    for (int i = 0; i < 200; ++i) {
        words.emplace_back("--attr");
        words.push_back(fmt::format("n{}={}", i, i == 7 ? large : "ü"));
        attributes.push_back(words.back());
    }
    EXPECT_EQ(run_at(server, words).exit_code, 0);
    words.push_back(file);
    EXPECT_EQ(run_at(server, words).exit_code, 0);
    EXPECT_EQ(run_at(server, {"record", "update", "x", "--no-attrs", file}).exit_code, 0);
    const auto seen = server.seen();
    ASSERT_EQ(seen.size(), 3U);
    const Json members{
        {"type", "a"}, {"lifetime_ms", 3'600'000}, {"attributes", attributes}, {"refreshes", true}};
    EXPECT_EQ(seen[0].line, "POST /v1/graphs/plans/records");
    EXPECT_EQ(seen[0].body, members);
    EXPECT_EQ(seen[0].payload, "");
    EXPECT_EQ(seen[1].body, members);
    EXPECT_EQ(seen[1].payload, "two\nlines");
    EXPECT_EQ(seen[2].line, "POST /v1/records/x");
    EXPECT_EQ(seen[2].body, (Json{{"attributes", Json::array()}}));
    EXPECT_EQ(seen[2].payload, "two\nlines");
}

TEST(Program, ConnectingTakesNoLongerThanItIsLet) {
    const LocalServer silent([](const SeenRequest&) { return std::nullopt; });
    const Words words{"graph", "connect", "plans", "--to", "192.0.2.1:3541", "--timeout", "1s"};
    const Outcome nobody = run_at(silent, words);
    EXPECT_EQ(nobody.exit_code, 1);
    EXPECT_THAT(nobody.err, HasSubstr("nobody at 192.0.2.1:3541 answered as a member of plans"));
    EXPECT_THAT(nobody.err, HasSubstr("--timeout"));

    const LocalServer slow(always(http_answer(200, R"({"name": "plans", "synchronized": false})")));
    const Outcome connected = run_at(slow, words);
    EXPECT_EQ(connected.exit_code, 0);
    EXPECT_THAT(connected.out, HasSubstr("connected, and still synchronizing"));
}

TEST(Program, AnExportWaitsForAGraphThatIsNotSynchronizedYet) {
    int asked = 0;
    const LocalServer server([&asked](const SeenRequest&) {
        const bool is_ready = ++asked > 2;
        return is_ready ? http_answer(200, "all records") : http_error(409, "not_ready", "not yet");
    });
    const TemporaryDirectory directory;
    const std::string file = directory.path() + "/archive";
    const Outcome done = run_at(server, {"record", "export", "plans", file, "--timeout", "60s"});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    EXPECT_EQ(directory.read("archive"), "all records");

    const LocalServer never(always(http_error(409, "not_ready", "not yet")));
    const std::string other = directory.path() + "/other";
    const Outcome late = run_at(never, {"record", "export", "plans", other, "--timeout", "1s"});
    EXPECT_EQ(late.exit_code, 1);
    EXPECT_THAT(late.err, HasSubstr("not yet; it was not after 1 s"));
    EXPECT_EQ(directory.entries(), 1U);
}

TEST(Program, SendTouchesNoFileUnlessThereIsAConnection) {
    const LocalServer server(always(http_error(403, "not_allowed", "nobody waits there")));
    const TemporaryDirectory directory;
    const std::string input = directory.write("input", "x");
    const std::string kept = directory.write("kept", "old");
    const auto send_to = [&](const std::string& out) {
        return run_at(server, {"send", "plans", "--node", "ab", "--out", out, input});
    };
    EXPECT_EQ(send_to(directory.path() + "/new").exit_code, 1);
    EXPECT_EQ(send_to(kept).exit_code, 1);
    EXPECT_EQ(directory.entries(), 2U);
    EXPECT_EQ(directory.read("kept"), "old");
    const Outcome nowhere = send_to(directory.path() + "/no/folder");
    EXPECT_EQ(nowhere.exit_code, 1);
    EXPECT_THAT(nowhere.err, HasSubstr("cannot write"));
    EXPECT_EQ(server.seen().size(), 2U);
}

TEST(Program, JsonPrintsTheDaemonsDocumentInAscii) {
    const LocalServer server(
        always(http_answer(200, R"({"z": "ü\u009b\u001b", "a": [1.5, null]})")));
    const Outcome outcome = run_at(server, {"name", "list", "--json"});
    EXPECT_EQ(
        outcome.out,
        "{\n  \"z\": \"\\u00fc\\u009b\\u001b\",\n  \"a\": [\n    1.5,\n    null\n  ]\n}\n");
    EXPECT_EQ(outcome.err, "");
}

TEST(Program, AFailureIsOneSentenceAndWithJsonTheDaemonsErrorDocument) {
    const LocalServer server(always(http_error(404, "not_found", "no identity is called bob")));
    const Outcome plain = run_at(server, {"identity", "show", "bob"});
    EXPECT_EQ(plain.exit_code, 1);
    EXPECT_EQ(plain.out, "");
    EXPECT_EQ(plain.err, "kith: no identity is called bob\n");

    const Outcome json = run_at(server, {"--json", "identity", "show", "bob"});
    EXPECT_EQ(json.exit_code, 1);
    EXPECT_EQ(Json::parse(json.out)["error"]["code"], "not_found");
    EXPECT_EQ(json.err, plain.err);
}

TEST(Program, AMessageCannotWriteToTheTerminal) {
    const LocalServer server(always(http_error(404, "not_found", "\x1b[2Jgone\nand more")));
    EXPECT_EQ(run_at(server, {"status"}).err, "kith: \\x1b[2Jgone\\nand more\n");
    EXPECT_EQ(
        run(Words{"\x1b[2J"}, {}).err, "kith: there is no command \\x1b[2J; see: kith --help\n");
}

TEST(Program, ANameThatTheDiskRefusedIsToldOnStandardError) {
    for (const bool kept : {true, false}) {
        const Json name{{"peer_name", "0.web"}, {"kept", kept}};
        const LocalServer server(always(http_answer(201, name.dump())));
        for (const char* form : {"--color=auto", "--json"}) {
            const Outcome outcome = run_at(server, {form, "name", "publish", "web", "--unsecured"});
            EXPECT_EQ(outcome.exit_code, 0);
            EXPECT_THAT(outcome.out, HasSubstr("0.web"));
            EXPECT_EQ(outcome.err.contains("the disk refused to keep the name"), !kept);
        }
    }
}

TEST(Program, AFileThatIsStandardOutputIsAlone) {
    const LocalServer server(always(
        http_answer(200, R"({"peer_name": "0.x", "payload_base64": "aGk=", "document": "hi"})")));
    const std::vector<Words> commands{
        {"name", "resolve", "0.x", "--payload-out", "-"},
        {"identity", "card", "alice", "--out", "-"},
    };
    for (const Words& words : commands) {
        ::testing::internal::CaptureStdout();
        const Outcome outcome = run_at(server, words);
        EXPECT_EQ(::testing::internal::GetCapturedStdout(), "hi");
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        EXPECT_EQ(outcome.out, "");
    }
    const std::vector<Words> others{
        {"record", "get", "x", "--payload-out", "-"},
        {"record", "export", "plans", "-"},
        {"identity", "export", "alice", "--out", "-"},
        {"name", "delegate", "0.x", "--to", "card", "--out", "-"},
    };
    const std::size_t asked = server.seen().size();
    for (const auto* list : {&commands, &others}) {
        for (Words words : *list) {
            words.insert(words.begin(), "--json");
            const Outcome outcome = run_at(server, words);
            EXPECT_EQ(outcome.exit_code, 2);
            EXPECT_THAT(outcome.err, HasSubstr("with --json standard output"));
        }
    }
    EXPECT_EQ(server.seen().size(), asked);
}

TEST(Program, WhatTheDaemonCallsBadIsAMistakeOfUsage) {
    const LocalServer server(always(http_error(400, "bad_name", "0 has no classifier")));
    EXPECT_EQ(run_at(server, {"name", "resolve", "0"}).exit_code, 2);
}

TEST(Program, ColorsAreForTerminalsThatWantThem) {
    const LocalServer server(always(http_answer(200, R"({"names": []})")));
    const auto colored = [&](bool on_terminal, bool no_color, const char* choice) {
        Environment env = at(server);
        env.out_is_terminal = on_terminal;
        env.no_color = no_color;
        return run(Words{"name", "list", "--color", choice}, env).out.contains('\x1b');
    };
    EXPECT_TRUE(colored(true, false, "auto"));
    EXPECT_FALSE(colored(false, false, "auto"));
    EXPECT_FALSE(colored(true, true, "auto"));
    EXPECT_TRUE(colored(false, true, "always"));
    EXPECT_FALSE(colored(true, false, "never"));
}

TEST(Program, ResolveSendsItsTimeAndSavesThePayload) {
    const LocalServer server(
        always(http_answer(200, R"({"peer_name": "0.x", "payload_base64": "AAEC"})")));
    const TemporaryDirectory directory;
    const Outcome outcome = run_at(
        server,
        {"name",
         "resolve",
         "x.kith.alt",
         "--timeout",
         "2.5",
         "--cloud",
         "LinkLocal_%eth0",
         "--payload-out",
         directory.path() + "/p"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(
        server.seen().at(0).body,
        (Json{{"peer_name", "x.kith.alt"}, {"timeout_ms", 2500}, {"cloud", "LinkLocal_%eth0"}}));
    EXPECT_EQ(directory.read("p"), std::string("\0\1\2", 3));
}

TEST(Program, ResolveWithoutAPayloadToSaveFails) {
    const LocalServer server(always(http_answer(200, R"({"payload_base64": null})")));
    const TemporaryDirectory directory;
    const Outcome outcome =
        run_at(server, {"name", "resolve", "0.x", "--payload-out", directory.path() + "/p"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(directory.entries(), 0U);
}

TEST(Program, PublishSendsEverythingThatTheApiDocuments) {
    const LocalServer server(always(http_answer(201, R"({"peer_name": "aa.web"})")));
    const TemporaryDirectory directory;
    const Outcome outcome = run_at(
        server,
        {"name",
         "publish",
         "web",
         "--identity",
         "alice",
         "--address",
         "192.0.2.1:443/tcp",
         "--comment",
         "my site",
         "--cloud",
         "Global_",
         "--payload",
         directory.write("p", std::string("\0\1\2", 3)),
         "--passphrase-file",
         directory.write("s", "hush\n")});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(
        server.seen().at(0).body,
        Json::parse(R"({"classifier": "web", "identity": "alice", "unsecured": false,
                        "addresses": ["192.0.2.1:443/tcp"], "comment": "my site",
                        "payload_base64": "AAEC", "cloud": "Global_", "passphrase": "hush"})"));
    EXPECT_THAT(outcome.out, Not(HasSubstr("hush")));
}

TEST(Program, PublishAsksForAPassphraseOnlyWhenTheKeyNeedsIt) {
    const LocalServer server([](const SeenRequest& request) {
        return request.body["passphrase"].is_null()
                   ? http_error(403, "passphrase_needed", "alice is protected")
                   : http_answer(201, R"({"peer_name": "aa.web"})");
    });
    const Typist typist{{"passphrase of the default identity: ", "hush\n"}};
    Environment env = at(server);
    env.terminal_path = typist.path();
    EXPECT_EQ(run(Words{"name", "publish", "web"}, env).exit_code, 0);
    ASSERT_EQ(server.seen().size(), 2U);
    EXPECT_EQ(server.seen()[1].body["passphrase"], "hush");

    const Outcome alone = run_at(server, {"name", "publish", "web"});
    EXPECT_EQ(alone.exit_code, 2);
    EXPECT_THAT(alone.err, HasSubstr("--passphrase-file FILE"));
}

TEST(Program, PublishRefusesAPayloadThatCannotBePublished) {
    const LocalServer server(always(http_answer(201, "{}")));
    const TemporaryDirectory directory;
    for (const std::size_t size : {std::size_t{0}, std::size_t{4097}}) {
        const std::string path = directory.write("p", std::string(size, 'x'));
        EXPECT_EQ(run_at(server, {"name", "publish", "w", "--payload", path}).exit_code, 2);
    }
    EXPECT_TRUE(server.seen().empty());
}

TEST(Program, CreateTakesThePassphraseFromAFileOrNone) {
    const LocalServer server(always(http_answer(201, kAlice)));
    const TemporaryDirectory directory;
    EXPECT_EQ(
        run_at(
            server,
            {"identity", "create", "alice", "--passphrase-file", directory.write("s", "hush\n")})
            .exit_code,
        0);
    EXPECT_EQ(
        run_at(server, {"identity", "create", "alice", "--classifier", "c", "--no-passphrase"})
            .exit_code,
        0);
    EXPECT_EQ(
        server.seen().at(0).body,
        Json::parse(R"({"name": "alice", "classifier": "", "passphrase": "hush"})"));
    EXPECT_EQ(
        server.seen().at(1).body,
        Json::parse(R"({"name": "alice", "classifier": "c", "passphrase": null})"));
}

TEST(Program, CreateNeverKeepsAKeyInClearForLackOfATerminal) {
    const LocalServer server([](const SeenRequest& request) {
        return request.line.starts_with("GET") ? http_error(404, "not_found", "no alice")
                                               : http_answer(201, kAlice);
    });
    const Outcome outcome = run_at(server, {"identity", "create", "alice"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("--no-passphrase"));
    for (const SeenRequest& request : server.seen())
        EXPECT_THAT(request.line, StartsWith("GET"));
}

TEST(Program, CreateDoesNotAskForAPassphraseInVain) {
    const LocalServer server(always(http_answer(200, kAlice)));
    const Outcome outcome = run_at(server, {"identity", "create", "alice"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("already"));
}

class Export : public ::testing::Test {
protected:
    Words words() const {
        return {
            "identity",
            "export",
            "alice",
            "--out",
            directory_.path() + "/out",
            "--password-file",
            directory_.write("password", "pw\n"),
            "--passphrase-file",
            directory_.write("passphrase", "hush\n")};
    }

    TemporaryDirectory directory_;
    LocalServer server_{[](const SeenRequest& request) {
        return request.line.starts_with("GET") ? http_answer(200, kAlice)
                                               : http_answer(200, R"({"document": "sealed"})");
    }};
};

TEST_F(Export, WritesTheDocumentAndNothingElse) {
    const Outcome outcome = run_at(server_, words());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(directory_.read("out"), "sealed");
    ASSERT_EQ(server_.seen().size(), 2U);
    EXPECT_EQ(server_.seen()[1].line, "POST /v1/identities/alice/export");
    EXPECT_EQ(server_.seen()[1].body, (Json{{"password", "pw"}, {"passphrase", "hush"}}));
    EXPECT_EQ(directory_.entries(), 3U);
}

TEST_F(Export, WithJsonPrintsTheIdentityAndNotItsKey) {
    Words with_json = words();
    with_json.emplace_back("--json");
    const Outcome outcome = run_at(server_, with_json);
    EXPECT_EQ(Json::parse(outcome.out), Json::parse(kAlice));
}

TEST_F(Export, DoesNotReplaceAFileUnlessForced) {
    (void)directory_.write("out", "precious");
    const Outcome refused = run_at(server_, words());
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.err, HasSubstr("--force"));
    EXPECT_EQ(directory_.read("out"), "precious");
    EXPECT_TRUE(server_.seen().empty()); // refused before anything was asked

    Words forced = words();
    forced.emplace_back("--force");
    EXPECT_EQ(run_at(server_, forced).exit_code, 0);
    EXPECT_EQ(directory_.read("out"), "sealed");
}

TEST(Program, ImportSendsTheDocument) {
    const LocalServer server(always(http_answer(200, kAlice)));
    const TemporaryDirectory directory;
    const Outcome outcome = run_at(
        server,
        {"identity",
         "import",
         directory.write("d", "sealed"),
         "--no-passphrase",
         "--password-file",
         directory.write("p", "pw")});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(
        server.seen().back().body,
        Json::parse(
            R"({"document": "sealed", "password": "pw", "name": null, "passphrase": null})"));
}

TEST(Program, DeleteAsksUnlessToldNotTo) {
    const LocalServer server(always(http_answer(200, kAlice)));
    EXPECT_EQ(run_at(server, {"identity", "delete", "alice"}).exit_code, 2);
    for (const auto& [keys, code] :
         std::vector<std::pair<std::string, int>>{{"n\n", 1}, {"y\n", 0}}) {
        const Typist typist{{"[y/N] ", keys}};
        Environment env = at(server);
        env.terminal_path = typist.path();
        EXPECT_EQ(run(Words{"identity", "delete", "alice"}, env).exit_code, code);
    }
    std::size_t deleted = 0;
    for (const SeenRequest& request : server.seen())
        deleted += request.line.starts_with("DELETE") ? 1U : 0U;
    EXPECT_EQ(deleted, 1U);
}

TEST(Program, ResolveAsksForOneForTheNearestOrForAll) {
    const auto sent = [](const Words& words, const char* answer) {
        const LocalServer server(always(http_answer(200, answer)));
        EXPECT_EQ(run_at(server, words).exit_code, 0);
        return server.seen().at(0).body;
    };
    EXPECT_FALSE(sent({"name", "resolve", "0.x"}, "{}").contains("which"));
    EXPECT_EQ(sent({"name", "resolve", "0.x", "--nearest"}, "{}")["which"], "nearest");
    EXPECT_EQ(
        sent({"name", "resolve", "0.x", "--all"}, R"({"registrations": []})")["which"], "all");
}

} // namespace
} // namespace kith::cli
