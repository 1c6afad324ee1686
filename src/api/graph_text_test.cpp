#include "api/graph_text.hpp"
#include "api/target.hpp"
#include "graph/record_codec.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::api {
namespace {

// docs/api.md, Graphs: the rule that gives a word its type.
TEST(GraphText, gives_a_word_the_same_type_everywhere) {
    EXPECT_EQ(to_string(parse_record_type("chat").value()), "3aa530a7-e81a-8ec2-9f20-ab5f98512801");
    EXPECT_EQ(
        to_string(parse_record_type("01234567-89AB-cdef-0123-456789abcdef").value()),
        "01234567-89ab-cdef-0123-456789abcdef");
    EXPECT_FALSE(graph::is_reserved(record_type_of("chat")));
    EXPECT_TRUE(parse_record_type(std::string(64, 'x')));
    for (const std::string text : {"", "two words", "m\xc3\xbcll", "a/b"})
        EXPECT_FALSE(parse_record_type(text)) << text;
    EXPECT_FALSE(parse_record_type(std::string(65, 'x')));
}

TEST(GraphText, reads_attributes) {
    EXPECT_EQ(
        parse_attribute("name=a=b:c"),
        (store::Attribute{"name", store::AttributeType::string, "a=b:c"}));
    EXPECT_EQ(
        parse_attribute("n:int=3"), (store::Attribute{"n", store::AttributeType::integer, "3"}));
    EXPECT_EQ(
        parse_attribute("d:date=2026-01-01"),
        (store::Attribute{"d", store::AttributeType::date, "2026-01-01"}));
    for (const char* text : {"", "name", "n:float=1", "n:=1"})
        EXPECT_FALSE(parse_attribute(text)) << text;
}

TEST(GraphText, reads_node_ids) {
    EXPECT_EQ(node_text(0xABC), "0000000000000abc");
    EXPECT_EQ(parse_node("0000000000000ABC"), 0xABCU);
    for (const char* text : {"", "abc", "0x0000000000000a", "000000000000000g"})
        EXPECT_FALSE(parse_node(text)) << text;
}

TEST(Target, is_a_path_and_parameters) {
    auto target = parse_target("/v1/a%2Fb?x=1&y=%26&x=2&z").value();
    EXPECT_EQ(target.path, (std::vector<std::string>{"v1", "a/b"}));
    EXPECT_EQ(target.parameters.texts("x"), (std::vector<std::string>{"1", "2"}));
    EXPECT_EQ(target.parameters.text("y"), "&");
    const auto left = target.parameters.finish();
    ASSERT_FALSE(left);
    EXPECT_NE(left.error().message.find("\"z\""), std::string::npos);
    EXPECT_EQ(target.parameters.text("z"), "");
    EXPECT_TRUE(target.parameters.finish());
    for (const char* text : {"", "v1", "/%", "/a?%", "/1/2/3/4/5/6/7"})
        EXPECT_FALSE(parse_target(text)) << text;
}

TEST(Target, refuses_numbers_out_of_range) {
    for (const char* text : {"/a?n=0", "/a?n=11", "/a?n=x", "/a?n=", "/a?n=1x"}) {
        auto target = parse_target(text).value();
        EXPECT_EQ(target.parameters.number_or("n", 5, 1, 10), 5);
        EXPECT_FALSE(target.parameters.finish()) << text;
    }
    auto target = parse_target("/a?n=10").value();
    EXPECT_EQ(target.parameters.number_or("n", 5, 1, 10), 10);
    EXPECT_EQ(target.parameters.number_or("m", 5, 1, 10), 5);
    EXPECT_TRUE(target.parameters.finish());
}

} // namespace
} // namespace kith::api
