#include "cli/complaint.hpp"

#include <array>
#include <fmt/format.h>
#include <string_view>

namespace kith::cli {

namespace {

struct Advice {
    std::string_view code;
    std::string_view text;
};

constexpr std::array kAdvices{
    Advice{"passphrase_needed", "give it with --passphrase-file FILE"},
    Advice{"in_use", "take its names back first with: kith name unpublish PEERNAME"},
    Advice{"timed_out", "try again, or for longer with --timeout SECONDS"},
    Advice{"no_network", "see: kith cloud list"},
    Advice{"resolve_only", "why, says: kith cloud status CLOUD (see: kith cloud list)"},
};

std::string sentence_of(const ClientFailure& failure, const std::string& path) {
    switch (failure.code) {
    case ClientErrc::no_socket:
        return fmt::format("kithd is not running (no socket at {}); start it with: kithd", path);
    case ClientErrc::nobody:
        return fmt::format(
            "kithd is not running (nobody listens at {}); start it with: kithd", path);
    case ClientErrc::forbidden:
        return fmt::format(
            "{} belongs to another user's kithd; say where yours listens with --api SOCKET", path);
    case ClientErrc::timed_out:
        return fmt::format("kithd at {} does not answer; see its log", path);
    case ClientErrc::too_long:
        return fmt::format("kithd answered more than {} bytes", kAnswerSizeMax);
    case ClientErrc::broken:
        return fmt::format("kithd at {} broke off its answer; see its log", path);
    case ClientErrc::no_document:
        return fmt::format("what listens at {} does not answer as kithd does", path);
    case ClientErrc::interrupted:
        return {};
    }
    return {};
}

} // namespace

Failure complaint_of(const ClientFailure& failure, const std::string& socket_path) {
    const bool interrupted = failure.code == ClientErrc::interrupted;
    return {
        .exit_code = interrupted ? kExitSignalBase + failure.signal : kExitFailed,
        .sentence = sentence_of(failure, socket_path)};
}

Failure complaint_of(const Answer& answer) {
    const std::string code = error_code_of(answer.document);
    Failure failure{
        .exit_code = code.starts_with("bad_") ? kExitUsage : kExitFailed,
        .sentence = text_of(object_of(answer.document, "error"), "message"),
        .document = answer.document};
    if (failure.sentence.empty()) {
        failure.sentence = fmt::format("kithd refused with HTTP status {}", answer.status);
    }
    for (const Advice& advice : kAdvices) {
        if (advice.code == code) failure.sentence += fmt::format("; {}", advice.text);
    }
    return failure;
}

std::string error_code_of(const Json& document) {
    return text_of(object_of(document, "error"), "code");
}

} // namespace kith::cli
