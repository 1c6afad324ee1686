#include "identity/document.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::identity {
namespace {

using crypto::KeyAlgorithm;
using crypto::kSealCostTest;
using crypto::PrivateKey;
using crypto::SealCost;

constexpr std::string_view kPassword = "p\xc3\xa4ssword";

// The key of RFC 8032 7.1 TEST 1.
Identity rfc_identity() {
    const Bytes seed = from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
                           .value_or(Bytes{});
    auto key = PrivateKey::from_seed(KeyAlgorithm::ed25519, seed).value();
    const PeerName name = PeerName::secure(authority_of(key.public_key()), "Zo\xc3\xab").value();
    // 2026-01-31 12:34:56.7890123
    const WallTime created = wall_from_unix(std::chrono::nanoseconds(1'769'862'896'789'012'300));
    return {"Alice \"A\"", name, std::make_shared<const PrivateKey>(std::move(key)), created};
}

// A document as another program wrote it: Argon2id and ChaCha20-Poly1305 of OpenSSL 3.5 behind
// Python's cryptography 48, HChaCha20 by hand. It must stay readable for ever.
constexpr std::string_view kGoldenSealed = R"({
  "format": "kith identity",
  "version": 1,
  "label": "Alice \"A\"",
  "name": "06e3fd8fda29bb60ab59557de61edb0aecdb2311.Zoë",
  "algorithm": "ed25519",
  "public_key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  "created": "2026-01-31T12:34:56.7890123Z",
  "sealed": {
    "kdf": "argon2id",
    "passes": 1,
    "memory_kib": 8,
    "salt": "000102030405060708090a0b0c0d0e0f",
    "cipher": "xchacha20-poly1305",
    "nonce": "404142434445464748494a4b4c4d4e4f5051525354555657",
    "ciphertext": "bbed58d7943e3c62c10656201033d621c61ce0d95e65cbfb)"
                                           R"(7e4ea4cbf94673c466412e0a978629cd5b64dfd79cddcb16"
  }
}
)";

constexpr std::string_view kGoldenClear = R"({
  "format": "kith identity",
  "version": 1,
  "label": "Alice \"A\"",
  "name": "06e3fd8fda29bb60ab59557de61edb0aecdb2311.Zoë",
  "algorithm": "ed25519",
  "public_key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  "created": "2026-01-31T12:34:56.7890123Z",
  "seed": "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
}
)";

// 00 01 02 ... for the salt, 40 41 42 ... for the nonce: the bytes of the golden document.
class CountingRandom final : public SecureRandom {
public:
    void fill(std::span<std::byte> out) override {
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<std::byte>(first_ + i);
        first_ += 0x40;
    }

private:
    std::size_t first_ = 0;
};

void expect_same(const Identity& identity, const Identity& other) {
    EXPECT_EQ(identity.label, other.label);
    EXPECT_EQ(identity.name, other.name);
    EXPECT_EQ(identity.created, other.created);
    EXPECT_EQ(identity.key->seed(), other.key->seed());
}

std::string replaced(std::string_view document, std::string_view from, std::string_view to) {
    std::string text(document);
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string_view::npos) << from;
    if (at != std::string_view::npos) text.replace(at, from.size(), to);
    return text;
}

DocumentErrc refusal(std::string_view document) {
    const auto identity = read_document(document, kPassword);
    EXPECT_FALSE(identity.has_value()) << document;
    return identity ? DocumentErrc{} : identity.error();
}

// What no reader may take, with the reason that all three give.
void expect_malformed(const std::string& document) {
    EXPECT_EQ(refusal(document), DocumentErrc::malformed) << document;
    const auto card = read_card(document);
    ASSERT_FALSE(card.has_value()) << document;
    EXPECT_EQ(card.error(), DocumentErrc::malformed);
    EXPECT_EQ(relabel_document(document, "bob").error(), DocumentErrc::malformed);
}

TEST(Document, ASealedOneIsTheGoldenOne) {
    CountingRandom random;
    const auto document = to_sealed_document(rfc_identity(), kPassword, kSealCostTest, random);
    EXPECT_EQ(document.value(), kGoldenSealed);
    expect_same(read_document(kGoldenSealed, kPassword).value(), rfc_identity());
}

TEST(Document, AClearOneIsTheGoldenOne) {
    EXPECT_EQ(to_clear_document(rfc_identity()), kGoldenClear);
    expect_same(read_document(kGoldenClear, std::nullopt).value(), rfc_identity());
}

