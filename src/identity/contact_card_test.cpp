#include "identity/contact_card.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::identity {
namespace {

using crypto::KeyAlgorithm;

// The key of RFC 8032 7.1 TEST 1. The code by Python's hashlib. It must stay the same for ever:
// people have it on paper.
constexpr std::string_view kGolden = R"({
  "format": "kith card",
  "version": 1,
  "label": "Zoë \"Z\"",
  "name": "06e3fd8fda29bb60ab59557de61edb0aecdb2311.web",
  "algorithm": "ed25519",
  "public_key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  "safety_code": "32810 37994 55496 38389 26453 61856"
}
)";

std::string with_replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

ContactCard card() {
    const auto key = crypto::PublicKey::parse(
        KeyAlgorithm::ed25519,
        *from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
    return {"Zoë \"Z\"", PeerName::secure(authority_of(*key), "web").value(), *key};
}

TEST(ContactCard, IsTheGoldenOne) {
    EXPECT_EQ(to_card_document(card()), kGolden);
    const auto read = read_card_document(kGolden);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->label, card().label);
    EXPECT_EQ(read->name, card().name);
    EXPECT_EQ(read->public_key, card().public_key);
}

TEST(ContactCard, OfTheWindowsProfileReadsBack) {
    SeededSecureRandom random(1);
    const auto key = crypto::PrivateKey::generate(KeyAlgorithm::rsa1024, random);
    const ContactCard made{
        "bob", PeerName::secure(authority_of(key.public_key()), "").value(), key.public_key()};
    EXPECT_EQ(read_card_document(to_card_document(made))->public_key, key.public_key());
    EXPECT_NE(safety_code(key.public_key()), safety_code(card().public_key));
}

TEST(ContactCard, AChangedOneIsRefused) {
    const std::string golden(kGolden);
    for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
             {"kith card", "kith identity"},
             {"06e3", "06e4"},
             {"d75a", "d75b"},
             {"ed25519", "rsa1024"},
             {"\"safety_code\": \"", "\"safety_code\": \"0"},
             {"\"version\": 1,", "\"version\": 1, \"more\": 1,"},
             {"Zo", "\\u0007"}}) {
        EXPECT_EQ(
            read_card_document(with_replaced(golden, from, to)).error(), DocumentErrc::malformed)
            << from;
    }
    EXPECT_EQ(
        read_card_document(with_replaced(golden, "\"version\": 1", "\"version\": 2")).error(),
        DocumentErrc::unsupported_version);
    EXPECT_EQ(read_card_document("").error(), DocumentErrc::malformed);
}

TEST(DelegationDocument, ReadsWhatItWrites) {
    const DelegationDocument made{KeyAlgorithm::rsa1024, *from_hex("3003020101")};
    const std::string text = to_delegation_document(made);
    const auto read = read_delegation_document(text);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->algorithm, made.algorithm);
    EXPECT_EQ(read->chain, made.chain);
    for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
             {"kith delegation", "kith card"},
             {"3003", "300"},
             {"rsa1024", "rsa"},
             {"3003020101", ""},
             {"0201", "020g"}}) {
        EXPECT_EQ(
            read_delegation_document(with_replaced(text, from, to)).error(),
            DocumentErrc::malformed)
            << from;
    }
}

} // namespace
} // namespace kith::identity
