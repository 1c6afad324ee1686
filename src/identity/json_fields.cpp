#include "identity/json_fields.hpp"

#include "base/bytes.hpp"

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <utility>

namespace kith::identity {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kDepthMax = 2; // objects within each other, the document itself included

} // namespace

// Takes the parser's events. The parser keeps its nesting in a vector of bits, so that no document
// can exhaust the stack.
class JsonFields::Collector final : public nlohmann::json_sax<Json> {
public:
    explicit Collector(JsonFields& into) : into_(into) {}

    bool is_object() const { return is_object_; }

    bool null() override { return stranger(); }
    bool boolean(bool /*value*/) override { return stranger(); }
    bool number_integer(Json::number_integer_t /*negative*/) override { return stranger(); }
    bool number_float(Json::number_float_t /*value*/, const std::string& /*text*/) override {
        return stranger();
    }
    bool binary(Json::binary_t& /*value*/) override { return stranger(); }

    bool number_unsigned(Json::number_unsigned_t value) override {
        return field(std::uint64_t{value});
    }

    // Taking the parser's own buffer leaves it nothing to forget to wipe.
    bool string(std::string& value) override { return field(std::move(value)); }

    bool key(std::string& name) override {
        // A dot in a name would make it look like a field of an object.
        if (name.find('.') != std::string::npos) stranger();
        if (depth_ == 1) {
            path_ = std::move(name);
        } else if (depth_ == kDepthMax) {
            path_ = object_ + "." + name;
        }
        return true;
    }

    bool start_object(std::size_t /*size*/) override {
        if (depth_ == 0) {
            is_object_ = true;
        } else if (depth_ >= kDepthMax || arrays_ > 0 || !objects_.insert(path_).second) {
            stranger();
        } else {
            ++into_.objects_;
        }
        object_ = path_;
        ++depth_;
        return true;
    }

    bool end_object() override {
        --depth_;
        return true;
    }

    bool start_array(std::size_t /*size*/) override {
        ++arrays_;
        return stranger();
    }

    bool end_array() override {
        --arrays_;
        return true;
    }

    bool parse_error(
        std::size_t /*position*/,
        const std::string& /*token*/,
        const nlohmann::detail::exception& /*error*/) override {
        return false;
    }

private:
    bool stranger() {
        into_.has_strangers_ = true;
        return true;
    }

    bool field(Value&& value) {
        const bool is_ours = depth_ >= 1 && depth_ <= kDepthMax && arrays_ == 0;
        if (!is_ours || !into_.fields_.try_emplace(path_, std::move(value)).second) stranger();
        return true;
    }

    JsonFields& into_;
    std::set<std::string, std::less<>> objects_;
    std::string path_;   // of the field whose value comes next
    std::string object_; // the name of the object one level down
    std::size_t depth_ = 0;
    std::size_t arrays_ = 0;
    bool is_object_ = false;
};

std::optional<JsonFields> JsonFields::parse(std::string_view text) {
    // The parser takes a NUL for the end and would not look behind it.
    if (text.find('\0') != std::string_view::npos) return std::nullopt;
    JsonFields fields;
    Collector collector(fields);
    if (!Json::sax_parse(text, &collector) || !collector.is_object()) return std::nullopt;
    return fields;
}

JsonFields::~JsonFields() {
    for (auto& [path, value] : fields_) {
        if (auto* text = std::get_if<std::string>(&value)) {
            wipe(std::as_writable_bytes(std::span(*text)));
        }
    }
}

const std::string* JsonFields::text(std::string_view path) const {
    const auto found = fields_.find(path);
    return found == fields_.end() ? nullptr : std::get_if<std::string>(&found->second);
}

const std::uint64_t* JsonFields::number(std::string_view path) const {
    const auto found = fields_.find(path);
    return found == fields_.end() ? nullptr : std::get_if<std::uint64_t>(&found->second);
}

} // namespace kith::identity
