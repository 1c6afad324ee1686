// The target of a request taken apart: the parts of its path and what follows the question mark.

#pragma once

#include "api/error.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::api {

inline constexpr std::size_t kPathPartsMax = 6;     // no route has more
inline constexpr std::size_t kParametersMax = 4096; // as many as the head of a request has room for

/// `name=value` pairs, read strictly: failure is sticky, and `finish()` refuses what nobody read.
class Parameters {
public:
    explicit Parameters(std::vector<std::pair<std::string, std::string>> pairs)
        : pairs_(std::move(pairs)) {}

    /// The last of that name.
    std::optional<std::string> text(std::string_view name);
    std::vector<std::string> texts(std::string_view name);
    std::int64_t
    number_or(std::string_view name, std::int64_t fallback, std::int64_t min, std::int64_t max);

    std::expected<void, Error> finish() const;

private:
    std::vector<std::pair<std::string, std::string>> pairs_;
    std::optional<Error> error_;
};

struct Target {
    std::vector<std::string> path; // decoded
    Parameters parameters;
};

/// Nothing for a text that is no target.
std::optional<Target> parse_target(std::string_view text);

/// Matches `path` with `pattern`, in which a `*` stands for any part; the parts it stood for.
std::optional<std::vector<std::string>>
match_path(std::string_view pattern, const std::vector<std::string>& path);

} // namespace kith::api
