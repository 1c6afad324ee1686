#include "cli/arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

using Words = std::vector<std::string>;

Invocation parsed(const Words& words) {
    const auto result = parse_arguments(words);
    if (!result || !std::holds_alternative<Invocation>(*result)) {
        ADD_FAILURE() << (result ? "information" : result.error().sentence);
        return {};
    }
    return std::get<Invocation>(*result);
}

template<class T>
T command_of(const Words& words) {
    const Invocation invocation = parsed(words);
    if (!std::holds_alternative<T>(invocation.command)) {
        ADD_FAILURE() << "another command";
        return {};
    }
    return std::get<T>(invocation.command);
}

std::string mistake(const Words& words) {
    const auto result = parse_arguments(words);
    if (result) {
        ADD_FAILURE() << "accepted";
        return {};
    }
    EXPECT_EQ(result.error().exit_code, kExitUsage);
    return result.error().sentence;
}

TEST(Arguments, GlobalOptionsStandBeforeOrAfterTheCommand) {
    for (const Words& words :
         {Words{"--api", "/s", "--json", "--color", "never", "name", "list"},
          Words{"name", "--json", "list", "--api=/s", "--color=never"},
          Words{"name", "list", "--color", "never", "--json", "--api", "/s"}}) {
        const Invocation invocation = parsed(words);
        EXPECT_EQ(invocation.api, "/s");
        EXPECT_TRUE(invocation.json);
        EXPECT_EQ(invocation.color, ColorChoice::never);
        EXPECT_TRUE(std::holds_alternative<NameList>(invocation.command));
    }
}

TEST(Arguments, GlobalOptionsHaveDefaults) {
    const Invocation invocation = parsed({"status"});
    EXPECT_EQ(invocation.api, std::nullopt);
    EXPECT_FALSE(invocation.json);
    EXPECT_EQ(invocation.color, ColorChoice::automatic);
    EXPECT_TRUE(std::holds_alternative<DaemonStatus>(invocation.command));
}

TEST(Arguments, CreateTakesOneWayToKeepTheKey) {
    const auto plain = command_of<IdentityCreate>({"identity", "create", "alice"});
    EXPECT_EQ(plain.name, "alice");
    EXPECT_EQ(plain.classifier, "");
    EXPECT_EQ(plain.passphrase.kind, SecretSource::Kind::prompt);
    EXPECT_EQ(
        command_of<IdentityCreate>({"identity", "create", "--no-passphrase", "a"}).passphrase.kind,
        SecretSource::Kind::none);
    const auto filed = command_of<IdentityCreate>(
        {"identity", "create", "a", "--classifier", "web", "--passphrase-file", "f"});
    EXPECT_EQ(filed.passphrase.kind, SecretSource::Kind::file);
    EXPECT_EQ(filed.passphrase.path, "f");
    EXPECT_EQ(filed.classifier, "web");
    EXPECT_THAT(
        mistake({"identity", "create", "a", "--no-passphrase", "--passphrase-file", "f"}),
        HasSubstr("excludes"));
}

TEST(Arguments, ANameMayBeAWordOfTheProgram) {
    EXPECT_EQ(command_of<IdentityShow>({"identity", "show", "status"}).name, "status");
    EXPECT_EQ(command_of<IdentityCreate>({"identity", "create", "list"}).name, "list");
    EXPECT_EQ(command_of<IdentityCreate>({"identity", "create", "a"}).profile, std::nullopt);
    EXPECT_EQ(
        command_of<IdentityCreate>({"identity", "create", "a", "--profile", "windows"}).profile,
        "windows");
    EXPECT_EQ(command_of<CloudPeers>({"cloud", "peers", "name"}).cloud, "name");
    EXPECT_EQ(command_of<IdentityDelete>({"identity", "delete", "--yes", "--", "-x"}).name, "-x");
}

TEST(Arguments, ExportAndImportHaveASecretOfTheirOwn) {
    const auto save = command_of<IdentityExport>(
        {"identity", "export", "a", "--out", "f", "--password-file", "p", "--force"});
    EXPECT_EQ(save.out, "f");
    EXPECT_TRUE(save.force);
    EXPECT_EQ(save.password.path, "p");
    EXPECT_EQ(save.passphrase.kind, SecretSource::Kind::prompt);
    const auto load =
        command_of<IdentityImport>({"identity", "import", "f", "--name", "b", "--no-passphrase"});
    EXPECT_EQ(load.file, "f");
    EXPECT_EQ(load.name, "b");
    EXPECT_EQ(load.passphrase.kind, SecretSource::Kind::none);
    EXPECT_THAT(mistake({"identity", "export", "a"}), HasSubstr("--out"));
}

