// The program with a node of its own: real, on loopback, with its data in a folder of its own.

#include "cli/embedded.hpp"
#include "cli/program.hpp"
#include "cli/testing/temporary_directory.hpp"

#include <csignal>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryDirectory;
using Words = std::vector<std::string>;

class Embedded : public ::testing::Test {
protected:
    std::string data() const { return directory_.path() + "/data"; }

    Outcome run_with(const Words& words) const {
        Words all{"--embedded", "--data", data(), "--listen", "127.0.0.1:0", "--json"};
        all.insert(all.end(), words.begin(), words.end());
        return run(all, {});
    }

    Json document_of(const Words& words) const {
        const Outcome outcome = run_with(words);
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        return Json::parse(outcome.out, nullptr, false);
    }

private:
    TemporaryDirectory directory_;
};

TEST_F(Embedded, KeepsIdentitiesFromOneCommandToTheNext) {
    const Json made = document_of({"identity", "create", "alice", "--no-passphrase"});
    EXPECT_EQ(made["name"], "alice");
    EXPECT_EQ(document_of({"identity", "list"})["identities"][0], made);
    EXPECT_EQ(run_with({"identity", "show", "bob"}).exit_code, 1);
}

TEST_F(Embedded, IdentitiesNeedNoNetwork) {
    // Nobody can listen there; for an identity nobody has to.
    const Words words{
        "--embedded", "--data", data(), "--listen", "192.0.2.77:4000", "identity", "list"};
    EXPECT_EQ(run(words, {}).exit_code, 0);
    const Words online{"--embedded", "--data", data(), "--listen", "192.0.2.77:4000", "status"};
    const Outcome outcome = run(online, {});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("192.0.2.77:4000"));
}

TEST_F(Embedded, PublishesForAsLongAsItLives) {
    const Outcome outcome = run_with({"name", "publish", "web", "--unsecured"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(Json::parse(outcome.out)["peer_name"], "0.web");
    EXPECT_THAT(outcome.err, HasSubstr("for as long as this runs"));
    ASSERT_TRUE(outcome.afterwards);

    const Outcome other = run_with({"identity", "list"});
    EXPECT_EQ(other.exit_code, 1);
    EXPECT_THAT(other.err, HasSubstr("already"));
    EXPECT_THAT(other.err, HasSubstr("--data DIR"));

    pthread_kill(pthread_self(), SIGINT); // waits to be taken
    EXPECT_EQ(outcome.afterwards(), 0);
}

TEST_F(Embedded, LeavesItsDataToTheNextOne) {
    {
        const Outcome published = run_with({"name", "publish", "web", "--unsecured"});
    }
    EXPECT_EQ(document_of({"status"})["data"], data());
    EXPECT_FALSE(std::filesystem::exists(data() + "/embedded.sock"));
}

TEST_F(Embedded, AMissIsAMiss) {
    const Outcome outcome = run_with({"name", "resolve", "0.nobody", "--timeout", "5"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(Json::parse(outcome.out)["error"]["code"], "not_found");
    EXPECT_FALSE(outcome.afterwards);
    EXPECT_FALSE(run_with({"name", "publish", "web"}).afterwards); // without an identity
}

TEST_F(Embedded, TakesWhatKithdTakes) {
    const auto mistake = [&](const Words& words) {
        const Outcome outcome = run(words, {});
        EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
        return outcome.err;
    };
    EXPECT_THAT(mistake({"--seed", "first.example", "status"}), HasSubstr("--embedded"));
    EXPECT_THAT(mistake({"--embedded", "--api", "/s", "status"}), HasSubstr("--api"));
    EXPECT_THAT(
        mistake({"--embedded", "--data", data(), "--listen", "x", "status"}),
        HasSubstr("ADDRESS:PORT"));
    EXPECT_THAT(
        mistake({"--embedded", "--data", data(), "--cloud", "Moon_", "status"}),
        HasSubstr("Global_"));
    EXPECT_THAT(mistake({"--embedded", "status"}), HasSubstr("HOME")); // and no data
    // After a command that has it, --cloud is the command's.
    const auto parsed = parse_arguments(Words{
        "--embedded", "--cloud", "Global_", "name", "resolve", "0.x", "--cloud", "LinkLocal_"});
    ASSERT_TRUE(parsed);
    const auto& invocation = std::get<Invocation>(*parsed);
    EXPECT_EQ(invocation.embedded->words, (Words{"--cloud", "Global_"}));
    EXPECT_EQ(std::get<NameResolve>(invocation.command).cloud, "LinkLocal_");
}

} // namespace
} // namespace kith::cli
