#include "cli/session.hpp"

#include "cli/complaint.hpp"
#include "cli/progress.hpp"
#include "cli/terminal_text.hpp"

#include <utility>

namespace kith::cli {

namespace {

constexpr unsigned kFirstErrorStatus = 400;

} // namespace

Session::Session(ApiClient client, Environment env, Page page)
    : client_(std::move(client)),
      env_(std::move(env)),
      page_(page) {}

std::expected<Json, Failure> Session::call(Request request, const std::string& doing) const {
    Progress progress(doing, env_.err_is_terminal ? ProgressTo::terminal : ProgressTo::nowhere);
    auto answer = client_.exchange(
        request, [&progress](std::chrono::milliseconds elapsed) { progress.show(elapsed); });
    if (!answer) return std::unexpected(complaint_of(answer.error(), client_.socket_path()));
    if (answer->status >= kFirstErrorStatus) return std::unexpected(complaint_of(*answer));
    return std::move(answer->document);
}

std::expected<Json, Failure> Session::get(std::string target) const {
    return call({.method = Method::get, .target = std::move(target)}, "asking kithd");
}

std::string Session::headline(std::string_view text) const {
    return page_.paint(printable(text), Tone::heading) + "\n";
}

std::string identity_target(std::string_view name) {
    return "/v1/identities/" + percent_encoded(name);
}

} // namespace kith::cli
