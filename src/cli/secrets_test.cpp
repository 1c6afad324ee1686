#include "cli/secrets.hpp"
#include "cli/testing/temporary_directory.hpp"
#include "cli/testing/typist.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TemporaryDirectory;
using testing::Typist;

const SecretSource kPrompt{};

SecretPurpose purpose() {
    return {.what = "passphrase", .for_whom = "alice", .option = "--passphrase-file FILE"};
}

TEST(SecretFile, ItsFirstLineIsTheSecret) {
    const TemporaryDirectory directory;
    for (const char* content : {"s3cret", "s3cret\n", "s3cret\r\n", "s3cret\nanother\n"}) {
        const auto secret = read_secret_file(directory.write("f", content));
        ASSERT_TRUE(secret) << content;
        EXPECT_EQ(secret->view(), "s3cret") << content;
    }
}

TEST(SecretFile, AnUnusableFileIsAMistakeOfUsage) {
    const TemporaryDirectory directory;
    const auto refused = [](const std::string& path) {
        const auto secret = read_secret_file(path);
        return secret ? std::string("accepted") : secret.error().sentence;
    };
    EXPECT_THAT(refused(directory.path() + "/none"), HasSubstr("cannot read"));
    EXPECT_THAT(refused(directory.path()), HasSubstr("cannot read"));
    EXPECT_THAT(refused(directory.write("f", "")), HasSubstr("is empty"));
    EXPECT_THAT(refused(directory.write("f", "\nsecond line")), HasSubstr("is empty"));
    const std::string longest(kSecretSizeMax, 'x');
    EXPECT_EQ(refused(directory.write("f", longest + "\n")), "accepted");
    EXPECT_THAT(refused(directory.write("f", longest + "x\n")), HasSubstr("at most"));
}

TEST(SecretFile, WhatIsNotTextIsRefused) {
    const TemporaryDirectory directory;
    const SecretSource file{
        .kind = SecretSource::Kind::file, .path = directory.write("f", "\xff\xfe\n")};
    EXPECT_THAT(ask_secret(file, purpose(), "").error().sentence, HasSubstr("UTF-8"));
    EXPECT_THAT(ask_new_secret(file, purpose(), "").error().sentence, HasSubstr("UTF-8"));
}

TEST(Prompt, HidesWhatIsTypedAndLeavesTheTerminalAsItWas) {
    Typist typist{{"passphrase of alice: ", "hush\n"}};
    ASSERT_TRUE(typist.echoes());
    const auto secret = ask_secret(kPrompt, purpose(), typist.path());
    ASSERT_TRUE(secret);
    EXPECT_EQ(secret->view(), "hush");
    EXPECT_TRUE(typist.echoes());
    EXPECT_THAT(typist.screen(), Not(HasSubstr("hush")));
}

TEST(Prompt, ANewSecretIsTypedTwice) {
    Typist typist{
        {"new passphrase of alice: ", "hush\n"}, {"the same passphrase again: ", "hush\n"}};
    const auto secret = ask_new_secret(kPrompt, purpose(), typist.path());
    ASSERT_TRUE(secret);
    EXPECT_EQ(secret->view(), "hush");
}

TEST(Prompt, TwoDifferentEntriesAreRefused) {
    Typist typist{
        {"new passphrase of alice: ", "hush\n"}, {"the same passphrase again: ", "hosh\n"}};
    const auto secret = ask_new_secret(kPrompt, purpose(), typist.path());
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().exit_code, kExitUsage);
    EXPECT_THAT(secret.error().sentence, HasSubstr("differ"));
}

TEST(Prompt, AnEmptyNewSecretIsRefused) {
    Typist typist{{"new passphrase of alice: ", "\n"}};
    const auto secret = ask_new_secret(kPrompt, purpose(), typist.path());
    ASSERT_FALSE(secret);
    EXPECT_THAT(secret.error().sentence, HasSubstr("empty"));
}

TEST(Prompt, AnInterruptionRestoresTheEcho) {
    const Typist typist{};
    sigset_t watched;
    sigset_t before;
    sigemptyset(&watched);
    sigaddset(&watched, SIGINT);
    pthread_sigmask(SIG_BLOCK, &watched, &before);
    raise(SIGINT); // pending now, so that the prompt finds it whenever it looks
    const auto secret = ask_secret(kPrompt, purpose(), typist.path());
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().exit_code, 130);
    EXPECT_TRUE(typist.echoes());
}

TEST(Prompt, TheEndOfInputIsAMissingSecret) {
    const Typist typist{{"passphrase of alice: ", "\x04"}};
    const auto secret = ask_secret(kPrompt, purpose(), typist.path());
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().sentence, "nothing was typed");
    EXPECT_EQ(secret.error().exit_code, kExitUsage);
    EXPECT_TRUE(typist.echoes());
}

TEST(Prompt, ANameCannotWriteToTheTerminal) {
    Typist typist{{": ", "hush\n"}};
    const SecretPurpose hostile{
        .what = "passphrase", .for_whom = "\x1b[2Jx", .option = "--passphrase-file FILE"};
    EXPECT_TRUE(ask_secret(kPrompt, hostile, typist.path()));
    EXPECT_THAT(typist.screen(), HasSubstr("\\x1b[2Jx"));
    EXPECT_THAT(typist.screen(), Not(HasSubstr("\x1b")));
}

TEST(Prompt, WithoutATerminalSaysWhichOptionDoes) {
    for (const char* path : {"", "/dev/null", "/nonexistent"}) {
        const auto secret = ask_new_secret(kPrompt, purpose(), path);
        ASSERT_FALSE(secret) << path;
        EXPECT_EQ(secret.error().exit_code, kExitUsage);
        EXPECT_THAT(secret.error().sentence, HasSubstr("--passphrase-file FILE"));
    }
}

TEST(Confirm, OnlyYesIsYes) {
    for (const auto& [keys, yes] : std::vector<std::pair<std::string, bool>>{
             {"y\n", true}, {"Yes\n", true}, {"n\n", false}, {"\n", false}, {"ok\n", false}}) {
        const Typist typist{{"sure? ", keys}};
        auto terminal = Terminal::open(typist.path());
        ASSERT_TRUE(terminal);
        EXPECT_EQ(terminal->confirm("sure? "), yes) << keys;
    }
}

} // namespace
} // namespace kith::cli
