#include "cli/environment.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <pwd.h>
#include <string_view>

namespace kith::cli {

namespace {

std::string variable(const char* name) {
    // One thread, and nothing in this program changes its environment.
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::string{} : std::string(value);
}

std::string account_name() {
    std::string name = variable("USER");
    if (!name.empty()) return name;
    const passwd* account = getpwuid(geteuid()); // NOLINT(concurrency-mt-unsafe): as above
    return account == nullptr ? std::string{} : std::string(account->pw_name);
}

std::size_t window_columns(int fd) {
    winsize size{};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

} // namespace

Environment read_environment() {
    Environment env;
    env.kith_api = variable("KITH_API");
    env.xdg_runtime_dir = variable("XDG_RUNTIME_DIR");
    env.xdg_data_home = variable("XDG_DATA_HOME");
    env.home = variable("HOME");
    env.user = account_name();
    env.no_color = !variable("NO_COLOR").empty();
    const bool dumb = variable("TERM") == "dumb";
    env.out_is_terminal = !dumb && isatty(STDOUT_FILENO) == 1;
    env.err_is_terminal = !dumb && isatty(STDERR_FILENO) == 1;
    env.out_columns = isatty(STDOUT_FILENO) == 1 ? window_columns(STDOUT_FILENO) : 0;
    return env;
}

} // namespace kith::cli
