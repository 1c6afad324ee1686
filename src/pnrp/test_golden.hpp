// Reads the golden vectors of tests/golden/pnrp.

#pragma once

#include "base/bytes.hpp"
#include "base/check.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <string>

namespace kith::pnrp {

/// The bytes of `<folder>/<name>.hex`. Aborts if there is no such file: a test without its vector
/// shows nothing.
inline Bytes golden(const std::string& folder, const std::string& name) {
    std::ifstream file(std::string(KITH_GOLDEN_DIR) + "/" + folder + "/" + name + ".hex");
    KITH_CHECK(file.is_open());
    std::string digits((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::erase_if(digits, [](unsigned char c) { return std::isspace(c) != 0; });
    auto bytes = from_hex(digits);
    KITH_CHECK(bytes.has_value() && !bytes->empty());
    return std::move(*bytes);
}

/// The array that `digits` spell.
template<std::size_t N>
ByteArray<N> hex_array(const std::string& digits) {
    const auto bytes = from_hex(digits);
    KITH_CHECK(bytes.has_value() && bytes->size() == N);
    ByteArray<N> out{};
    std::ranges::copy(*bytes, out.begin());
    return out;
}

} // namespace kith::pnrp
