#include "api/encoding.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::api {
namespace {

// RFC 4648 10.
TEST(Base64, has_the_vectors_of_its_document) {
    const std::pair<const char*, const char*> vectors[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"}};
    for (const auto& [text, encoded] : vectors) {
        EXPECT_EQ(to_base64(as_bytes(text)), encoded);
        const auto back = from_base64(encoded);
        ASSERT_TRUE(back) << encoded;
        EXPECT_EQ(as_text(*back), text);
    }
}

TEST(Base64, has_one_form_only) {
    for (const char* text : {"Zg", "Zg=", "Zg===", "Zh==", "Z g==", "Zg==\n", "Zm9v-_8=", "=", "A"})
        EXPECT_FALSE(from_base64(text)) << text;
}

TEST(Rfc3339, prints_dates_in_utc) {
    using std::chrono::seconds;
    EXPECT_EQ(to_rfc3339(wall_from_unix(seconds(0))), "1970-01-01T00:00:00Z");
    EXPECT_EQ(to_rfc3339(wall_from_unix(seconds(1'709'251'199))), "2024-02-29T23:59:59Z");
    EXPECT_EQ(to_rfc3339(WallTime{}), "1601-01-01T00:00:00Z");
    EXPECT_EQ(to_rfc3339(WallTime::max()), "9999-12-31T23:59:59Z");
}

TEST(PercentDecode, reads_what_a_path_may_hold) {
    EXPECT_EQ(percent_decode("alice"), "alice");
    EXPECT_EQ(percent_decode("a%20b%2Fc%c3%A9"), "a b/c\xc3\xa9");
    EXPECT_EQ(percent_decode(""), "");
    for (const char* text : {"%", "%2", "a%2", "%zz", "%2z"})
        EXPECT_FALSE(percent_decode(text)) << text;
}

} // namespace
} // namespace kith::api
