#include "cli/api_socket.hpp"
#include "cli/testing/local_server.hpp"

#include <filesystem>
#include <functional>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

// $HOME is always set; `change` sets the rest.
Environment with(const std::function<void(Environment&)>& change) {
    Environment env;
    env.home = "/home/a";
    change(env);
    return env;
}

TEST(ApiSocket, TheOptionGoesFirstThenTheVariable) {
    const Environment env = with([](Environment& e) { e.kith_api = "/variable"; });
    EXPECT_EQ(locate_api_socket("/option", env), "/option");
    EXPECT_EQ(locate_api_socket(std::nullopt, env), "/variable");
}

TEST(ApiSocket, TheRuntimeDirectoryCountsOnlyWithASocketInIt) {
    const testing::TemporaryDirectory runtime;
    const Environment env = with([&](Environment& e) { e.xdg_runtime_dir = runtime.path(); });
    const std::string in_data = "/home/a/.local/share/kith/api.sock";
    EXPECT_EQ(locate_api_socket(std::nullopt, env), in_data);

    std::filesystem::create_directory(runtime.path() + "/kith");
    (void)runtime.write("kith/api.sock", "a plain file");
    EXPECT_EQ(locate_api_socket(std::nullopt, env), in_data);

    const testing::LocalServer server([](const auto&) { return std::nullopt; });
    std::filesystem::remove(runtime.path() + "/kith/api.sock");
    std::filesystem::create_symlink(server.path(), runtime.path() + "/kith/api.sock");
    EXPECT_EQ(locate_api_socket(std::nullopt, env), runtime.path() + "/kith/api.sock");
}

TEST(ApiSocket, TheDataDirectoryFollowsXdg) {
    EXPECT_EQ(
        locate_api_socket(std::nullopt, with([](Environment& e) { e.xdg_data_home = "/data"; })),
        "/data/kith/api.sock");
}

TEST(ApiSocket, ARelativeDirectoryCountsAsNone) {
    const Environment env = with([](Environment& e) {
        e.xdg_data_home = "data";
        e.xdg_runtime_dir = "run";
    });
    EXPECT_EQ(locate_api_socket(std::nullopt, env), "/home/a/.local/share/kith/api.sock");
    Environment homeless;
    homeless.home = "home";
    EXPECT_EQ(locate_api_socket(std::nullopt, homeless).error().exit_code, kExitUsage);
}

TEST(ApiSocket, NothingToGoByIsAMistakeOfUsage) {
    EXPECT_EQ(locate_api_socket(std::nullopt, {}).error().exit_code, kExitUsage);
    EXPECT_EQ(locate_api_socket("", with([](Environment&) {})).error().exit_code, kExitUsage);
}

TEST(ApiSocket, APathLongerThanASocketAddressIsAMistakeOfUsage) {
    EXPECT_TRUE(locate_api_socket(std::string(kSocketPathMax, 'x'), {}));
    const auto refused = locate_api_socket(std::string(kSocketPathMax + 1, 'x'), {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().exit_code, kExitUsage);
}

} // namespace
} // namespace kith::cli
