// The members of a request, read strictly.
//
// Failure is sticky: after the first error every read yields an empty value and only `finish()`
// tells, so a route reads straight down its members. `finish()` also refuses members that nobody
// read: a misspelt option is never ignored.

#pragma once

#include "api/error.hpp"
#include "api/secret.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::api {

inline constexpr std::size_t kRequestSizeMax = 256 * 1024; // bytes; larger: bad_request
inline constexpr std::size_t kTextsMax = 64; // of one list, unless it is said; more: bad_request

class RequestBody {
public:
    /// An empty text counts as an empty object.
    static std::expected<RequestBody, Error> parse(std::string_view text);

    RequestBody(RequestBody&&) noexcept;
    RequestBody& operator=(RequestBody&&) = delete;
    ~RequestBody(); // wipes every text

    /// True if the member is there, whatever it is.
    bool has(std::string_view name) const;
    std::string text(std::string_view name);
    /// `fallback` if the member is null or absent.
    std::string text_or(std::string_view name, std::string_view fallback);
    /// Nothing if the member is null or absent.
    std::optional<std::string> optional_text(std::string_view name);
    bool flag_or(std::string_view name, bool fallback);
    std::int64_t
    number_or(std::string_view name, std::int64_t fallback, std::int64_t min, std::int64_t max);
    std::vector<std::string> texts(std::string_view name, std::size_t count_max = kTextsMax);

    /// Never empty.
    SharedSecret secret(std::string_view name);
    /// Null where the member is null or absent; an empty secret is refused.
    SharedSecret optional_secret(std::string_view name);
    /// The same, and the member has to be there: to leave it out must not mean "unprotected".
    SharedSecret secret_or_null(std::string_view name);

    std::expected<void, Error> finish() const;

private:
    struct Members;
    explicit RequestBody(std::unique_ptr<Members> members);

    void fail(std::string message);

    std::unique_ptr<Members> members_;
    std::optional<Error> error_;
};

} // namespace kith::api
