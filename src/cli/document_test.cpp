#include "cli/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Document, ReadsMembersOfTheirType) {
    const Json document = Json::parse(
        R"({"t": "x", "n": 1.5, "f": true, "l": ["a", 3, "b"], "o": {"k": 1}, "z": null})");
    EXPECT_EQ(text_of(document, "t"), "x");
    EXPECT_EQ(number_of(document, "n"), 1.5);
    EXPECT_TRUE(flag_of(document, "f"));
    EXPECT_THAT(texts_of(document, "l"), ElementsAre("a", "b"));
    EXPECT_EQ(number_of(object_of(document, "o"), "k"), 1);
}

TEST(Document, ReadsOtherTypesAndMissingMembersAsAbsent) {
    for (const char* text : {R"({"k": null})", "{}", "[]", "3", R"({"k": {"a": []}})"}) {
        const Json document = Json::parse(text);
        EXPECT_EQ(text_of(document, "k"), "") << text;
        EXPECT_EQ(number_of(document, "k"), std::nullopt) << text;
        EXPECT_FALSE(flag_of(document, "k")) << text;
        EXPECT_THAT(list_of(document, "k"), IsEmpty()) << text;
        EXPECT_EQ(bytes_of(document, "k"), std::nullopt) << text;
    }
    EXPECT_FALSE(flag_of(Json::parse(R"({"k": "true"})"), "k"));
}

TEST(Document, Base64GoesThereAndBack) {
    std::string bytes;
    for (unsigned size = 0; size < 20; ++size) {
        EXPECT_EQ(bytes_of(Json{{"b", to_base64(bytes)}}, "b"), bytes);
        bytes.push_back(static_cast<char>(size * 37));
    }
    EXPECT_EQ(to_base64("hi!?"), "aGkhPw==");
}

TEST(Document, RefusesWhatIsNotBase64) {
    for (const char* text : {"a", "aGk", "aG k", "aGkhPw==x", "====", "aGkhPw"})
        EXPECT_EQ(bytes_of(Json{{"b", text}}, "b"), std::nullopt) << text;
}

} // namespace
} // namespace kith::cli
