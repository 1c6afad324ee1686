#include "api/request_body.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace kith::api {

struct RequestBody::Members {
    nlohmann::json object;
    std::set<std::string, std::less<>> read;

    // The member, now known to somebody; nullptr if it is not there.
    nlohmann::json* find(std::string_view name) {
        read.emplace(name);
        const auto found = object.find(name);
        return found == object.end() ? nullptr : &*found;
    }
};

RequestBody::RequestBody(std::unique_ptr<Members> members) : members_(std::move(members)) {}
RequestBody::RequestBody(RequestBody&&) noexcept = default;

// NOLINTNEXTLINE(bugprone-exception-escape): nothing here throws; the library does not say so
RequestBody::~RequestBody() {
    if (!members_) return;
    for (auto& member : members_->object) {
        if (auto* text = member.get_ptr<std::string*>()) wipe_text(*text);
    }
}

std::expected<RequestBody, Error> RequestBody::parse(std::string_view text) {
    auto members = std::make_unique<Members>();
    // Of a member that is there twice one would be ignored.
    std::set<std::string> seen;
    std::optional<std::string> twice;
    const auto watch = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& part) {
        if (depth != 1 || event != nlohmann::json::parse_event_t::key) return true;
        const auto& name = part.get_ref<const std::string&>();
        if (!seen.insert(name).second) twice = name;
        return true;
    };
    members->object =
        text.empty() ? nlohmann::json::object() : nlohmann::json::parse(text, watch, false);
    if (!members->object.is_object()) {
        return std::unexpected(Error{ErrorCode::bad_request, "the body is not a JSON object"});
    }
    if (twice) {
        return std::unexpected(
            Error{ErrorCode::bad_request, fmt::format("the member \"{}\" is there twice", *twice)});
    }
    return RequestBody(std::move(members));
}

void RequestBody::fail(std::string message) {
    if (!error_) error_ = Error{ErrorCode::bad_request, std::move(message)};
}

bool RequestBody::has(std::string_view name) const {
    return members_->object.contains(name);
}

std::string RequestBody::text(std::string_view name) {
    const nlohmann::json* member = members_->find(name);
    if (member != nullptr && member->is_string()) return member->get<std::string>();
    fail(fmt::format("the member \"{}\" has to be there and be a text", name));
    return {};
}

std::string RequestBody::text_or(std::string_view name, std::string_view fallback) {
    return optional_text(name).value_or(std::string(fallback));
}

std::optional<std::string> RequestBody::optional_text(std::string_view name) {
    const nlohmann::json* member = members_->find(name);
    if (member == nullptr || member->is_null()) return std::nullopt;
    if (member->is_string()) return member->get<std::string>();
    fail(fmt::format("the member \"{}\" has to be a text or null", name));
    return std::nullopt;
}

bool RequestBody::flag_or(std::string_view name, bool fallback) {
    const nlohmann::json* member = members_->find(name);
    if (member == nullptr) return fallback;
    if (member->is_boolean()) return member->get<bool>();
    fail(fmt::format("the member \"{}\" has to be true or false", name));
    return fallback;
}

std::int64_t RequestBody::number_or(
    std::string_view name, std::int64_t fallback, std::int64_t min, std::int64_t max) {
    const nlohmann::json* member = members_->find(name);
    if (member == nullptr) return fallback;
    // A number above what 64 signed bits hold is read as unsigned, and wraps to a negative one
    // here.
    if (member->is_number_integer()) {
        const auto value = member->get<std::int64_t>();
        if (value >= min && value <= max) return value;
    }
    fail(fmt::format("the member \"{}\" has to be a whole number from {} to {}", name, min, max));
    return fallback;
}

std::vector<std::string> RequestBody::texts(std::string_view name, std::size_t count_max) {
    const nlohmann::json* member = members_->find(name);
    if (member == nullptr) return {};
    std::vector<std::string> out;
    bool good = member->is_array() && member->size() <= count_max;
    for (std::size_t i = 0; good && i < member->size(); ++i) {
        good = (*member)[i].is_string();
        if (good) out.push_back((*member)[i].get<std::string>());
    }
    if (good) return out;
    fail(fmt::format("the member \"{}\" has to be a list of at most {} texts", name, count_max));
    return {};
}

SharedSecret RequestBody::secret(std::string_view name) {
    auto found = optional_secret(name);
    if (!found) fail(fmt::format("the member \"{}\" has to be there and be a text", name));
    return found;
}

SharedSecret RequestBody::optional_secret(std::string_view name) {
    const nlohmann::json* member = members_->find(name);
    if (member == nullptr || member->is_null()) return nullptr;
    if (member->is_string() && !member->get_ref<const std::string&>().empty()) {
        return std::make_shared<const Secret>(member->get_ref<const std::string&>());
    }
    fail(fmt::format("the member \"{}\" has to be a text that is not empty", name));
    return nullptr;
}

SharedSecret RequestBody::secret_or_null(std::string_view name) {
    if (members_->find(name) == nullptr) {
        fail(fmt::format("the member \"{}\" is missing: give null for none", name));
    }
    return optional_secret(name);
}

std::expected<void, Error> RequestBody::finish() const {
    if (error_) return std::unexpected(*error_);
    for (const auto& [name, value] : members_->object.items()) {
        if (members_->read.contains(name)) continue;
        // The name is the caller's own text; the value may be a secret and is not repeated.
        return std::unexpected(
            Error{ErrorCode::bad_request, fmt::format("unknown member \"{}\"", name)});
    }
    return {};
}

} // namespace kith::api
