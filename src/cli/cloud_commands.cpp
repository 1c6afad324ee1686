// `kith cloud ...` and `kith status`: documents as they are.

#include "cli/commands.hpp"
#include "cli/render.hpp"

#include <utility>

namespace kith::cli {

namespace {

using Renderer = std::string (*)(const Json&, const Page&);

Result show(const Session& session, std::string target, Renderer render) {
    auto document = session.get(std::move(target));
    if (!document) return std::unexpected(document.error());
    std::string text = render(*document, session.page());
    return Done{std::move(*document), std::move(text)};
}

} // namespace

Result execute(const Session& session, const CloudList& /*command*/) {
    return show(session, "/v1/clouds", render_clouds);
}

Result execute(const Session& session, const CloudStatus& command) {
    return show(session, "/v1/clouds/" + percent_encoded(command.cloud), render_cloud);
}

Result execute(const Session& session, const CloudPeers& command) {
    return show(session, "/v1/clouds/" + percent_encoded(command.cloud) + "/peers", render_peers);
}

Result execute(const Session& session, const DaemonStatus& /*command*/) {
    return show(session, "/v1/status", render_status);
}

} // namespace kith::cli