// spec/api 3.12: export and import round trip, whatever the names are.
TEST(Document, ReadsWhatItWrites) {
    SeededSecureRandom random(1);
    const std::string long_classifier(kClassifierUnitsMax, 'x');
    for (const std::string_view classifier :
         {std::string_view(""),
          std::string_view("a\"\\\n\x01\x7f"),
          std::string_view("\xf0\x9f\x98\x80"),
          std::string_view(long_classifier)}) {
        auto key = PrivateKey::generate(KeyAlgorithm::ed25519, random);
        const PeerName name = PeerName::secure(authority_of(key.public_key()), classifier).value();
        const Identity identity{
            std::string(255, 'y'),
            name,
            std::make_shared<const PrivateKey>(std::move(key)),
            WallTime(WallClock::duration(1))};
        expect_same(read_document(to_clear_document(identity), std::nullopt).value(), identity);
        const auto sealed = to_sealed_document(identity, kPassword, kSealCostTest, random).value();
        expect_same(read_document(sealed, kPassword).value(), identity);
        EXPECT_LE(sealed.size(), kDocumentSizeMax);
    }
}

// The test key of the published protocol (tests/golden/pnrp/README.md), from its primes. It must
// stay readable for ever.
constexpr std::string_view kGoldenWindows = R"({
  "format": "kith identity",
  "version": 1,
  "label": "Alice",
  "name": "0de0994caf62bfd6a041d1c9047a04b9e3bf6dfe.web",
  "algorithm": "rsa1024",
  "public_key": "30818902818100d1a6ccfb1b0bf9cc1b49b203545519e7f1504928bd4c94dd4392bee0)"
                                            R"(a121d87dc4c81b68b8f71734de662ed34d6fcb78e431)"
                                            R"(c15180f660da7843aed3246059ccbbf329ad309692cb)"
                                            R"(31f32e4c59d78779207a9c49ae3afeae29b13b0bde8e)"
                                            R"(f0e1c1b2d70694f5340e95f42cfc1b18c361dd9cb41e)"
                                            R"(58c5855dfe4bf5bc7387bf8d0203010001",
  "created": "2026-01-31T12:34:56.7890123Z",
  "seed": "f8571087befb9ad37b308804722c2c2e99a9000103d689c64a8ced8a7e82af55038b0923cd2b)"
                                            R"(1c4fbb77ce9591f9c9cf1f054f498123f903b4ef965f)"
                                            R"(f7f685f3d81e3eb4f62439928951cca81bb16ba5d739)"
                                            R"(d316a8589ee83f9be05e2fe1272c9f999d8c6c4bd7c0)"
                                            R"(906d6d58c7dedbaf928f2fedd51983badd8ed19a98ae847f"
}
)";

// PNRP-072, PNRP-119: the authority of an RSA key is SHA-1 of its 140 bytes (decision A2).
TEST(Document, KeepsIdentitiesOfTheWindowsProfile) {
    const Identity identity = read_document(kGoldenWindows, std::nullopt).value();
    EXPECT_EQ(identity.key->public_key().algorithm(), KeyAlgorithm::rsa1024);
    EXPECT_EQ(to_hex(identity.name.authority().bytes), "0de0994caf62bfd6a041d1c9047a04b9e3bf6dfe");
    EXPECT_EQ(to_clear_document(identity), kGoldenWindows);

    SeededSecureRandom random(1);
    const auto sealed = to_sealed_document(identity, kPassword, kSealCostTest, random).value();
    expect_same(read_document(sealed, kPassword).value(), identity);
    EXPECT_EQ(read_document(sealed, "other").error(), DocumentErrc::wrong_password);
    const auto relabelled = relabel_document(sealed, "bob").value();
    EXPECT_EQ(read_document(relabelled, kPassword).value().label, "bob");
}

TEST(Document, TheAlgorithmSaysHowLongEachFieldIs) {
    expect_malformed(replaced(kGoldenWindows, "rsa1024", "ed25519"));
    expect_malformed(replaced(kGoldenClear, "ed25519", "rsa1024"));
    expect_malformed(replaced(kGoldenWindows, "rsa1024", "rsa2048"));
    expect_malformed(replaced(kGoldenWindows, "98ae847f", "98ae84"));
    // The primes of another key: not the key that owns the name.
    EXPECT_EQ(refusal(replaced(kGoldenWindows, "98ae847f", "98ae846f")), DocumentErrc::malformed);
}

TEST(Document, ACardTellsAllButTheKey) {
    for (const std::string_view document : {kGoldenSealed, kGoldenClear}) {
        const auto card = read_card(document).value();
        EXPECT_EQ(card.label, rfc_identity().label);
        EXPECT_EQ(card.name, rfc_identity().name);
        EXPECT_EQ(card.public_key, rfc_identity().key->public_key());
        EXPECT_EQ(card.created, rfc_identity().created);
        EXPECT_EQ(card.is_sealed, document == kGoldenSealed);
    }
}

