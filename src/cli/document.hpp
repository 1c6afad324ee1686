// The API's JSON documents (docs/api.md), read without trust: a member that is missing or has
// another type than documented reads as absent, so a newer or broken daemon never ends the program.

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::cli {

/// Members keep the daemon's order, so that `--json` prints the document that was sent.
using Json = nlohmann::ordered_json;

/// The string member `key`, or "".
std::string text_of(const Json& document, std::string_view key);

/// The member `key` as a number, or nothing.
std::optional<double> number_of(const Json& document, std::string_view key);

/// True if the member `key` is the literal true.
bool flag_of(const Json& document, std::string_view key);

/// The array member `key`, or an empty array. Borrowed from `document`.
const Json& list_of(const Json& document, std::string_view key);

/// The object member `key`, or an empty object. Borrowed from `document`.
const Json& object_of(const Json& document, std::string_view key);

/// The strings of the array member `key`; elements of another type are left out.
std::vector<std::string> texts_of(const Json& document, std::string_view key);

/// The decoded bytes of the base64 member `key`. Nothing if it is null, absent or not base64.
std::optional<std::string> bytes_of(const Json& document, std::string_view key);

/// `bytes` in base64 with padding (RFC 4648 section 4).
std::string to_base64(std::string_view bytes);

} // namespace kith::cli
