// Reads the golden vectors of tests/golden/graph.

#pragma once

#include "base/bytes.hpp"
#include "base/check.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <string>

namespace kith::graph {

/// The bytes of `<name>.hex`. Aborts if there is no such file: a test without its vector shows
/// nothing.
inline Bytes golden(const std::string& name) {
    std::ifstream file(std::string(KITH_GRAPH_GOLDEN_DIR) + "/" + name + ".hex");
    KITH_CHECK(file.is_open());
    std::string digits((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::erase_if(digits, [](unsigned char c) { return std::isspace(c) != 0; });
    auto bytes = from_hex(digits);
    KITH_CHECK(bytes.has_value() && !bytes->empty());
    return std::move(*bytes);
}

} // namespace kith::graph
