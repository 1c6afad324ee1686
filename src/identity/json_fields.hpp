// The fields of a small JSON document, read strictly: one object that holds texts, whole numbers
// and objects of the same one level down. Whatever else JSON can say is not a field.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace kith::identity {

class JsonFields {
public:
    /// Nothing unless `text` is one well-formed JSON object in UTF-8. Never throws.
    static std::optional<JsonFields> parse(std::string_view text);

    JsonFields(JsonFields&&) noexcept = default;
    JsonFields& operator=(JsonFields&&) = delete;
    JsonFields(const JsonFields&) = delete;
    JsonFields& operator=(const JsonFields&) = delete;

    /// Wipes every text: one of them may be a key.
    ~JsonFields();

    /// True if something was there that is not a field: an array, a fraction, a negative number,
    /// null, true or false, a deeper object, or the same name twice. A later version may use these,
    /// so they do not keep the version from being read.
    bool has_strangers() const { return has_strangers_; }

    /// How many fields there are, in the objects as well; each object counts as one more.
    std::size_t size() const { return fields_.size() + objects_; }

    /// The field at `path`, "name" or "object.name"; nullptr if it is absent or not of this type.
    const std::string* text(std::string_view path) const;
    const std::uint64_t* number(std::string_view path) const;

private:
    class Collector;
    using Value = std::variant<std::string, std::uint64_t>;

    JsonFields() = default;

    std::map<std::string, Value, std::less<>> fields_;
    std::size_t objects_ = 0;
    bool has_strangers_ = false;
};

} // namespace kith::identity
