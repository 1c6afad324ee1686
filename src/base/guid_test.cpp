#include "base/guid.hpp"

#include <gtest/gtest.h>

namespace kith {
namespace {

TEST(Guid, TextAndBytesAreInTheSameOrder) {
    const auto guid = parse_guid("6c796768-7732-406b-bc6e-5e9c0d864580");
    ASSERT_TRUE(guid);
    EXPECT_EQ(to_hex(guid->bytes), "6c7967687732406bbc6e5e9c0d864580");
    EXPECT_EQ(to_string(*guid), "6c796768-7732-406b-bc6e-5e9c0d864580");
    EXPECT_EQ(guid->high(), 0x6c7967687732406bU);
    EXPECT_EQ(guid->low(), 0xbc6e5e9c0d864580U);
    EXPECT_EQ(Guid::from_halves(guid->high(), guid->low()), *guid);
}

TEST(Guid, TakesBracesAndEitherCase) {
    EXPECT_EQ(
        parse_guid("{6C796768-7732-406B-BC6E-5E9C0D864580}"),
        parse_guid("6c796768-7732-406b-bc6e-5e9c0d864580"));
}

TEST(Guid, RefusesWhatIsNotOne) {
    for (const char* text :
         {"",
          "6c796768-7732-406b-bc6e-5e9c0d86458",
          "6c796768-7732-406b-bc6e-5e9c0d8645800",
          "6c7967687732406bbc6e5e9c0d864580",
          "6c796768-7732-406b-bc6e5-e9c0d864580",
          "{6c796768-7732-406b-bc6e-5e9c0d864580",
          "gc796768-7732-406b-bc6e-5e9c0d864580"}) {
        EXPECT_FALSE(parse_guid(text)) << text;
    }
}

} // namespace
} // namespace kith
