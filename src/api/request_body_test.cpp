#include "api/request_body.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::api {
namespace {

RequestBody body(std::string_view text) {
    auto parsed = RequestBody::parse(text);
    EXPECT_TRUE(parsed) << text;
    return std::move(*parsed);
}

TEST(RequestBody, reads_members_of_every_kind) {
    RequestBody request =
        body(R"({"a": "x", "b": null, "c": true, "d": 42, "e": ["p", "q"], "f": "s"})");
    EXPECT_EQ(request.text("a"), "x");
    EXPECT_EQ(request.optional_text("b"), std::nullopt);
    EXPECT_TRUE(request.flag_or("c", false));
    EXPECT_EQ(request.number_or("d", 0, 1, 100), 42);
    EXPECT_EQ(request.texts("e"), (std::vector<std::string>{"p", "q"}));
    EXPECT_EQ(request.secret("f")->text(), "s");
    EXPECT_EQ(request.text_or("absent", "default"), "default");
    EXPECT_TRUE(request.finish());
}

TEST(RequestBody, takes_null_for_a_text_that_may_be_absent) {
    RequestBody request = body(R"({"a": null, "b": null})");
    EXPECT_EQ(request.text_or("a", "default"), "default");
    EXPECT_EQ(request.optional_text("b"), std::nullopt);
    EXPECT_TRUE(request.finish());
}

TEST(RequestBody, refuses_what_is_no_object) {
    for (const char* text :
         {"[]",
          "1",
          "\"x\"",
          "null",
          "{",
          "{} {}",
          "{'a': 1}",
          "{\"a\":}",
          "\xff",
          "{\"a\": \"\xff\"}"})
        EXPECT_FALSE(RequestBody::parse(text)) << text;
    EXPECT_TRUE(RequestBody::parse(""));
}

TEST(RequestBody, survives_the_deepest_nesting) {
    EXPECT_FALSE(RequestBody::parse(std::string(kRequestSizeMax, '[')));
    std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
    RequestBody request = body(deep);
    EXPECT_FALSE(request.finish());
}

TEST(RequestBody, refuses_members_that_nobody_reads) {
    RequestBody request = body(R"({"adress": "x"})");
    EXPECT_EQ(request.text_or("address", ""), "");
    const auto end = request.finish();
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, ErrorCode::bad_request);
    EXPECT_NE(end.error().message.find("adress"), std::string::npos);
}

TEST(RequestBody, refuses_a_member_that_is_there_twice) {
    const auto twice = RequestBody::parse(R"({"a": "x", "b": {"a": 1}, "a": "y"})");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, ErrorCode::bad_request);
    EXPECT_TRUE(RequestBody::parse(R"({"a": "x", "b": {"a": 1}})"));
}

TEST(RequestBody, refuses_members_of_another_kind) {
    const auto refuses = [](const char* text, auto read) {
        RequestBody request = body(text);
        read(request);
        return !request.finish();
    };
    EXPECT_TRUE(refuses(R"({"a": 1})", [](RequestBody& b) { b.text("a"); }));
    EXPECT_TRUE(refuses("{}", [](RequestBody& b) { b.text("a"); }));
    EXPECT_TRUE(refuses(R"({"a": 1})", [](RequestBody& b) { b.optional_text("a"); }));
    EXPECT_TRUE(refuses(R"({"a": "true"})", [](RequestBody& b) { b.flag_or("a", false); }));
    EXPECT_TRUE(refuses(R"({"a": ["x", 1]})", [](RequestBody& b) { b.texts("a"); }));
    EXPECT_TRUE(refuses(R"({"a": "x"})", [](RequestBody& b) { b.texts("a"); }));
    for (const char* number : {"0", "101", "1.5", "-1", "18446744073709551615", "\"5\"", "null"}) {
        const std::string text = std::string(R"({"a": )") + number + "}";
        EXPECT_TRUE(refuses(text.c_str(), [](RequestBody& b) { b.number_or("a", 5, 1, 100); }))
            << number;
    }
}

TEST(RequestBody, bounds_its_lists) {
    std::string text = R"({"a": ["x")";
    for (std::size_t i = 1; i < kTextsMax; ++i)
        text += R"(, "x")";
    RequestBody fits = body(text + "]}");
    EXPECT_EQ(fits.texts("a").size(), kTextsMax);
    EXPECT_TRUE(fits.finish());
    RequestBody over = body(text + R"(, "x"]})");
    EXPECT_TRUE(over.texts("a").empty());
    EXPECT_FALSE(over.finish());
}

TEST(RequestBody, takes_no_empty_secret_and_misses_none_silently) {
    RequestBody empty = body(R"({"password": ""})");
    EXPECT_EQ(empty.secret("password"), nullptr);
    EXPECT_FALSE(empty.finish());
    RequestBody missing = body("{}");
    EXPECT_EQ(missing.secret_or_null("passphrase"), nullptr);
    EXPECT_FALSE(missing.finish());
    RequestBody null = body(R"({"passphrase": null})");
    EXPECT_EQ(null.secret_or_null("passphrase"), nullptr);
    EXPECT_TRUE(null.finish());
}

TEST(RequestBody, never_repeats_a_value_in_an_error) {
    RequestBody request = body(R"({"pasphrase": "sesame"})");
    const auto end = request.finish();
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().message.find("sesame"), std::string::npos);
}

} // namespace
} // namespace kith::api
