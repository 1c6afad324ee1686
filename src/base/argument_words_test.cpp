#include "base/argument_words.hpp"

#include <gtest/gtest.h>

namespace kith {
namespace {

using Words = std::vector<std::string>;

TEST(SplitEmptyValues, AnEmptyValueIsAWordOfItsOwn) {
    EXPECT_EQ(
        split_empty_values({"--comment=", "--unsecured"}), (Words{"--comment", "", "--unsecured"}));
    EXPECT_EQ(split_empty_values({"web", "--last="}), (Words{"web", "--last", ""}));
}

TEST(SplitEmptyValues, EverythingElseStays) {
    for (const Words& words :
         {Words{},
          Words{"--a", "--a=b", "--a==", "--a=b="},
          Words{"--", "--a="},
          Words{"-a=", "a=", "=", "--=", ""}}) {
        EXPECT_EQ(split_empty_values(words), words);
    }
}

} // namespace
} // namespace kith