TEST(Document, ASealedOneNeedsItsPassword) {
    EXPECT_EQ(read_document(kGoldenSealed, std::nullopt).error(), DocumentErrc::password_needed);
    EXPECT_EQ(read_document(kGoldenSealed, "").error(), DocumentErrc::wrong_password);
    EXPECT_EQ(read_document(kGoldenSealed, "password").error(), DocumentErrc::wrong_password);
    CountingRandom random;
    EXPECT_EQ(
        to_sealed_document(rfc_identity(), "", kSealCostTest, random).error(),
        DocumentErrc::password_needed);
}

// The bytes of the seed and its hexadecimal form are nowhere in a sealed document.
TEST(Document, ASealedOneDoesNotShowTheSeed) {
    const Bytes seed = rfc_identity().key->seed();
    EXPECT_EQ(kGoldenSealed.find(to_hex(seed)), std::string_view::npos);
    EXPECT_EQ(kGoldenSealed.find(as_text(seed)), std::string_view::npos);
    EXPECT_NE(kGoldenClear.find(to_hex(seed)), std::string_view::npos);
}

// Every byte of a sealed document, changed in each of its bits, to each character that JSON gives a
// meaning, and left out. Only the label and the blanks may change without notice, and then the
// document is still the same identity.
TEST(Document, NoChangedByteOfASealedOneIsAnotherIdentity) {
    const Identity original = rfc_identity();
    const std::size_t label_begin = kGoldenSealed.find("Alice");
    const std::size_t label_end = kGoldenSealed.find("\",\n", label_begin);
    std::size_t unnoticed = 0;
    const auto check = [&](const std::string& changed, std::size_t at) {
        const auto identity = read_document(changed, kPassword);
        if (!identity) return;
        ++unnoticed;
        const bool is_blank = kGoldenSealed[at] == ' ' || kGoldenSealed[at] == '\n';
        const bool is_label = at >= label_begin && at < label_end;
        EXPECT_TRUE(is_blank || is_label) << at << ": " << changed;
        EXPECT_EQ(identity->name, original.name);
        EXPECT_EQ(identity->created, original.created);
        EXPECT_EQ(identity->key->seed(), original.key->seed());
        EXPECT_TRUE(is_label || identity->label == original.label) << changed;
    };
    for (std::size_t at = 0; at < kGoldenSealed.size(); ++at) {
        std::string changed(kGoldenSealed);
        for (unsigned bit = 0; bit < 8; ++bit) {
            changed[at] =
                static_cast<char>(static_cast<unsigned char>(kGoldenSealed[at]) ^ 1U << bit);
            check(changed, at);
        }
        for (const char c :
             {'0', '1', 'a', 'A', ' ', '"', '\\', ',', ':', '{', '}', '[', '-', '.'}) {
            if (c == kGoldenSealed[at]) continue;
            changed[at] = c;
            check(changed, at);
        }
        changed.assign(kGoldenSealed).erase(at, 1);
        check(changed, at);
    }
    EXPECT_GT(unnoticed, 0U); // the blanks, or this test tried nothing
}

TEST(Document, NoTruncatedOneIsRead) {
    for (const std::string_view document : {kGoldenSealed, kGoldenClear}) {
        for (std::size_t size = 0; size + 1 < document.size(); ++size)
            EXPECT_EQ(refusal(document.substr(0, size)), DocumentErrc::malformed) << size;
    }
}

// What the seal covers beside the key: a name or a date from elsewhere does not fit.
TEST(Document, TheSealCoversTheNameAndTheDate) {
    EXPECT_EQ(
        refusal(replaced(kGoldenSealed, ".Zo\xc3\xab", ".Zoe")), DocumentErrc::wrong_password);
    EXPECT_EQ(refusal(replaced(kGoldenSealed, ".Zo\xc3\xab", "")), DocumentErrc::wrong_password);
    EXPECT_EQ(refusal(replaced(kGoldenSealed, "2026-01", "2025-01")), DocumentErrc::wrong_password);
    EXPECT_EQ(
        refusal(replaced(kGoldenSealed, "\"passes\": 1", "\"passes\": 2")),
        DocumentErrc::wrong_password);
    EXPECT_EQ(
        refusal(replaced(kGoldenSealed, "\"memory_kib\": 8", "\"memory_kib\": 16")),
        DocumentErrc::wrong_password);
}