TEST(Arguments, PublishCollectsAddressesWithoutEatingTheClassifier) {
    const auto publish = command_of<NamePublish>(
        {"name", "publish", "--address", "1.2.3.4:1/tcp", "web", "--address", "[::1]:2/udp"});
    EXPECT_EQ(publish.classifier, "web");
    EXPECT_THAT(publish.addresses, ElementsAre("1.2.3.4:1/tcp", "[::1]:2/udp"));
    EXPECT_EQ(publish.identity, std::nullopt);
    EXPECT_EQ(publish.payload, std::nullopt);
    EXPECT_FALSE(publish.unsecured);
}

TEST(Arguments, PublishReadsAPayloadFromStandardInput) {
    EXPECT_EQ(command_of<NamePublish>({"name", "publish", "w", "--payload", "-"}).payload, "-");
}

TEST(Arguments, ANameHasAnOwnerOrIsUnsecured) {
    EXPECT_EQ(
        command_of<NamePublish>({"name", "publish", "w", "--identity", "bob"}).identity, "bob");
    EXPECT_TRUE(command_of<NamePublish>({"name", "publish", "w", "--unsecured"}).unsecured);
    EXPECT_THAT(
        mistake({"name", "publish", "w", "--identity", "bob", "--unsecured"}),
        HasSubstr("excludes"));
}

TEST(Arguments, ATimeoutIsATenthOfASecondToFiveMinutes) {
    const auto timeout = [](const char* text) {
        return command_of<NameResolve>({"name", "resolve", "0.x", "--timeout", text}).timeout;
    };
    EXPECT_EQ(command_of<NameResolve>({"name", "resolve", "0.x"}).timeout, 10s);
    EXPECT_EQ(timeout("0.1"), 100ms);
    EXPECT_EQ(timeout("2.5"), 2500ms);
    EXPECT_EQ(timeout("300"), 300s);
    for (const char* text : {"0.09", "300.1", "0", "-1", "nan", "inf", "1e2", "0x1p3", "5s", ""}) {
        EXPECT_THAT(mistake({"name", "resolve", "0.x", "--timeout", text}), HasSubstr("0.1 to 300"))
            << text;
    }
}

TEST(Arguments, WhatIsWrongIsSaidWithThePageThatHelps) {
    EXPECT_EQ(mistake({}), "a command is missing; see: kith --help");
    EXPECT_EQ(mistake({"name"}), "a command is missing; see: kith name --help");
    EXPECT_EQ(mistake({"nmae", "list"}), "there is no command nmae; see: kith --help");
    EXPECT_EQ(mistake({"--foo"}), "there is no option --foo; see: kith --help");
    EXPECT_EQ(mistake({""}), "there is no command \"\"; see: kith --help");
    EXPECT_EQ(mistake({"status", "--josn"}), "there is no option --josn; see: kith status --help");
    EXPECT_EQ(mistake({"name", "resolve"}), "PEERNAME is required; see: kith name resolve --help");
    EXPECT_EQ(
        mistake({"identity", "show", "a", "b"}),
        "b is one argument too many; see: kith identity show --help");
    EXPECT_EQ(
        mistake({"--api", "a", "--api", "b", "status"}),
        "--api takes exactly one value; see: kith status --help");
    EXPECT_THAT(mistake({"status", "--color", "blue"}), HasSubstr("auto, always or never"));
}

TEST(Arguments, AnEmptyValueTakesNothingFromWhatFollows) {
    const auto published =
        command_of<NamePublish>({"name", "publish", "web", "--comment=", "--unsecured"});
    EXPECT_EQ(published.comment, "");
    EXPECT_TRUE(published.unsecured);
    EXPECT_EQ(parsed({"--api=", "status"}).api, "");
    EXPECT_EQ(command_of<GraphOpen>({"graph", "open", "--peer-id=", "g"}).wish.name, "g");
    EXPECT_THAT(
        mistake({"name", "publish", "web", "--identity=", "--unsecured"}), HasSubstr("empty"));
    EXPECT_THAT(mistake({"status", "--json="}), HasSubstr("\"\" is one argument too many"));
    EXPECT_EQ(command_of<IdentityShow>({"identity", "show", "--", "--a="}).name, "--a=");
    const auto embedded = parsed({"--embedded", "--data=", "identity", "list"});
    EXPECT_THAT(embedded.embedded.value_or(EmbeddedOptions{}).words, ElementsAre("--data", ""));
}

