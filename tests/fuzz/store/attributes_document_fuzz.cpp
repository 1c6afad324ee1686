// The attributes of a record: what reads is written as a document that reads the same.

#include "base/check.hpp"
#include "store/attributes.hpp"
#include "store/limits.hpp"
#include "store/values.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kith::store;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto attributes = parse_attributes(text);
    if (!attributes) return 0;
    KITH_CHECK(attributes->size() <= kAttributesMax);
    for (const Attribute& attribute : *attributes) {
        KITH_CHECK(is_attribute_name(attribute.name) && !is_reserved_name(attribute.name));
        if (attribute.type == AttributeType::integer) KITH_CHECK(number_key(attribute.value));
        if (attribute.type == AttributeType::date) KITH_CHECK(parse_date(attribute.value));
    }
    const auto written = attributes_document(*attributes);
    if (!written) {
        KITH_CHECK(written.error() == AttributesErrc::too_large); // what is escaped is longer
        return 0;
    }
    KITH_CHECK(parse_attributes(*written) == *attributes);
    return 0;
}
