#include "daemon/config.hpp"
#include "daemon/daemon.hpp"
#include "host/standard_descriptors.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <string>

namespace kith::daemon {
namespace {

constexpr int kExitRefused = 1; // the system is not as it has to be
constexpr int kExitUsage = 2;   // what the user wrote is wrong

std::string variable(const char* name) {
    // Read once, before there is a second thread.
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::string() : std::string(value);
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
    case LogLevel::trace:
        return spdlog::level::trace;
    case LogLevel::debug:
        return spdlog::level::debug;
    case LogLevel::info:
        return spdlog::level::info;
    case LogLevel::warn:
        return spdlog::level::warn;
    case LogLevel::error:
        return spdlog::level::err;
    case LogLevel::off:
        return spdlog::level::off;
    }
    return spdlog::level::info;
}

int fail(int code, const std::string& message) {
    fmt::print(stderr, "kithd: {}\n", message);
    return code;
}

int run_daemon(std::span<const char* const> arguments) {
    auto configured = configure(
        arguments,
        {.home = variable("HOME"),
         .data_home = variable("XDG_DATA_HOME"),
         .runtime_dir = variable("XDG_RUNTIME_DIR")});
    if (!configured) return fail(kExitUsage, configured.error().message);
    if (const auto* notice = std::get_if<Notice>(&*configured)) {
        fmt::print("{}", notice->text);
        return 0;
    }
    const auto& config = std::get<Config>(*configured);
    spdlog::set_default_logger(spdlog::stderr_color_st("kithd"));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
    spdlog::set_level(to_spdlog(config.log_level));
    // A client that goes away while it is answered is an error of write(), not the end of us.
    std::signal(SIGPIPE, SIG_IGN);
    const auto ended = run(config);
    return ended ? 0 : fail(kExitRefused, ended.error().message);
}

} // namespace
} // namespace kith::daemon

int main(int argc, char** argv) {
    kith::host::occupy_standard_descriptors();
    // Nothing here throws but libraries out of memory; even that ends in one sentence.
    try {
        return kith::daemon::run_daemon(
            std::span<const char* const>(argv, static_cast<std::size_t>(argc)));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "kithd: %s\n", error.what());
        return kith::daemon::kExitRefused;
    }
}
