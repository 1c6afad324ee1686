#include "base/check.hpp"
#include "identity/json_fields.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::identity {
namespace {

JsonFields fields_of(std::string_view text) {
    auto fields = JsonFields::parse(text);
    KITH_CHECK(fields.has_value());
    return std::move(*fields);
}

TEST(JsonFields, HoldsTextsAndNumbersOfTwoLevels) {
    const auto fields = fields_of(R"( {"a": "x\u00eb", "n": 18446744073709551615,
                                       "o": {"a": "y", "n": 0}, "b": ""} )");
    EXPECT_FALSE(fields.has_strangers());
    EXPECT_EQ(fields.size(), 6U);
    EXPECT_EQ(*fields.text("a"), "x\xc3\xab");
    EXPECT_EQ(*fields.text("b"), "");
    EXPECT_EQ(*fields.number("n"), 18446744073709551615U);
    EXPECT_EQ(*fields.text("o.a"), "y");
    EXPECT_EQ(*fields.number("o.n"), 0U);
}

TEST(JsonFields, HasNothingWhereTheTypeIsAnother) {
    const auto fields = fields_of(R"({"a": "1", "n": 1, "o": {}})");
    EXPECT_EQ(fields.number("a"), nullptr);
    EXPECT_EQ(fields.text("n"), nullptr);
    EXPECT_EQ(fields.text("o"), nullptr);
    EXPECT_EQ(fields.text("absent"), nullptr);
    EXPECT_EQ(fields.number(""), nullptr);
    EXPECT_EQ(fields.size(), 3U);
}

TEST(JsonFields, NoticesWhateverIsNoField) {
    for (const std::string_view value :
         {"null",
          "true",
          "false",
          "-1",
          "-0",
          "1.0",
          "1e3",
          "18446744073709551616",
          "[]",
          "[1]",
          "[{}]",
          "[{\"a\": 1}]",
          "{\"a\": {}}",
          "{\"a\": {\"b\": 1}}",
          "{\"a\": [1]}",
          "{\"a\": null}"}) {
        const auto fields = fields_of("{\"before\": 1, \"x\": " + std::string(value) + "}");
        EXPECT_TRUE(fields.has_strangers()) << value;
        EXPECT_EQ(*fields.number("before"), 1U);
    }
}

// A later version may hold anything, and still its version must be found.
TEST(JsonFields, FindsAFieldBehindStrangers) {
    const auto fields = fields_of(
        R"({"x": [[{"version": 7, "y": {"version": 8}}]], "o": {"p": {"q": 1}, "r": 2},
            "version": 3})");
    EXPECT_TRUE(fields.has_strangers());
    EXPECT_EQ(*fields.number("version"), 3U);
}

TEST(JsonFields, TakesNoNameTwice) {
    for (const std::string_view text :
         {R"({"a": 1, "a": 1})",
          R"({"a": 1, "b": 2, "a": "x"})",
          R"({"a": 1, "\u0061": 2})",
          R"({"o": {"a": 1, "a": 1}})",
          R"({"o": {"a": 1}, "o": {"b": 1}})",
          R"({"o": {}, "o": {}})",
          R"({"o": {"a": 1}, "o.a": 1})",
          R"({"o.a": 1})"}) {
        EXPECT_TRUE(fields_of(text).has_strangers()) << text;
    }
    EXPECT_EQ(*fields_of(R"({"a": 1, "a": 2})").number("a"), 1U);
    EXPECT_TRUE(fields_of(R"({"a": 1, "a": {}})").size() == 2);
}

TEST(JsonFields, IsOneWellFormedObject) {
    for (const std::string_view text :
         {"",
          " ",
          "{",
          "}",
          "{}x",
          "{}{}",
          "[]",
          "1",
          "null",
          "\"a\"",
          "{\"a\"}",
          "{\"a\":}",
          "{\"a\": 1,}",
          "{'a': 1}",
          "{\"a\": 01}",
          "{\"a\": \"\x01\"}",
          "{\"a\": \"\xff\"}",
          "{\"a\": \"\xed\xa0\x80\"}",
          "{\"a\": \"\\ud800\"}",
          "{\"a\": 1} // comment"}) {
        EXPECT_FALSE(JsonFields::parse(text).has_value()) << text;
    }
    EXPECT_FALSE(JsonFields::parse(std::string_view("{}\0", 3)).has_value());
    EXPECT_EQ(fields_of("{}").size(), 0U);
}

// 32 KiB of brackets: neither the reader nor what it leaves behind may recurse.
TEST(JsonFields, SurvivesAnyDepth) {
    constexpr std::size_t kDepth = 32'768;
    const std::string arrays = std::string(kDepth, '[') + std::string(kDepth, ']');
    EXPECT_TRUE(fields_of("{\"a\": " + arrays + "}").has_strangers());
    std::string objects;
    for (std::size_t i = 0; i < kDepth; ++i)
        objects += "{\"a\":";
    EXPECT_TRUE(fields_of(objects + "1" + std::string(kDepth, '}')).has_strangers());
    EXPECT_FALSE(JsonFields::parse(objects).has_value());
}

} // namespace
} // namespace kith::identity
