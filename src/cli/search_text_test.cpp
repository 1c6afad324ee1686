#include "cli/search_text.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::cli {
namespace {

std::string clause(
    const std::string& name,
    const std::string& type,
    const std::string& compare,
    const std::string& value) {
    return "<clause attrib=\"" + name + "\" type=\"" + type + "\" compare=\"" + compare + "\">" +
           value + "</clause>";
}

std::string inside(std::string_view text) {
    const auto document = search_document(text);
    if (!document) return "refused: " + document.error().sentence;
    constexpr std::string_view kBegin = "<peersearch>";
    constexpr std::string_view kEnd = "</peersearch>";
    EXPECT_TRUE(document->starts_with(kBegin) && document->ends_with(kEnd)) << *document;
    return document->substr(kBegin.size(), document->size() - kBegin.size() - kEnd.size());
}

TEST(SearchText, leaves_a_document_as_it_is) {
    EXPECT_EQ(search_document("<peersearch/>").value(), "<peersearch/>");
}

TEST(SearchText, leaves_a_document_as_it_is_behind_blanks) {
    EXPECT_EQ(search_document("\n \t<peersearch/>\n").value(), "<peersearch/>\n");
}

TEST(SearchText, takes_a_date_for_a_text_or_a_date) {
    for (const char* date : {"2026-01-01", "2026-01", "2026-01-01T10:00Z"}) {
        EXPECT_EQ(
            inside(std::string("d=") + date),
            "<or>" + clause("d", "string", "equal", date) + clause("d", "date", "equal", date) +
                "</or>");
        EXPECT_EQ(inside(std::string("d>") + date), clause("d", "date", "greater", date));
    }
    EXPECT_EQ(inside("d=2026-99"), clause("d", "string", "equal", "2026-99"));
    EXPECT_EQ(inside("d=\"2026-01\""), clause("d", "string", "equal", "2026-01"));
}

TEST(SearchText, takes_the_word_of_a_type_for_its_guid) {
    const std::string chat = "3aa530a7-e81a-8ec2-9f20-ab5f98512801";
    for (const auto& value : {std::string("chat"), std::string("\"chat\""), chat}) {
        EXPECT_EQ(
            inside("peerrecordtype=" + value), clause("peerrecordtype", "string", "equal", chat));
    }
    EXPECT_EQ(
        inside("peerrecordtype!=3aa530a7-*"),
        clause("peerrecordtype", "string", "notequal", "3aa530a7-*"));
    EXPECT_EQ(
        inside("peerrecordtype=2026-01-01").find("<or>"), std::string::npos); // a word, no date
}

TEST(SearchText, refuses_what_would_mean_something_else) {
    for (const char* text : {"n>-1", "n<=+5", "n<1.5", "n>1e9"})
        EXPECT_NE(inside(text).find("is no number of digits alone"), std::string::npos) << text;
    for (const char* text : {"s==x", "s=<5", "s=>5", "s<>x"})
        EXPECT_NE(inside(text).find("is no comparison"), std::string::npos) << text;
    EXPECT_EQ(inside("n=-1"), clause("n", "string", "equal", "-1"));
    EXPECT_EQ(inside("n>\"-1\""), clause("n", "string", "greater", "-1"));
    EXPECT_EQ(inside("s=\"=x\""), clause("s", "string", "equal", "=x"));
}

TEST(SearchText, reads_each_comparison) {
    EXPECT_EQ(inside("a=x"), clause("a", "string", "equal", "x"));
    EXPECT_EQ(inside(" a != x "), clause("a", "string", "notequal", "x"));
    EXPECT_EQ(inside("a<x"), clause("a", "string", "less", "x"));
    EXPECT_EQ(inside("a<=x"), clause("a", "string", "lessorequal", "x"));
    EXPECT_EQ(inside("a>x"), clause("a", "string", "greater", "x"));
    EXPECT_EQ(inside("a>=x"), clause("a", "string", "greaterorequal", "x"));
}

TEST(SearchText, joins_and_tighter_than_or) {
    const std::string a = clause("a", "string", "equal", "x");
    const std::string b = clause("b", "string", "equal", "y");
    const std::string c = clause("c", "string", "equal", "z");
    EXPECT_EQ(inside("a=x and b=y and c=z"), "<and>" + a + b + c + "</and>");
    EXPECT_EQ(inside("a=x or b=y and c=z"), "<or>" + a + "<and>" + b + c + "</and></or>");
    EXPECT_EQ(inside("(a=x or b=y) and c=z"), "<and><or>" + a + b + "</or>" + c + "</and>");
    EXPECT_EQ(inside("a=x and(b=y)"), "<and>" + a + b + "</and>");
    // A word that only begins like one of the two is a name.
    EXPECT_EQ(
        inside("order=x or android=y"),
        "<or>" + clause("order", "string", "equal", "x") +
            clause("android", "string", "equal", "y") + "</or>");
}

TEST(SearchText, finds_the_type_of_a_value) {
    EXPECT_EQ(inside("age>30"), clause("age", "int", "greater", "30"));
    EXPECT_EQ(
        inside("age=30"),
        "<or>" + clause("age", "string", "equal", "30") + clause("age", "int", "equal", "30") +
            "</or>");
    EXPECT_EQ(inside("age=\"30\""), clause("age", "string", "equal", "30"));
    EXPECT_EQ(inside("age:int=30"), clause("age", "int", "equal", "30"));
    EXPECT_EQ(inside("born<1999-12-31"), clause("born", "date", "less", "1999-12-31"));
    EXPECT_EQ(inside("born:date=1999"), clause("born", "date", "equal", "1999"));
    EXPECT_EQ(
        inside("peercreationtime>2026"), clause("peercreationtime", "date", "greater", "2026"));
}

TEST(SearchText, takes_quotes_and_escapes_as_they_are_meant) {
    EXPECT_EQ(
        inside(R"(a="x \"y\" and <z> & \*")"),
        clause("a", "string", "equal", R"(x "y" and &lt;z&gt; &amp; \*)"));
    EXPECT_EQ(inside("a=\"\""), clause("a", "string", "equal", ""));
    EXPECT_EQ(inside("a=x*y?"), clause("a", "string", "equal", "x*y?"));
}

TEST(SearchText, says_what_is_wrong) {
    for (const char* text :
         {"",
          "a",
          "a=",
          "=x",
          "a=x and",
          "a=x b=y",
          "(a=x",
          "a=x)",
          "a=\"x",
          "a:float=1",
          "a~x",
          "and",
          "a_b=x"}) {
        const auto refused = search_document(text);
        ASSERT_FALSE(refused) << text;
        EXPECT_EQ(refused.error().exit_code, kExitUsage);
        EXPECT_NE(refused.error().sentence.find("search"), std::string::npos);
    }
    EXPECT_FALSE(search_document(std::string(100, '(') + "a=x" + std::string(100, ')')));
}

} // namespace
} // namespace kith::cli
