// Searches as people type them: `name=alice and age>30`.

#pragma once

#include "cli/failure.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace kith::cli {

/// The `<peersearch>` document (docs/api.md) for `text`; one that begins with `<` is that document
/// already. The short form (docs/cli.md):
///
///     search := all ("or" all)*      all := part ("and" part)*
///     part := "(" search ")" | NAME [":" TYPE] COMPARISON VALUE
///
/// with the comparisons `=`, `!=`, `<`, `<=`, `>` and `>=` and the types `string`, `int` and
/// `date`. A value is one word, or stands in double quotes, in which a backslash takes the meaning
/// of a quote away. Without a type, digits without quotes are a number or a text alike where they
/// are compared with `=` and `!=`, and a number otherwise; `peercreationtime` and
/// `peerlastmodificationtime` are dates; everything else is a text, or after `<` and `>` a date if
/// it looks like one.
std::expected<std::string, Failure> search_document(std::string_view text);

} // namespace kith::cli
