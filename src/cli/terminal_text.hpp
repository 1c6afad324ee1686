// Text from strangers made fit for a terminal. Comments, payloads and names come from the network;
// written as they are they could move the cursor, change colours, retitle the window, or reorder
// what is read (bidirectional controls). Nothing reaches a terminal without passing here.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kith::cli {

/// `text` with everything that is no visible character or space replaced by an escape: `\n`, `\t`,
/// `\x1b` for a byte (also one that is not well-formed UTF-8), `\u{202e}` for a code point
/// (controls, formats, line separators, private use, unassigned). A backslash stays as it is: the
/// form is for reading; `--json` has the exact text.
std::string printable(std::string_view text);

/// True if `text` is well-formed UTF-8 in which `printable` would change only line ends and tabs.
bool is_plain_text(std::string_view text);

/// The columns that `text` takes on a terminal: wide characters two, combining ones none.
/// Meant for what `printable` returned.
std::size_t columns_of(std::string_view text);

} // namespace kith::cli
