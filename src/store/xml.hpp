// Documents from strangers: a part of XML that has nothing to expand, fetch or disagree on.

#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace kith::store {

/// Reads `text` (UTF-8) into `document` and returns its only root; nothing unless it is well-formed
/// and has neither a document type, entities beyond the five of XML, nor processing instructions.
/// `document` must outlive what is returned.
std::optional<pugi::xml_node> read_xml(std::string_view text, pugi::xml_document& document);

/// The text of an element without elements in it; nothing if it has any.
std::optional<std::string> text_of(pugi::xml_node element);

/// True if there is nothing but elements and white space directly below `element`.
bool has_only_elements(pugi::xml_node element);

} // namespace kith::store
