// The API's documents (docs/api.md) as text for people. Pure: the same document and page give the
// same text. Members that are missing leave their place empty. Everything ends with a line end.

#pragma once

#include "cli/document.hpp"
#include "cli/page.hpp"

#include <cstddef>
#include <string>

namespace kith::cli {

/// Bytes of a binary payload that are shown; `--payload-out` has them all.
inline constexpr std::size_t kHexDumpSizeMax = 256;

/// The payload of a name or a record: a text with its lines, any other as a hexadecimal dump.
void add_payload(Facts& facts, const Json& document);

std::string render_status(const Json& status, const Page& page);

std::string render_clouds(const Json& clouds, const Page& page);
std::string render_cloud(const Json& cloud, const Page& page);
std::string render_peers(const Json& peers, const Page& page);

std::string render_identities(const Json& identities, const Page& page);
std::string render_identity(const Json& identity, const Page& page);
std::string render_card(const Json& card, const Page& page);
std::string render_delegation(const Json& delegation, const Page& page);

std::string render_names(const Json& names, const Page& page);
std::string render_name(const Json& name, const Page& page);

std::string render_resolution(const Json& resolution, const Page& page);
std::string render_registrations(const Json& found, const Page& page);

} // namespace kith::cli
