// The words of a command line, before an option parser reads them.

#pragma once

#include <string>
#include <vector>

namespace kith {

/// `--name=` as the two words `--name` and an empty one, in all before the first `--`: CLI11 2.1
/// takes the word behind `--name=` for its value.
std::vector<std::string> split_empty_values(std::vector<std::string> words);

} // namespace kith
