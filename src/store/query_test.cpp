#include "store/condition.hpp"
#include "store/limits.hpp"
#include "store/query.hpp"

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace kith::store {
namespace {

std::string search_for(std::string_view inside) {
    return "<peersearch>" + std::string(inside) + "</peersearch>";
}

std::string clause(std::string_view name, std::string_view type, std::string_view rest) {
    return "<clause attrib=\"" + std::string(name) + "\" type=\"" + std::string(type) + "\"" +
           std::string(rest) + "</clause>";
}

Record sample_record() {
    Record record;
    record.type = *parse_guid("00112233-4455-6677-8899-aabbccddeeff");
    record.id = *parse_guid("6c796768-7732-406b-bc6e-5e9c0d864580");
    record.creator = "alice";
    record.modifier = "bob";
    record.created = {126'885'311'702'500'000};  // 2003-01-31T23:59:30.25Z
    record.modified = {126'892'080'000'000'000}; // 2003-02-08T20:00Z
    return record;
}

bool holds(
    std::string_view inside, std::string_view attributes = "", Record record = sample_record()) {
    const auto query = parse_query(search_for(inside));
    const auto parsed = parse_attributes(attributes);
    EXPECT_TRUE(query && parsed) << inside << attributes;
    return query && parsed && matches(*query, record, *parsed);
}

QueryErrc error_of(const std::string& xml) {
    const auto query = parse_query(xml);
    EXPECT_FALSE(query) << xml;
    return query ? QueryErrc{} : query.error();
}

constexpr std::string_view kAttributes =
    "<attributes><attribute name='Owner' type='string'>Scott</attribute>"
    "<attribute name='Owner' type='string'>Tiger</attribute>"
    "<attribute name='Birthday' type='date'>1972-04-04</attribute>"
    "<attribute name='Priority' type='int'>10</attribute></attributes>";

TEST(Query, ReadsTheDocumentedExamples) {
    const std::string between =
        "<and>" + clause("peerlastmodificationtime", "date", " compare='greater'>2003-01-31") +
        clause("peerlastmodificationtime", "date", " compare='less'>2003-02-28") + "</and>";
    EXPECT_TRUE(holds(clause("peercreatorid", "string", " compare=\"equal\">alice")));
    EXPECT_TRUE(holds(between));
    EXPECT_TRUE(holds("<or>" + clause("peercreatorid", "string", ">nobody") + between + "</or>"));
    EXPECT_TRUE(parse_query(
        "<?xml version='1.0'?><peersearch xmlns='urn:x' xmlns:i='urn:y'>\n" + between +
        "\n</peersearch>"));
}

TEST(Query, KeepsItsShape) {
    const auto query = parse_query(search_for(
        "<or>" + clause("a", "string", ">1") + "<and>" +
        clause("b", "int", " compare='lessorequal'>2") + "</and></or>"));
    ASSERT_TRUE(query);
    EXPECT_EQ(query->kind, Query::Kind::any_of);
    ASSERT_EQ(query->parts.size(), 2U);
    EXPECT_EQ(query->parts[0].attribute, "a");
    EXPECT_EQ(query->parts[0].comparison, Comparison::equal);
    EXPECT_EQ(query->parts[1].kind, Query::Kind::all_of);
    ASSERT_EQ(query->parts[1].parts.size(), 1U);
    EXPECT_EQ(query->parts[1].parts[0].type, AttributeType::integer);
    EXPECT_EQ(query->parts[1].parts[0].comparison, Comparison::less_or_equal);
    EXPECT_EQ(query->parts[1].parts[0].value, "2");
}

TEST(Query, RefusesWhatDoesNotFollowTheSchema) {
    const std::string good = clause("a", "string", ">v");
    using enum QueryErrc;
    const std::vector<std::pair<QueryErrc, std::string>> refused{
        {not_xml, ""},
        {not_xml, "<!DOCTYPE peersearch>" + search_for(good)},
        {not_xml, search_for(clause("a", "string", ">&x;"))},
        {bad_root, "<peersearch/>"},
        {bad_root, "<search>" + good + "</search>"},
        {bad_root, search_for(good + good)},
        {bad_root, search_for(good + "<and>" + good + "</and>")},
        {bad_root, search_for("text" + good)},
        {bad_root, "<peersearch x='1'>" + good + "</peersearch>"},
        {bad_element, search_for("<not>" + good + "</not>")},
        {bad_joint, search_for("<and/>")},
        {bad_joint, search_for("<or> </or>")},
        {bad_joint, search_for("<and>text" + good + "</and>")},
        {bad_joint, search_for("<and x='1'>" + good + "</and>")},
        {bad_clause, search_for("<clause type='string'>v</clause>")},
        {bad_clause, search_for("<clause attrib='a'>v</clause>")},
        {bad_clause, search_for(clause("a", "text", ">v"))},
        {bad_clause, search_for(clause("a", "string", " compare='like'>v"))},
        {bad_clause, search_for(clause("a", "string", " x='1'>v"))},
        {bad_clause, search_for(clause("a", "string", "><b/>"))},
        {bad_name, search_for(clause("a b", "string", ">v"))},
    };
    for (const auto& [error, xml] : refused)
        EXPECT_EQ(error_of(xml), error) << xml;
    // How a parser of XML calls an attribute that is there twice is its own affair.
    EXPECT_FALSE(parse_query(search_for(clause("a", "string", " type='string'>v"))));
}

TEST(Query, RefusesBadEscapesAndValues) {
    using enum QueryErrc;
    const std::vector<std::pair<QueryErrc, std::string>> refused{
        {bad_escape, clause("a", "string", ">x\\y")},
        {bad_escape, clause("a", "string", ">\\")},
        {bad_value, clause("a", "int", ">-1")},
        {bad_value, clause("a", "int", ">*")},
        {bad_value, clause("a", "date", ">2003-02-328")},
        {ordered_wildcard, clause("a", "string", " compare='less'>x*")},
        {reserved_type, clause("peercreatorid", "int", ">1")},
        {reserved_type, clause("peercreationtime", "string", ">2003")},
    };
    for (const auto& [error, bad] : refused)
        EXPECT_EQ(error_of(search_for(bad)), error) << bad;
}

TEST(Query, IsBounded) {
    const std::string good = clause("a", "string", ">v");
    const auto nested = [&](std::size_t joints) {
        std::string xml = good;
        for (std::size_t i = 0; i < joints; ++i)
            xml = "<and>" + xml + "</and>";
        return search_for(xml);
    };
    EXPECT_TRUE(parse_query(nested(kQueryDepthMax - 1)));
    EXPECT_EQ(error_of(nested(kQueryDepthMax)), QueryErrc::too_large);
    std::string wide;
    for (std::size_t i = 1; i < kQueryNodesMax; ++i)
        wide += good;
    EXPECT_TRUE(parse_query(search_for("<or>" + wide + "</or>")));
    EXPECT_EQ(error_of(search_for("<or>" + wide + good + "</or>")), QueryErrc::too_large);
    EXPECT_EQ(
        error_of(search_for(clause("a", "string", ">" + std::string(kQueryDocumentMax, 'x')))),
        QueryErrc::too_large);
}

TEST(Query, ComparesEachTypeByItsMeaning) {
    EXPECT_TRUE(holds(clause("Priority", "int", " compare='greater'>9"), kAttributes));
    EXPECT_TRUE(holds(clause("Priority", "int", ">0010"), kAttributes));
    EXPECT_FALSE(holds(clause("Priority", "int", " compare='less'>10"), kAttributes));
    EXPECT_TRUE(holds(clause("Priority", "int", " compare='lessorequal'>10"), kAttributes));
    EXPECT_TRUE(holds(clause("Birthday", "date", ">1972-04-04T00:00Z"), kAttributes));
    EXPECT_TRUE(holds(clause("Birthday", "date", " compare='greater'>1972-04"), kAttributes));
    EXPECT_TRUE(holds(clause("Owner", "string", ">S?ot*"), kAttributes));
    EXPECT_FALSE(holds(clause("Owner", "string", ">scott"), kAttributes));
    EXPECT_TRUE(holds(clause("Owner", "string", " compare='greaterorequal'>Scott"), kAttributes));
}

TEST(Query, HoldsIfAnyAttributeOfTheNameDoes) {
    EXPECT_TRUE(holds(clause("Owner", "string", ">Tiger"), kAttributes));
    EXPECT_TRUE(holds(clause("Owner", "string", " compare='notequal'>Tiger"), kAttributes));
    EXPECT_FALSE(holds(clause("Owner", "string", " compare='notequal'>*"), kAttributes));
}

TEST(Query, NeverHoldsForAMissingAttribute) {
    EXPECT_FALSE(holds(clause("Other", "string", ">*"), kAttributes));
    EXPECT_FALSE(holds(clause("Other", "string", " compare='notequal'>x"), kAttributes));
    EXPECT_FALSE(holds(clause("Priority", "string", ">10"), kAttributes)) << "another type";
    Record unmodified = sample_record();
    unmodified.modifier.clear();
    const std::string modified_by_other =
        clause("peerlastmodifiedby", "string", " compare='notequal'>x");
    EXPECT_TRUE(holds(modified_by_other));
    EXPECT_FALSE(holds(modified_by_other, "", unmodified));
}

TEST(Query, TakesReservedNamesAsFieldsOfTheRecord) {
    EXPECT_TRUE(holds(clause("peerlastmodifiedby", "string", ">b?b")));
    EXPECT_TRUE(holds(clause("peercreationtime", "date", ">2003-01-31T23:59:30.25Z")));
    EXPECT_FALSE(holds(clause("peercreationtime", "date", " compare='less'>1500")));
    EXPECT_TRUE(holds(clause("peercreationtime", "date", " compare='greater'>1500")));
    for (const char* id :
         {"6c796768-7732-406b-bc6e-5e9c0d864580",
          "{6C796768-7732-406B-BC6E-5E9C0D864580}",
          "6C79*"}) {
        EXPECT_TRUE(holds(clause("peerrecordid", "string", ">" + std::string(id)))) << id;
    }
    EXPECT_TRUE(holds(clause("peerrecordtype", "string", ">{00112233-*-AABBCCDDEEFF}")));
    EXPECT_FALSE(holds(clause("peerrecordtype", "string", ">11112233-*")));
}

} // namespace
} // namespace kith::store
