#include "base/random.hpp"
#include "identity/base32.hpp"

#include <gtest/gtest.h>
#include <utility>

namespace kith::identity {
namespace {

// RFC 4648 10, in lower case and without padding.
TEST(Base32, AgreesWithThePublishedVectors) {
    for (const auto& [text, digits] :
         {std::pair<std::string_view, std::string_view>{"", ""},
          {"f", "my"},
          {"fo", "mzxq"},
          {"foo", "mzxw6"},
          {"foob", "mzxw6yq"},
          {"fooba", "mzxw6ytb"},
          {"foobar", "mzxw6ytboi"}}) {
        EXPECT_EQ(to_base32(as_bytes(text)), digits);
        EXPECT_EQ(from_base32(digits), to_owned(as_bytes(text)));
    }
}

TEST(Base32, ReadsEverythingItWrites) {
    SeededSecureRandom random(1);
    for (std::size_t size = 0; size < 200; ++size) {
        Bytes bytes(size);
        random.fill(bytes);
        EXPECT_EQ(from_base32(to_base32(bytes)), bytes) << size;
    }
}

TEST(Base32, TakesNoSecondSpelling) {
    for (const std::string_view text :
         {"m",        // a digit that no byte needs
          "mzx",      // the same further on
          "mzxw6y",   // the same
          "mz",       // bits that no byte needs are set: "my" is the spelling
          "mzxr",     // the same
          "MY",       // upper case
          "my======", // padding
          "m0",       // digits that the alphabet does not have
          "m1",
          "m8",
          "m ",
          " my"}) {
        EXPECT_FALSE(from_base32(text).has_value()) << text;
    }
}

// Of two digits, eight bits and two that must be zero: one spelling for each byte and no more.
TEST(Base32, HasOneSpellingForEachByte) {
    std::size_t spellings = 0;
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const char text[] = {static_cast<char>(first), static_cast<char>(second)};
            if (from_base32({text, 2}).has_value()) ++spellings;
        }
    }
    EXPECT_EQ(spellings, 256U);
}

} // namespace
} // namespace kith::identity
