#include "cli/api_socket.hpp"

#include <sys/stat.h>

#include <fmt/format.h>

namespace kith::cli {

namespace {

bool is_socket(const std::string& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

// As kithd has it, by the XDG base directory specification: a relative path counts as none.
std::string default_path(const Environment& env) {
    if (env.xdg_runtime_dir.starts_with('/')) {
        std::string path = env.xdg_runtime_dir + "/kith/api.sock";
        if (is_socket(path)) return path;
    }
    if (env.xdg_data_home.starts_with('/')) return env.xdg_data_home + "/kith/api.sock";
    if (env.home.starts_with('/')) return env.home + "/.local/share/kith/api.sock";
    return {};
}

} // namespace

std::expected<std::string, Failure>
locate_api_socket(const std::optional<std::string>& option, const Environment& env) {
    if (option && option->empty()) return misused("--api needs the path of kithd's socket");
    std::string path = option ? *option : env.kith_api;
    if (path.empty()) path = default_path(env);
    if (path.empty()) {
        return misused("cannot tell where kithd listens without HOME; say so with --api SOCKET");
    }
    if (path.size() > kSocketPathMax) {
        return misused(fmt::format(
            "the socket's path has {} bytes and a socket's path has at most {}; "
            "give a shorter one with --api SOCKET",
            path.size(),
            kSocketPathMax));
    }
    return path;
}

} // namespace kith::cli