TEST(Arguments, ATextIsUtf8AndANameIsNotEmpty) {
    EXPECT_THAT(mistake({"identity", "show", ""}), HasSubstr("empty"));
    EXPECT_THAT(mistake({"identity", "create", "\xff"}), HasSubstr("UTF-8"));
    EXPECT_THAT(mistake({"name", "publish", "w", "--comment", "\xff"}), HasSubstr("UTF-8"));
    EXPECT_EQ(command_of<NamePublish>({"name", "publish", ""}).classifier, "");
}

TEST(Arguments, HelpAndVersionAreInformation) {
    const auto information = [](const Words& words) {
        const auto result = parse_arguments(words);
        return result && std::holds_alternative<Information>(*result)
                   ? std::get<Information>(*result).text
                   : std::string("none");
    };
    EXPECT_THAT(information({"--help"}), HasSubstr("identity"));
    EXPECT_THAT(information({"name", "resolve", "--help"}), HasSubstr("--timeout SECONDS"));
    EXPECT_THAT(information({"--version"}), ::testing::StartsWith("kith "));
    EXPECT_THAT(information({"status", "--version"}), ::testing::StartsWith("kith "));
}

TEST(Arguments, DelegationsHaveALifetime) {
    const auto plain =
        command_of<NameDelegate>({"name", "delegate", "0.x", "--to", "card", "--out", "file"});
    EXPECT_EQ(plain.peer_name, "0.x");
    EXPECT_EQ(plain.card, "card");
    EXPECT_EQ(plain.out, "file");
    EXPECT_EQ(plain.lifetime, std::chrono::days(30));
    const auto lifetime = [](const std::string& text) {
        return command_of<NameDelegate>(
                   {"name", "delegate", "0.x", "--to", "c", "--out", "f", "--expires", text})
            .lifetime;
    };
    EXPECT_EQ(lifetime("12h"), std::chrono::hours(12));
    EXPECT_EQ(lifetime("3650d"), std::chrono::days(3650));
    for (const char* text : {"0d", "d", "30", "30m", "-1d", "1.5d", "3651d", "99999h", "1 d"})
        EXPECT_FALSE(parse_arguments(std::vector<std::string>{
            "name", "delegate", "0.x", "--to", "c", "--out", "f", "--expires", text}))
            << text;
    EXPECT_FALSE(parse_arguments(std::vector<std::string>{"name", "delegate", "0.x", "--to", "c"}));
}

TEST(Arguments, ACardIsOfTheDefaultIdentityIfNoneIsNamed) {
    EXPECT_EQ(command_of<IdentityCard>({"identity", "card"}).name, std::nullopt);
    const auto named = command_of<IdentityCard>({"identity", "card", "alice", "--out", "a.card"});
    EXPECT_EQ(named.name, "alice");
    EXPECT_EQ(named.out, "a.card");
    EXPECT_EQ(
        command_of<NamePublish>({"name", "publish", "web", "--delegation", "file"}).delegation,
        "file");
    EXPECT_FALSE(parse_arguments(
        std::vector<std::string>{"name", "publish", "web", "--delegation", "file", "--unsecured"}));
}

TEST(Arguments, ResolveChoosesAmongSeveralRegistrations) {
    using Which = NameResolve::Which;
    EXPECT_EQ(command_of<NameResolve>({"name", "resolve", "0.x"}).which, Which::first);
    EXPECT_EQ(command_of<NameResolve>({"name", "resolve", "--all", "0.x"}).which, Which::all);
    EXPECT_EQ(
        command_of<NameResolve>({"name", "resolve", "0.x", "--nearest"}).which, Which::nearest);
    EXPECT_THAT(mistake({"name", "resolve", "0.x", "--all", "--nearest"}), HasSubstr("excludes"));
    EXPECT_THAT(
        mistake({"name", "resolve", "0.x", "--payload-out", "f", "--all"}), HasSubstr("excludes"));
}

} // namespace
} // namespace kith::cli
