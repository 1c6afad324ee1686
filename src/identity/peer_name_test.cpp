#include "base/unicode.hpp"
#include "identity/peer_name.hpp"
#include "identity/test_text.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::identity {
namespace {

using crypto::KeyAlgorithm;
using crypto::PrivateKey;

const std::string kHex = "6520c005f63fc1864b7d8f3cabebd4916ae7f33d";

PeerNameErrc name_refusal(std::string_view text) {
    const auto name = PeerName::parse(text);
    EXPECT_FALSE(name.has_value()) << text;
    return name ? PeerNameErrc{} : name.error();
}

struct NameVector {
    std::string text;
    bool is_secure;
    std::string classifier;
};

// PNRP-117, PNRP-118: the names that the published documents print (MS-PNRP 1.3.1.1, Win32 P2PSdk
// peer-names.md, MS-PPSEC 3.1.1).
TEST(PeerName, ReadsThePublishedNames) {
    for (const NameVector& vector :
         {NameVector{"0.MyApplication", false, "MyApplication"},
          NameVector{"0.MyUnsecuredPeerName", false, "MyUnsecuredPeerName"},
          NameVector{"0.JohnDoe.Games", false, "JohnDoe.Games"},
          NameVector{kHex + ".JohnDoe", true, "JohnDoe"},
          NameVector{kHex + ".participant", true, "participant"},
          NameVector{kHex, true, ""}}) {
        const auto name = PeerName::parse(vector.text);
        ASSERT_TRUE(name.has_value()) << vector.text;
        EXPECT_EQ(name->is_secure(), vector.is_secure);
        EXPECT_EQ(name->classifier(), vector.classifier);
        EXPECT_EQ(to_hex(name->authority().bytes), vector.is_secure ? kHex : std::string(40, '0'));
        EXPECT_EQ(name->to_string(), vector.text);
    }
}

// PNRP-117: the names that Microsoft's PeerName class refuses.
TEST(PeerName, RefusesThePublishedMalformedNames) {
    EXPECT_EQ(name_refusal(""), PeerNameErrc::empty);
    EXPECT_EQ(name_refusal("0"), PeerNameErrc::missing_classifier);
    EXPECT_EQ(name_refusal("0."), PeerNameErrc::missing_classifier);
    EXPECT_EQ(name_refusal(".x"), PeerNameErrc::bad_authority);
    EXPECT_EQ(name_refusal("1.x"), PeerNameErrc::bad_authority);
    EXPECT_EQ(name_refusal(kHex.substr(1) + ".x"), PeerNameErrc::bad_authority);
    EXPECT_EQ(name_refusal(kHex + "0.x"), PeerNameErrc::bad_authority);
    EXPECT_EQ(name_refusal("0.." + std::string(148, 'x') + "y"), PeerNameErrc::classifier_too_long);
}

// PNRP-117
TEST(PeerName, RefusesAnAuthorityThatIsNotHexadecimal) {
    for (std::size_t at = 0; at < kHex.size(); ++at) {
        for (const char c : {'g', 'G', ' ', '-', '/', ':', '@', '`', '\0', '\x80'}) {
            std::string text = kHex + ".x";
            text[at] = c;
            EXPECT_EQ(name_refusal(text), PeerNameErrc::bad_authority) << at << " " << c;
        }
    }
    for (const std::string_view head : {"00", "p0", " 0", "0 ", "-0"}) {
        EXPECT_EQ(name_refusal(std::string(head) + ".x"), PeerNameErrc::bad_authority) << head;
    }
    EXPECT_EQ(name_refusal("p" + kHex), PeerNameErrc::bad_authority);
    EXPECT_EQ(name_refusal("x"), PeerNameErrc::bad_authority);
}

// Decision A44: its ids would be those of the unsecured name, which anybody may register.
TEST(PeerName, RefusesAnAuthorityOfZeros) {
    EXPECT_EQ(name_refusal(std::string(40, '0')), PeerNameErrc::zero_authority);
    EXPECT_EQ(name_refusal(std::string(40, '0') + ".x"), PeerNameErrc::zero_authority);
    EXPECT_EQ(PeerName::secure(Authority{}, "x").error(), PeerNameErrc::zero_authority);
}

// PNRP-117, spec/api 3.10: upper-case digits are folded; a dot without classifier means none.
TEST(PeerName, FoldsWhatMeansTheSame) {
    std::string upper = kHex;
    for (char& c : upper)
        c = static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
    const auto name = PeerName::parse(kHex).value();
    EXPECT_EQ(PeerName::parse(upper).value(), name);
    EXPECT_EQ(PeerName::parse(kHex + ".").value(), name);
    EXPECT_EQ(name.to_string(), kHex);
}

// PNRP-118: 149 UTF-16 units, so a character beyond U+FFFF counts twice.
TEST(PeerName, CountsTheClassifierInUtf16Units) {
    for (const std::string_view unit : {"x", "\xc3\xa9", "\xe2\x82\xac"}) {
        EXPECT_TRUE(PeerName::parse("0." + repeated(unit, 149)).has_value()) << unit;
        EXPECT_EQ(name_refusal("0." + repeated(unit, 150)), PeerNameErrc::classifier_too_long)
            << unit;
    }
    const std::string pair = "\xf0\x9f\x98\x80";
    EXPECT_TRUE(PeerName::parse("0." + repeated(pair, 74) + "x").has_value());
    EXPECT_EQ(name_refusal("0." + repeated(pair, 74) + "xx"), PeerNameErrc::classifier_too_long);
    EXPECT_EQ(name_refusal("0." + repeated(pair, 75)), PeerNameErrc::classifier_too_long);
    EXPECT_EQ(
        name_refusal(kHex + "." + repeated(pair, 1'000'000)), PeerNameErrc::classifier_too_long);
}

// PNRP-118: every character but U+0000 may be in a classifier, dots and control characters too.
TEST(PeerName, TakesAnyCharacterButNul) {
    for (const std::string_view classifier :
         {".", "..", ".x", "x.", "a.b.c", " ", "\t\n", "\x01", "\x7f", "0", "\xef\xbf\xbf"}) {
        const std::string text = "0." + std::string(classifier);
        const auto name = PeerName::parse(text);
        ASSERT_TRUE(name.has_value()) << text;
        EXPECT_EQ(name->classifier(), classifier);
        EXPECT_EQ(name->to_string(), text);
    }
    EXPECT_EQ(name_refusal(std::string("0.a\0b", 5)), PeerNameErrc::bad_classifier);
    EXPECT_EQ(name_refusal(std::string("0.\0", 3)), PeerNameErrc::bad_classifier);
    EXPECT_EQ(
        PeerName::unsecured(std::string_view("a\0b", 3)).error(), PeerNameErrc::bad_classifier);
}

TEST(PeerName, RefusesWhatIsNotUtf8) {
    for (const std::string_view bytes :
         {"\x80", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "a\xe2\x82"}) {
        EXPECT_EQ(name_refusal("0." + std::string(bytes)), PeerNameErrc::bad_classifier);
        EXPECT_EQ(PeerName::unsecured(bytes).error(), PeerNameErrc::bad_classifier);
    }
}

// spec/api 3.10: composing normalises, a whole name is taken as it is.
TEST(PeerName, NormalisesOnlyWhatItComposes) {
    const std::string decomposed = "Zoe\xcc\x88";
    const std::string composed = "Zo\xc3\xab";
    EXPECT_EQ(PeerName::unsecured(decomposed).value().classifier(), composed);
    const Authority authority = PeerName::parse(kHex).value().authority();
    EXPECT_EQ(PeerName::secure(authority, decomposed).value().classifier(), composed);
    EXPECT_EQ(PeerName::parse("0." + decomposed).value().classifier(), decomposed);
    EXPECT_NE(PeerName::parse("0." + decomposed).value(), PeerName::unsecured(composed).value());
}

// PNRP-118: the limit is on what is registered, which is the composed form.
TEST(PeerName, CountsWhatItComposed) {
    const std::string decomposed = "e\xcc\x88"; // two units that become one
    const auto name = PeerName::unsecured(repeated(decomposed, 149));
    ASSERT_TRUE(name.has_value());
    EXPECT_EQ(utf16_length(name->classifier()), 149U);
    const std::string excluded = "\xe0\xa5\x98"; // U+0958: one unit that becomes two
    EXPECT_TRUE(PeerName::unsecured(repeated(excluded, 74)).has_value());
    EXPECT_EQ(
        PeerName::unsecured(repeated(excluded, 75)).error(), PeerNameErrc::classifier_too_long);
    EXPECT_EQ(
        PeerName::unsecured(std::string(1'000'000, 'x')).error(),
        PeerNameErrc::classifier_too_long);
}

TEST(PeerName, UnsecuredNeedsAClassifierAndSecureDoesNot) {
    EXPECT_EQ(PeerName::unsecured("").error(), PeerNameErrc::missing_classifier);
    const Authority authority = PeerName::parse(kHex).value().authority();
    EXPECT_EQ(PeerName::secure(authority, "").value().to_string(), kHex);
}

// spec/api 3.10
TEST(PeerName, ComparesOrdinallyAndWithCase) {
    EXPECT_NE(PeerName::parse("0.games").value(), PeerName::parse("0.Games").value());
    EXPECT_LT(PeerName::parse("0.Z").value(), PeerName::parse("0.a").value());
    EXPECT_LT(PeerName::parse("0.z").value(), PeerName::parse(kHex).value());
    EXPECT_LT(PeerName::parse(kHex + ".a").value(), PeerName::parse(kHex + ".b").value());
}

// PNRP-119, as the modern profile has it: SHA-256 of the SubjectPublicKeyInfo, first digest byte
// first. The value is hashlib's over the DER that OpenSSL writes for the key of RFC 8032 7.1 TEST
// 1.
TEST(PeerName, TheAuthorityIsTheDigestOfTheKey) {
    const Bytes seed = from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
                           .value_or(Bytes{});
    const auto key = PrivateKey::from_seed(KeyAlgorithm::ed25519, seed).value();
    const Authority authority = authority_of(key.public_key());
    EXPECT_EQ(to_hex(authority.bytes), "06e3fd8fda29bb60ab59557de61edb0aecdb2311");
    EXPECT_EQ(
        PeerName::secure(authority, "web").value().to_string(),
        "06e3fd8fda29bb60ab59557de61edb0aecdb2311.web");
}

// spec/api 3.12: one key, two classifiers: two names of one authority.
TEST(PeerName, OneAuthorityHasManyNames) {
    SeededSecureRandom random(3);
    const auto key = PrivateKey::generate(KeyAlgorithm::ed25519, random);
    const Authority authority = authority_of(key.public_key());
    const auto work = PeerName::secure(authority, "work").value();
    const auto home = PeerName::secure(authority, "home").value();
    EXPECT_NE(work, home);
    EXPECT_EQ(work.authority(), home.authority());
}

// PNRP-118: whatever parses prints a text that parses to the same name, for classifiers of every
// length and of characters of every size.
TEST(PeerName, PrintsWhatItParses) {
    SeededRandom random(4);
    const std::string_view alphabet[] = {
        "a", ".", "Z", "-", " ", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "e\xcc\x88"};
    std::size_t parsed = 0;
    for (int i = 0; i < 2000; ++i) {
        std::string text = random.below(2) == 0 ? "0." : kHex + ".";
        const std::uint64_t length = random.below(160);
        for (std::uint64_t j = 0; j < length; ++j)
            text += alphabet[random.below(std::size(alphabet))];
        const auto name = PeerName::parse(text);
        if (!name) continue;
        ++parsed;
        EXPECT_EQ(PeerName::parse(name->to_string()).value(), *name);
    }
    EXPECT_GT(parsed, 500U);
}

} // namespace
} // namespace kith::identity
