#include "cli/session.hpp"

#include "cli/complaint.hpp"
#include "cli/files.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress.hpp"
#include "cli/terminal_text.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace kith::cli {

namespace {

constexpr unsigned kFirstErrorStatus = 400;

constexpr std::chrono::milliseconds kJoinPatience{10'000};
constexpr std::chrono::milliseconds kJoinInterval{50};

} // namespace

Session::Session(ApiClient client, Environment env, Page page, bool prints_json)
    : client_(std::move(client)),
      env_(std::move(env)),
      page_(page),
      prints_json_(prints_json) {}

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

std::expected<void, Failure> Session::join() const {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    const InterruptWatch interrupts;
    Progress progress("joining", env_.err_is_terminal ? ProgressTo::terminal : ProgressTo::nowhere);
    while (true) {
        const auto elapsed =
            std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
        const auto clouds = get("/v1/clouds");
        if (!clouds) return std::unexpected(clouds.error());
        bool is_active = false;
        bool is_looking = false;
        for (const Json& cloud : list_of(*clouds, "clouds")) {
            const std::string state = text_of(cloud, "state");
            is_active |= state == "active";
            is_looking |= state == "virtual" || state == "synchronizing";
        }
        // One that has members will do: a question waits in the others until they have theirs.
        if (is_active || !is_looking || elapsed >= kJoinPatience) return {};
        if (const auto signal = interrupts.take()) return interrupted_by(*signal);
        progress.show(elapsed);
        std::this_thread::sleep_for(kJoinInterval);
    }
}

std::expected<void, Failure> Session::check_output(const std::optional<std::string>& path) const {
    if (!prints_json_ || path != kStandardOutput) return {};
    return misused("with --json standard output has the document: write to a file, not to -");
}

std::string Session::headline(std::string_view text) const {
    return page_.paint(printable(text), Tone::heading) + "\n";
}

std::string identity_target(std::string_view name) {
    return "/v1/identities/" + percent_encoded(name);
}

} // namespace kith::cli
