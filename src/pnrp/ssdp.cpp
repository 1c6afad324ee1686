#include "pnrp/ssdp.hpp"

#include "base/check.hpp"
#include "pnrp/limits.hpp"

#include <system_error>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace kith::pnrp {

namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kSearchLine = "M-SEARCH * HTTP/1.1";
constexpr std::string_view kAnswerLine = "HTTP/1.1 200 OK";
constexpr std::string_view kDiscover = "\"ssdp:discover\"";

// The words that end a search target. The array is the one place that pairs them with scopes.
struct ScopeWord {
    Scope scope;
    std::string_view word;
};
constexpr std::array kScopeWords{// 3.1.4.2.2
                                 ScopeWord{Scope::global, "Global"},
                                 ScopeWord{Scope::site, "SiteLocal"},
                                 ScopeWord{Scope::link, "LinkLocal"}};

std::string target_prefix(const Profile& profile) {
    std::string target = "urn:Microsoft Windows Peer Name Resolution Protocol: ";
    target += profile.urn_version;
    target += ":IPV6:"; // over IPv4 as well: the target names the cloud, not the way to it
    return target;
}

// Nothing if `target` is not one of this profile's.
std::optional<Scope> scope_of_target(const Profile& profile, std::string_view target) {
    const std::string prefix = target_prefix(profile);
    if (!target.starts_with(prefix)) return std::nullopt;
    target.remove_prefix(prefix.size());
    for (const ScopeWord& known : kScopeWords) {
        if (target == known.word) return known.scope;
    }
    return std::nullopt;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_visible(char c) {
    return c > 0x20 && c < 0x7f;
}

std::string_view trim(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

// One line off the front of `text`, without its CRLF. Nothing if there is no CRLF within the limit.
std::optional<std::string_view> take_line(std::string_view& text) {
    const std::size_t end = text.find(kLineEnd);
    if (end > kSsdpLineSizeMax) return std::nullopt; // and npos is larger still
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + kLineEnd.size());
    return line;
}

// The headers that mean something to us; every other one is passed over.
struct Headers {
    std::optional<std::string_view> target;    // ST
    std::optional<std::string_view> extension; // MAN
    std::optional<std::string_view> wait;      // MX
    std::optional<std::string_view> location;  // AL

    std::optional<std::string_view>* find(std::string_view name) {
        if (equals_ignoring_case(name, "ST")) return &target;
        if (equals_ignoring_case(name, "MAN")) return &extension;
        if (equals_ignoring_case(name, "MX")) return &wait;
        if (equals_ignoring_case(name, "AL")) return &location;
        return nullptr;
    }
};

// `name: value`. False if it is not that, or if the header was there before.
bool take_header(std::string_view line, Headers& headers) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    if (!std::ranges::all_of(name, is_visible)) return false;
    const bool is_text =
        std::ranges::all_of(value, [](char c) { return is_visible(c) || c == ' ' || c == '\t'; });
    std::optional<std::string_view>* known = headers.find(name);
    if (known == nullptr) return true;
    if (!is_text || known->has_value()) return false;
    *known = value;
    return true;
}

// All up to the empty line, which some senders leave out, and nothing after it.
std::optional<Headers> take_headers(std::string_view text) {
    Headers headers;
    for (std::size_t lines = 0; !text.empty(); ++lines) {
        const auto line = take_line(text);
        if (!line || lines > kSsdpLinesMax) return std::nullopt;
        if (line->empty()) {
            if (!text.empty()) return std::nullopt;
            break;
        }
        if (!take_header(*line, headers)) return std::nullopt;
    }
    return headers;
}

// Seconds, at least 1; what is more than we would ever wait is that. Nothing if it is no number.
std::optional<std::uint8_t> parse_wait(std::string_view text) {
    unsigned seconds = 0;
    const char* begin = text.data();
    const char* end = begin + text.size();
    const auto [stop, error] = std::from_chars(begin, end, seconds);
    if (error != std::errc{} || stop != end || seconds == 0) return std::nullopt;
    return static_cast<std::uint8_t>(std::min<unsigned>(seconds, kSsdpWaitMax));
}

std::expected<SsdpMessage, SsdpErrc> read_search(const Headers& headers, Scope scope) {
    const auto wait = parse_wait(headers.wait.value_or(""));
    if (headers.extension != kDiscover || !wait) return std::unexpected(SsdpErrc::bad_syntax);
    return SsdpMessage{scope, std::nullopt, *wait};
}

std::expected<SsdpMessage, SsdpErrc> read_answer(const Headers& headers, Scope scope) {
    const auto member = parse_endpoint(headers.location.value_or(""));
    if (!member || member->port <= kReservedPortMax) return std::unexpected(SsdpErrc::bad_syntax);
    return SsdpMessage{scope, member, 0};
}

std::string line(std::string_view name, std::string_view value) {
    std::string text(name);
    text += ':';
    text += value;
    text += kLineEnd;
    return text;
}

} // namespace

std::string search_target(const Profile& profile, Scope scope) {
    const auto* known = std::ranges::find(kScopeWords, scope, &ScopeWord::scope);
    KITH_CHECK(known != kScopeWords.end());
    std::string target = target_prefix(profile);
    target += known->word;
    return target;
}

std::string encode_ssdp_search(const Profile& profile, Scope scope, SsdpGroup group) {
    // Order, case and missing blanks are those of Windows.
    std::string text(kSearchLine);
    text += kLineEnd;
    text += line("Host", group == SsdpGroup::v6 ? "[FF02::C]:1900" : "239.255.255.250:1900");
    text += line("ST", search_target(profile, scope));
    text += line("Man", kDiscover);
    text += line("MX", "3");
    text += kLineEnd;
    return text;
}

std::string encode_ssdp_answer(const Profile& profile, Scope scope, const Endpoint& member) {
    const std::string where = to_string(member);
    std::string text(kAnswerLine);
    text += kLineEnd;
    text += line("ST", search_target(profile, scope));
    text += line("USN", where);
    text += line("AL", where);
    text += line("Cache-Control", "max-age=14400");
    text += line("Ext", "");
    text += kLineEnd;
    return text;
}

std::expected<SsdpMessage, SsdpErrc> parse_ssdp(const Profile& profile, ByteView datagram) {
    if (datagram.size() > kSsdpSizeMax) return std::unexpected(SsdpErrc::oversized);
    std::string_view text = as_text(datagram);
    const auto start = take_line(text);
    if (!start) return std::unexpected(SsdpErrc::bad_syntax);
    const bool is_search = *start == kSearchLine;
    if (!is_search && *start != kAnswerLine) return std::unexpected(SsdpErrc::not_ours);

    const auto headers = take_headers(text);
    if (!headers) return std::unexpected(SsdpErrc::bad_syntax);
    const auto scope = scope_of_target(profile, headers->target.value_or(""));
    if (!scope) return std::unexpected(SsdpErrc::not_ours);
    return is_search ? read_search(*headers, *scope) : read_answer(*headers, *scope);
}

} // namespace kith::pnrp