TEST(Document, TheNameIsTheOneOfTheKey) {
    expect_malformed(replaced(kGoldenSealed, "\"06e3", "\"06e4"));
    expect_malformed(replaced(kGoldenClear, "\"06e3", "\"06e4"));
    expect_malformed(replaced(kGoldenClear, "06e3fd8fda29bb60ab59557de61edb0aecdb2311", "0"));
    // Another public key does not own the name, and another seed does not have the public key.
    expect_malformed(replaced(kGoldenClear, "\"d75a", "\"d75b"));
    EXPECT_EQ(refusal(replaced(kGoldenClear, "\"9d61", "\"9d62")), DocumentErrc::malformed);
}

TEST(Document, HasEveryFieldAndNoOther) {
    for (const std::string_view document : {kGoldenSealed, kGoldenClear}) {
        for (std::size_t begin = 0; begin < document.size();) {
            const std::size_t end = document.find('\n', begin) + 1;
            const std::string_view line = document.substr(begin, end - begin);
            const bool is_field = line.find(':') != std::string_view::npos &&
                                  line.find('{') == std::string_view::npos;
            if (is_field) {
                // Without it; the comma before it goes where it was the last one.
                std::string text(document);
                text.erase(begin, line.size());
                const std::size_t comma = text.rfind(',', begin);
                const std::size_t next = text.find_first_not_of(" \n", begin);
                if (text[next] == '}') text.erase(comma, 1);
                EXPECT_EQ(refusal(text), DocumentErrc::malformed) << text;
                // Twice.
                std::string twice(document);
                const bool is_last = line.find(',') == std::string_view::npos;
                twice.insert(
                    begin,
                    is_last ? std::string(line.substr(0, line.size() - 1)) + ",\n"
                            : std::string(line));
                EXPECT_EQ(refusal(twice), DocumentErrc::malformed) << twice;
            }
            begin = end;
        }
        for (const std::string_view more :
             {"\"x\": \"\",",
              "\"x\": 1,",
              "\"x\": {},",
              "\"x\": [],",
              "\"x\": null,",
              "\"sealed.x\": 1,",
              "\"x\": {\"y\": 1},",
              "\"seed\": \"\",",
              "\"sealed\": {},"}) {
            expect_malformed(replaced(document, "{\n", "{\n" + std::string(more)));
        }
    }
    expect_malformed(replaced(kGoldenSealed, "\"kdf\"", "\"x\": 1, \"kdf\""));
    // Both forms of the key at once.
    expect_malformed(replaced(
        kGoldenSealed,
        "  \"sealed\"",
        "  \"seed\": \"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\",\n  "
        "\"sealed\""));
}

TEST(Document, HasOneSpellingForEachField) {
    expect_malformed(replaced(kGoldenSealed, "kith identity", "kith Identity"));
    expect_malformed(replaced(kGoldenSealed, "\"version\": 1", "\"version\": \"1\""));
    expect_malformed(replaced(kGoldenSealed, "\"version\": 1", "\"version\": 1.0"));
    expect_malformed(replaced(kGoldenSealed, "\"version\": 1", "\"version\": 0"));
    expect_malformed(replaced(kGoldenSealed, "\"ed25519\"", "\"Ed25519\""));
    expect_malformed(replaced(kGoldenSealed, "\"argon2id\"", "\"argon2i\""));
    expect_malformed(replaced(kGoldenSealed, "xchacha20-poly1305", "chacha20-poly1305"));
    expect_malformed(replaced(kGoldenSealed, "\"06e3fd8f", "\"06E3FD8F"));
    expect_malformed(replaced(kGoldenSealed, "0aecdb2311.Zo\xc3\xab", "0aecdb2311."));
    expect_malformed(replaced(kGoldenSealed, "\"d75a98", "\"D75A98"));
    expect_malformed(replaced(kGoldenSealed, "0d0e0f\"", "0d0e0F\""));
    expect_malformed(replaced(kGoldenSealed, "0d0e0f\"", "0d0e\""));
    expect_malformed(replaced(kGoldenSealed, "0d0e0f\"", "0d0e0f10\""));
    expect_malformed(replaced(kGoldenSealed, "54555657\"", "545556\""));
    expect_malformed(replaced(kGoldenSealed, "cddcb16\"", "cddcb1600\""));
    expect_malformed(replaced(kGoldenSealed, "56.7890123Z", "56Z"));
    expect_malformed(replaced(kGoldenClear, "cae7f60\"", "cae7F60\""));
    expect_malformed(replaced(kGoldenClear, "cae7f60\"", "cae7f6000\""));
}

