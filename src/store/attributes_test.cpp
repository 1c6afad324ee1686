#include "store/attributes.hpp"
#include "store/limits.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::store {
namespace {

std::string around(std::string_view inside) {
    return "<attributes>" + std::string(inside) + "</attributes>";
}

AttributesErrc error_of(std::string_view xml) {
    const auto parsed = parse_attributes(xml);
    EXPECT_FALSE(parsed) << xml;
    return parsed ? AttributesErrc{} : parsed.error();
}

// GRAPH-079
TEST(Attributes, ReadsTheDocumentedExample) {
    const auto attributes =
        parse_attributes("<attributes><attribute name=\"Owner\" type=\"string\">Scott</attribute>"
                         "<attribute name=\"Birthday\" type=\"date\">1972-04-04</attribute>"
                         "<attribute name=\"Priority\" type=\"int\">1</attribute></attributes>");
    ASSERT_TRUE(attributes);
    const std::vector<Attribute> expected{
        {"Owner", AttributeType::string, "Scott"},
        {"Birthday", AttributeType::date, "1972-04-04"},
        {"Priority", AttributeType::integer, "1"}};
    EXPECT_EQ(*attributes, expected);
}

TEST(Attributes, ReadsNoneAndRepeatedNamesAndText) {
    EXPECT_EQ(parse_attributes(""), std::vector<Attribute>{});
    EXPECT_EQ(parse_attributes("<attributes/>"), std::vector<Attribute>{});
    EXPECT_EQ(
        parse_attributes("\xEF\xBB\xBF<?xml version='1.0' encoding='utf-16'?>\n<attributes>\n "
                         "<!-- two --><attribute type='string' name='a'> x &lt;&#x20AC;"
                         "<![CDATA[&y;]]><!-- - -->z</attribute>"
                         "<attribute name='a' type='string'> </attribute>\n</attributes>\n"),
        (std::vector<Attribute>{
            {"a", AttributeType::string, " x <\xE2\x82\xAC&y;z"},
            {"a", AttributeType::string, " "}}));
}

// GRAPH-079, GRAPH-265: anything else is no attributes document.
TEST(Attributes, RefusesOtherDocuments) {
    const std::string good = "<attribute name='a' type='string'>v</attribute>";
    for (const std::string& xml : {
             std::string(" "),
             std::string("text"),
             std::string("<Attributes/>"),
             std::string("<attributes>"),
             around(good) + around(good),
             around(good) + "text",
             "text" + around(good),
             around("text" + good),
             "<attributes x='1'>" + good + "</attributes>",
             "<attributes xmlns='urn:x'>" + good + "</attributes>",
             around("<attribute name='a'>v</attribute>"),
             around("<attribute type='string'>v</attribute>"),
             around("<attribute name='a' name='b' type='string'>v</attribute>"),
             around("<attribute name='a' type='text'>v</attribute>"),
             around("<attribute name='a' type='string' x='1'>v</attribute>"),
             around("<attribute name='a' type='string'><b/></attribute>"),
             around("<other name='a' type='string'>v</other>"),
             around(good + "<attributes/>"),
             around("<attribute name='a' type='string'>\x01</attribute>"),
             around("<attribute name='a' type='string'>\xFF</attribute>"),
             around("<attribute name='a' type='string'>\xEF\xBF\xBF</attribute>"),
         }) {
        EXPECT_EQ(error_of(xml), AttributesErrc::not_attributes) << xml;
    }
}

TEST(Attributes, RefusesWhatExpandsOrFetches) {
    for (const std::string& xml : {
             "<!DOCTYPE attributes>" + around(""),
             "<!DOCTYPE a [<!ENTITY e 'x'>]>" + around(""),
             "<?other thing?>" + around(""),
             around("<?xml-stylesheet href='x'?>"),
             around("<attribute name='a' type='string'>&e;</attribute>"),
             around("<attribute name='a' type='string'>&</attribute>"),
             around("<attribute name='a' type='string'>&#0;</attribute>"),
             around("<attribute name='a' type='string'>&#xFFFE;</attribute>"),
             around("<attribute name='a' type='string'>&#x110000;</attribute>"),
             around("<attribute name='a' type='string'>&#99999999999;</attribute>"),
             around("<!-- "),
         }) {
        EXPECT_EQ(error_of(xml), AttributesErrc::not_attributes) << xml;
    }
}

TEST(Attributes, RefusesBadNamesAndValues) {
    const auto one = [](std::string_view name, std::string_view type, std::string_view value) {
        return around(
            "<attribute name='" + std::string(name) + "' type='" + std::string(type) + "'>" +
            std::string(value) + "</attribute>");
    };
    const std::string longest(40, 'n');
    EXPECT_TRUE(parse_attributes(one(longest, "string", "")));
    for (const std::string& name :
         {std::string(),
          longest + "n",
          std::string("a-b"),
          std::string("a_b"),
          std::string("\xC3\xB6"),
          std::string("a b")}) {
        EXPECT_EQ(error_of(one(name, "string", "v")), AttributesErrc::bad_name) << name;
    }
    for (const char* name :
         {"peerlastmodifiedby",
          "peercreatorid",
          "peerlastmodificationtime",
          "peerrecordid",
          "peerrecordtype",
          "peercreationtime"}) {
        EXPECT_EQ(error_of(one(name, "string", "v")), AttributesErrc::reserved_name) << name;
    }
    EXPECT_TRUE(parse_attributes(one("a", "int", "007")));
    EXPECT_EQ(error_of(one("a", "int", "-1")), AttributesErrc::bad_value);
    EXPECT_EQ(error_of(one("a", "int", "")), AttributesErrc::bad_value);
    EXPECT_EQ(error_of(one("a", "date", "2003-02-328")), AttributesErrc::bad_value);
}

TEST(Attributes, AreBounded) {
    std::string many;
    for (std::size_t i = 0; i < kAttributesMax; ++i) {
        many += "<attribute name='a' type='string'/>";
    }
    EXPECT_TRUE(parse_attributes(around(many)));
    many += "<attribute name='a' type='string'/>";
    EXPECT_EQ(error_of(around(many)), AttributesErrc::too_large);
    const std::string padding(kAttributesDocumentMax, ' ');
    EXPECT_EQ(error_of(around(padding)), AttributesErrc::too_large);
}

TEST(Attributes, WhatIsWrittenReadsBack) {
    const std::vector<Attribute> attributes{
        {"a", AttributeType::string, "<&>\"' \t\r\n]]>\xF0\x9F\x98\x80"},
        {"a", AttributeType::string, ""},
        {"n", AttributeType::integer, "12"},
        {"d", AttributeType::date, "2003-02"}};
    const auto document = attributes_document(attributes);
    ASSERT_TRUE(document);
    EXPECT_EQ(parse_attributes(*document), attributes);
    EXPECT_EQ(attributes_document({}), "");
}

TEST(Attributes, RefusesToWriteWhatWouldNotReadBack) {
    const auto error = [](Attribute attribute) {
        const auto written = attributes_document({std::move(attribute)});
        EXPECT_FALSE(written);
        return written ? AttributesErrc{} : written.error();
    };
    EXPECT_EQ(error({"a b", AttributeType::string, ""}), AttributesErrc::bad_name);
    EXPECT_EQ(error({"peerrecordid", AttributeType::string, ""}), AttributesErrc::reserved_name);
    EXPECT_EQ(error({"a", AttributeType::integer, "x"}), AttributesErrc::bad_value);
    EXPECT_EQ(error({"a", AttributeType::string, "\x02"}), AttributesErrc::bad_value);
    EXPECT_EQ(error({"a", AttributeType::string, "\xC3"}), AttributesErrc::bad_value);
    EXPECT_EQ(
        error({"a", AttributeType::string, std::string(kAttributesDocumentMax, 'x')}),
        AttributesErrc::too_large);
}

} // namespace
} // namespace kith::store
