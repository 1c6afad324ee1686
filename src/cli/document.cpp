#include "cli/document.hpp"

#include <sodium.h>

namespace kith::cli {

namespace {

const Json* member_of(const Json& document, std::string_view key) {
    if (!document.is_object()) return nullptr;
    const auto found = document.find(key);
    return found == document.end() ? nullptr : &*found;
}

} // namespace

std::string text_of(const Json& document, std::string_view key) {
    const Json* member = member_of(document, key);
    if (member == nullptr || !member->is_string()) return {};
    return member->get_ref<const std::string&>();
}

std::optional<double> number_of(const Json& document, std::string_view key) {
    const Json* member = member_of(document, key);
    if (member == nullptr || !member->is_number()) return std::nullopt;
    return member->get<double>();
}

bool flag_of(const Json& document, std::string_view key) {
    const Json* member = member_of(document, key);
    return member != nullptr && member->is_boolean() && member->get<bool>();
}

const Json& list_of(const Json& document, std::string_view key) {
    static const Json empty = Json::array();
    const Json* member = member_of(document, key);
    return member != nullptr && member->is_array() ? *member : empty;
}

const Json& object_of(const Json& document, std::string_view key) {
    static const Json empty = Json::object();
    const Json* member = member_of(document, key);
    return member != nullptr && member->is_object() ? *member : empty;
}

std::vector<std::string> texts_of(const Json& document, std::string_view key) {
    std::vector<std::string> texts;
    for (const Json& element : list_of(document, key)) {
        if (element.is_string()) texts.push_back(element.get_ref<const std::string&>());
    }
    return texts;
}

std::optional<std::string> bytes_of(const Json& document, std::string_view key) {
    const Json* member = member_of(document, key);
    if (member == nullptr || !member->is_string()) return std::nullopt;
    const auto& text = member->get_ref<const std::string&>();
    std::string bytes(text.size() / 4 * 3, '\0');
    std::size_t size = 0;
    const int refused = sodium_base642bin(
        reinterpret_cast<unsigned char*>(bytes.data()),
        bytes.size(),
        text.data(),
        text.size(),
        nullptr,
        &size,
        nullptr,
        sodium_base64_VARIANT_ORIGINAL);
    if (refused != 0) return std::nullopt;
    bytes.resize(size);
    return bytes;
}

std::string to_base64(std::string_view bytes) {
    std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(
        text.data(),
        text.size(),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        bytes.size(),
        sodium_base64_VARIANT_ORIGINAL);
    text.pop_back(); // the terminating NUL that libsodium counts
    return text;
}

} // namespace kith::cli