TEST(Document, TheOrderAndTheBlanksMeanNothing) {
    std::string text = replaced(kGoldenClear, "  \"version\": 1,\n", "");
    text = replaced(text, "{\n", "{ \"version\" :1,");
    expect_same(read_document(text, std::nullopt).value(), rfc_identity());
}

TEST(Document, OneOfALaterVersionIsToldApart) {
    for (const std::string& document :
         {replaced(kGoldenSealed, "\"version\": 1", "\"version\": 2"),
          std::string(R"({"keys": [{"kind": null}], "format": "kith identity", "version": 2})"),
          std::string(R"({"format": "kith identity", "version": 18446744073709551615})")}) {
        EXPECT_EQ(refusal(document), DocumentErrc::unsupported_version);
        EXPECT_EQ(read_card(document).error(), DocumentErrc::unsupported_version);
        EXPECT_EQ(relabel_document(document, "bob").error(), DocumentErrc::unsupported_version);
    }
    expect_malformed(R"({"format": "another", "version": 2})");
    expect_malformed(R"({"version": 2})");
}

TEST(Document, ALabelObeysItsRules) {
    const std::string label = "Alice \\\"A\\\"";
    expect_malformed(replaced(kGoldenSealed, label, ""));
    expect_malformed(replaced(kGoldenSealed, label, std::string(256, 'x')));
    expect_malformed(replaced(kGoldenSealed, label, "a\\nb"));
    expect_malformed(replaced(kGoldenSealed, label, "a\\u0000b"));
    expect_malformed(replaced(kGoldenSealed, label, "\xff"));
    expect_malformed(replaced(kGoldenSealed, "\"Alice \\\"A\\\"\"", "7"));
    // Written by a program that does not compose: the same label.
    const auto card = read_card(replaced(kGoldenSealed, label, "Zoe\\u0308")).value();
    EXPECT_EQ(card.label, "Zo\xc3\xab");
}

TEST(Document, ASizeAboveTheLimitIsNotRead) {
    const std::string blanks(kDocumentSizeMax - kGoldenClear.size(), ' ');
    EXPECT_TRUE(read_document(std::string(kGoldenClear) + blanks, std::nullopt).has_value());
    expect_malformed(std::string(kGoldenClear) + blanks + " ");
}

// Within the password's reach: a document that asks for more than 1 GiB or 10 passes never gets it.
TEST(Document, ACostOutOfBoundsIsMalformed) {
    for (const std::string_view passes : {"0", "11", "4294967297", "18446744073709551615", "-1"}) {
        expect_malformed(
            replaced(kGoldenSealed, "\"passes\": 1", "\"passes\": " + std::string(passes)));
    }
    for (const std::string_view memory :
         {"0", "7", "1048577", "4294967304", "18446744073709551615"}) {
        expect_malformed(
            replaced(kGoldenSealed, "\"memory_kib\": 8", "\"memory_kib\": " + std::string(memory)));
    }
    CountingRandom random;
    EXPECT_EQ(
        to_sealed_document(rfc_identity(), kPassword, SealCost{0, 0}, random).error(),
        DocumentErrc::malformed);
}

// spec/api 1.1, PeerIdentitySetFriendlyName: the name for people changes, the peer name does not.
TEST(Document, ARelabelledOneIsTheSameIdentity) {
    const auto sealed = relabel_document(kGoldenSealed, "Zoe\xcc\x88").value();
    EXPECT_EQ(sealed, replaced(kGoldenSealed, "Alice \\\"A\\\"", "Zo\xc3\xab"));
    Identity expected = rfc_identity();
    expected.label = "Zo\xc3\xab";
    expect_same(read_document(sealed, kPassword).value(), expected);
    const auto clear = relabel_document(kGoldenClear, "Zo\xc3\xab").value();
    expect_same(read_document(clear, std::nullopt).value(), expected);
    EXPECT_EQ(relabel_document(sealed, rfc_identity().label).value(), kGoldenSealed);
    EXPECT_EQ(relabel_document(kGoldenSealed, "").error(), DocumentErrc::malformed);
    EXPECT_EQ(relabel_document(kGoldenSealed, "a\nb").error(), DocumentErrc::malformed);
}

// A document that could not be read again would lose the key.
TEST(DocumentDeathTest, AnIdentityThatContradictsItselfIsOurOwnBug) {
    Identity nameless = rfc_identity();
    nameless.name = PeerName::unsecured("x").value();
    EXPECT_DEATH(static_cast<void>(to_clear_document(nameless)), "internal error");
    Identity unlabelled = rfc_identity();
    unlabelled.label.clear();
    EXPECT_DEATH(static_cast<void>(to_clear_document(unlabelled)), "internal error");
}

} // namespace
} // namespace kith::identity
