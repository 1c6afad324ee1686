#include "base/argument_words.hpp"

#include <utility>

namespace kith {

std::vector<std::string> split_empty_values(std::vector<std::string> words) {
    std::vector<std::string> out;
    bool may_be_options = true;
    for (std::string& word : words) {
        may_be_options = may_be_options && word != "--";
        const bool is_split = may_be_options && word.size() > 3 && word.starts_with("--") &&
                              word.find('=') == word.size() - 1;
        if (is_split) word.pop_back();
        out.push_back(std::move(word));
        if (is_split) out.emplace_back();
    }
    return out;
}

} // namespace kith
