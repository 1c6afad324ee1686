#include "cli/embedded.hpp"

#include "cli/api_socket.hpp"
#include "daemon/config.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <memory>
#include <poll.h>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kith::cli {

namespace {

// As kithd reads them: the same words mean the same.
std::expected<daemon::Config, Failure>
configure(const EmbeddedOptions& options, const Environment& env) {
    std::vector<const char*> words{"kith"};
    for (const std::string& word : options.words)
        words.push_back(word.c_str());
    auto configured = daemon::configure(
        words,
        {.home = env.home, .data_home = env.xdg_data_home, .runtime_dir = env.xdg_runtime_dir});
    if (!configured) return misused(configured.error().message);
    auto* config = std::get_if<daemon::Config>(&*configured);
    if (config == nullptr) return misused("--embedded takes no question"); // --help of kithd
    // Nobody else looks for it there, and the data has one user at a time.
    config->api = config->data / "embedded.sock";
    return std::move(*config);
}

} // namespace

Need need_of(const Command& command) {
    return std::visit(
        [](const auto& one) {
            using T = std::remove_cvref_t<decltype(one)>;
            if constexpr (std::is_same_v<T, NamePublish>) {
                return Need::staying;
            } else if constexpr (
                std::is_same_v<T, NameResolve> || std::is_same_v<T, CloudList> ||
                std::is_same_v<T, CloudStatus> || std::is_same_v<T, CloudPeers> ||
                std::is_same_v<T, DaemonStatus>) {
                return Need::cloud;
            } else {
                return Need::keys;
            }
        },
        command);
}

std::expected<EmbeddedNode, Failure>
EmbeddedNode::start(const EmbeddedOptions& options, const Environment& env, Need need) {
    auto config = configure(options, env);
    if (!config) return std::unexpected(config.error());
    const auto network = need == Need::keys ? daemon::Network::offline : daemon::Network::online;
    const std::string data = config->data.native();
    std::string socket = config->api.native();
    if (socket.size() > kSocketPathMax) {
        return misused(fmt::format(
            "the path {} is too long for a socket in it; name another folder with --data DIR",
            data));
    }
    auto interrupts = std::make_unique<InterruptWatch>();
    auto guest = daemon::Guest::start(std::move(*config), network);
    if (!guest && guest.error().kind == daemon::StartError::Kind::data_in_use) {
        return failed(fmt::format(
            "kithd, or another kith --embedded, uses the data in {} already; leave --embedded out "
            "to ask kithd, or name another folder with --data DIR",
            data));
    }
    if (!guest) return failed(guest.error().message);
    return EmbeddedNode(std::move(interrupts), std::move(*guest), std::move(socket));
}

void EmbeddedNode::wait_for_signal() const {
    if (interrupts_->fd() < 0) return; // nothing would ever tell of one
    pollfd waiting{.fd = interrupts_->fd(), .events = POLLIN, .revents = 0};
    while (!interrupts_->take()) {
        if (poll(&waiting, 1, -1) < 0 && errno != EINTR) return;
    }
}

} // namespace kith::cli
