// Chains of certificates in both profiles (MS-PNRP 2.2.3.5, 3.1.5.10): what holds, and every way in
// which one does not.

#include "base/check.hpp"
#include "identity/delegation.hpp"
#include "identity/der.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <string>

namespace kith::identity {
namespace {

using crypto::KeyAlgorithm;
using crypto::PrivateKey;
using namespace std::chrono_literals;

const WallTime kNow = wall_from_unix(std::chrono::seconds(1'800'000'000));
const WallTime kFrom = kNow - 1h;
const WallTime kUntil = kNow + 24h * 30;

// RSA keys take a while to make.
const PrivateKey& key_of(KeyAlgorithm algorithm, unsigned number) {
    static std::map<std::pair<KeyAlgorithm, unsigned>, PrivateKey> keys;
    const auto at = keys.find({algorithm, number});
    if (at != keys.end()) return at->second;
    SeededSecureRandom random(number);
    return keys.emplace(std::pair(algorithm, number), PrivateKey::generate(algorithm, random))
        .first->second;
}

class DelegationTest : public testing::TestWithParam<KeyAlgorithm> {
protected:
    // A certificate that a test makes wrong in one place.
    struct Link {
        CertificateFields fields;
        const PrivateKey* key = nullptr;
        const PrivateKey* signer = nullptr;
    };

    Link root() const {
        CertificateFields fields;
        fields.serial.fill(std::byte{0x11});
        fields.subject = "owner";
        fields.issuer = "owner";
        fields.not_before = kFrom;
        fields.not_after = kUntil;
        fields.type = CertificateType::root;
        fields.peer_name = name.to_string();
        return {fields, &owner, &owner};
    }

    Link member() const {
        Link link = root();
        link.fields.subject = "delegate";
        link.fields.type = CertificateType::member;
        link.fields.roles = std::vector{Role::member};
        link.fields.classifiers = std::vector<std::string>{"web"};
        link.key = &delegate;
        return link;
    }

    static Bytes chain_of(const std::vector<Link>& links) {
        std::vector<Bytes> certificates;
        for (const Link& link : links)
            certificates.push_back(
                make_certificate(link.fields, link.key->public_key(), *link.signer));
        return bundle(certificates);
    }

    std::optional<ChainErrc> why(ByteView chain) const {
        const auto verified = verify_chain(chain, expected);
        if (verified) return std::nullopt;
        return verified.error();
    }

    std::optional<ChainErrc> why(const std::vector<Link>& links) const {
        return why(chain_of(links));
    }

    Bytes delegation() {
        return make_delegation(name, owner, delegate.public_key(), kFrom, kUntil, random);
    }

    SeededSecureRandom random{3};
    const PrivateKey& owner = key_of(GetParam(), 1);
    const PrivateKey& delegate = key_of(GetParam(), 2);
    const PrivateKey& stranger = key_of(GetParam(), 4);
    PeerName name = PeerName::secure(authority_of(owner.public_key()), "web").value();
    ChainExpectation expected{
        .now = kNow,
        .authority = name.authority(),
        .classifier = "web",
        .publisher = delegate.public_key()};
};

INSTANTIATE_TEST_SUITE_P(
    Algorithms,
    DelegationTest,
    testing::Values(KeyAlgorithm::ed25519, KeyAlgorithm::rsa1024),
    [](const auto& test) { return std::string(to_string(test.param)); });

// PNRP-099, PNRP-101 to PNRP-112, PNRP-222 to PNRP-228
TEST_P(DelegationTest, WhatIsMadeHolds) {
    EXPECT_EQ(why(delegation()), std::nullopt);
    const auto terms = read_delegation(GetParam(), delegation());
    ASSERT_TRUE(terms.has_value());
    EXPECT_EQ(terms->peer_name, name.to_string());
    EXPECT_EQ(terms->authority, name.authority());
    EXPECT_EQ(terms->publisher, authority_of(delegate.public_key()));
    EXPECT_EQ(terms->not_after, kUntil);
    EXPECT_EQ(why({root(), member()}), std::nullopt);
}

TEST_P(DelegationTest, NamesOfEveryKindAreDelegated) {
    for (const std::string& classifier :
         {std::string(""), std::string("M\u00fcller \U0001F600"), std::string(149, 'x')}) {
        name = PeerName::secure(name.authority(), classifier).value();
        expected.classifier = classifier;
        EXPECT_EQ(why(delegation()), std::nullopt) << classifier;
        EXPECT_EQ(read_delegation(GetParam(), delegation())->peer_name, name.to_string());
    }
}

// PNRP-226, PNRP-225
TEST_P(DelegationTest, OnlyTheDelegateMayUseIt) {
    const Bytes chain = delegation();
    const ChainExpectation thief{
        .now = kNow,
        .authority = name.authority(),
        .classifier = "web",
        .publisher = stranger.public_key()};
    EXPECT_EQ(verify_chain(chain, thief).error(), ChainErrc::wrong_publisher);
    expected.authority = authority_of(stranger.public_key());
    EXPECT_EQ(why(chain), ChainErrc::wrong_owner);
}

// PNRP-225: the owner himself signed, and nobody else.
TEST_P(DelegationTest, RefusesAWrongSigner) {
    Link forged = member();
    forged.signer = &stranger;
    EXPECT_EQ(why({root(), forged}), ChainErrc::bad_signature);
    Link not_self_signed = root();
    not_self_signed.signer = &stranger;
    EXPECT_EQ(why({not_self_signed, member()}), ChainErrc::bad_signature);
    Link other_root = root();
    other_root.key = &stranger;
    other_root.signer = &stranger;
    EXPECT_EQ(why({other_root, member()}), ChainErrc::wrong_owner);
}

// PNRP-223
TEST_P(DelegationTest, RefusesWhatHasExpired) {
    const Bytes chain = delegation();
    expected.now = kUntil + 1s;
    EXPECT_EQ(why(chain), ChainErrc::expired);
    expected.clock_skew = 5min;
    EXPECT_EQ(why(chain), std::nullopt);
    expected.now = kFrom - 6min;
    EXPECT_EQ(why(chain), ChainErrc::expired);
    expected.now = kNow;
    for (const bool is_first : {false, true}) { // one of them is enough
        Link first = root();
        Link second = member();
        (is_first ? first : second).fields.not_after = kNow - 10min;
        EXPECT_EQ(why({first, second}), ChainErrc::expired);
    }
}

// PNRP-227, PNRP-228
TEST_P(DelegationTest, RefusesAnotherName) {
    expected.classifier = "mail";
    EXPECT_EQ(why(delegation()), ChainErrc::wrong_name);
    expected.classifier = "webb"; // a member's classifiers are no beginnings
    EXPECT_EQ(why(delegation()), ChainErrc::wrong_name);
    expected.classifier = "web";
    Link other = member();
    other.fields.peer_name = PeerName::secure(name.authority(), "mail")->to_string();
    EXPECT_EQ(why({root(), other}), ChainErrc::wrong_name);
}

// PNRP-100
TEST_P(DelegationTest, RefusesMoreThanTwentyFiveCertificates) {
    Link passing = member();
    passing.fields.subject = "owner";
    passing.fields.roles = std::vector{Role::admin};
    passing.key = &owner;
    std::vector<Link> links{root()};
    for (int i = 0; i < 23; ++i)
        links.push_back(passing);
    links.push_back(member());
    ASSERT_EQ(links.size(), kCertificatesMax);
    EXPECT_EQ(why(links), std::nullopt);

    // One more, by hand: no one of ours writes it.
    std::vector<Bytes> certificates;
    for (const Link& link : links)
        certificates.push_back(make_certificate(link.fields, link.key->public_key(), *link.signer));
    Bytes all;
    for (const Bytes& each : certificates)
        all.insert(all.end(), each.begin(), each.end());
    all.insert(all.end(), certificates.back().begin(), certificates.back().end());
    const Bytes one = from_hex("020101").value();
    const Bytes signed_data = der::element(
        der::kSequence,
        {one,
         der::element(der::kSet, {}),
         der::element(der::kSequence, {der::oid("1.2.840.113549.1.7.1")}),
         der::element(der::context(0), {all}),
         der::element(der::kSet, {})});
    const Bytes chain = der::element(
        der::kSequence,
        {der::oid("1.2.840.113549.1.7.2"), der::element(der::context(0), {signed_data})});
    EXPECT_EQ(why(chain), ChainErrc::too_long);
    EXPECT_EQ(why(Bytes(kChainSizeMax + 1)), ChainErrc::too_long);
}

TEST_P(DelegationTest, RefusesWhatIsCutOffOrGoesOn) {
    const Bytes chain = delegation();
    for (std::size_t size = 0; size < chain.size(); ++size)
        EXPECT_EQ(why(ByteView(chain).first(size)), ChainErrc::truncated) << size;
    Bytes longer = chain;
    longer.push_back(std::byte{0});
    EXPECT_EQ(why(longer), ChainErrc::trailing_bytes);
}

TEST_P(DelegationTest, RefusesEveryChangedByte) {
    const Bytes chain = delegation();
    for (std::size_t at = 0; at < chain.size(); ++at) {
        Bytes changed = chain;
        changed[at] ^= std::byte{0x01};
        // The set of digests and the SignedData's own version say nothing, and nothing signs them.
        if (why(changed)) continue;
        EXPECT_LT(at, 60U) << to_hex(changed);
    }
}

// PNRP-222
TEST_P(DelegationTest, RefusesNeighboursThatDoNotBelongTogether) {
    Link apart = member();
    apart.fields.issuer = "somebody";
    EXPECT_EQ(why({root(), apart}), ChainErrc::broken_link);
}

// PNRP-113 to PNRP-116, PNRP-224
TEST_P(DelegationTest, NobodyGivesMoreThanHeHas) {
    Link middle = member();
    middle.fields.subject = "middle";
    middle.key = &stranger;
    Link last = member();
    last.fields.issuer = "middle";
    last.signer = &stranger;
    const auto outcome = [&](const std::vector<std::string>& given,
                             Role role,
                             const std::vector<std::string>& taken) {
        middle.fields.classifiers = given;
        middle.fields.roles = std::vector{Role::admin};
        last.fields.classifiers = taken;
        last.fields.roles = std::vector{role};
        return why({root(), middle, last});
    };
    using List = std::vector<std::string>;
    EXPECT_EQ(outcome(List{"web"}, Role::member, List{"web"}), std::nullopt);
    EXPECT_EQ(outcome(List{"we"}, Role::admin, List{"web"}), std::nullopt);
    EXPECT_EQ(outcome(List{"we"}, Role::inviting_member, List{"web"}), std::nullopt);
    EXPECT_EQ(outcome(List{}, Role::member, List{"web"}), std::nullopt);
    EXPECT_EQ(outcome(List{""}, Role::admin, List{}), std::nullopt);
    EXPECT_EQ(outcome(List{"we"}, Role::member, List{"web"}), ChainErrc::not_delegated);
    EXPECT_EQ(outcome(List{"web"}, Role::admin, List{"web", "mail"}), ChainErrc::not_delegated);
    EXPECT_EQ(outcome(List{"web"}, Role::admin, List{}), ChainErrc::not_delegated);
    EXPECT_EQ(outcome(List{""}, Role::member, List{}), ChainErrc::not_delegated);
}

// What a plain delegate signs gives nobody anything, whatever role it claims; the published text
// lets it (2.2.3.5.1.5), so the windows profile does.
TEST_P(DelegationTest, AMemberPassesNothingOn) {
    Link middle = member();
    middle.fields.subject = "middle";
    middle.key = &stranger;
    Link last = member();
    last.fields.issuer = "middle";
    last.signer = &stranger;
    const std::optional<ChainErrc> refused = GetParam() == KeyAlgorithm::ed25519
                                                 ? std::optional(ChainErrc::not_delegated)
                                                 : std::nullopt;
    for (const Role claimed : {Role::member, Role::inviting_member, Role::admin}) {
        last.fields.roles = std::vector{claimed};
        EXPECT_EQ(why({root(), middle, last}), refused);
    }
    // A delegate of the bare name would have every name of its owner.
    middle.fields.classifiers = std::vector<std::string>{""};
    last.fields.classifiers = std::vector<std::string>{"web"};
    EXPECT_EQ(why({root(), middle, last}), refused);
    middle.fields.roles = std::vector{Role::inviting_member};
    EXPECT_EQ(why({root(), middle, last}), std::nullopt);
}

// PNRP-106 to PNRP-112: what each certificate has to say, by its place.
TEST_P(DelegationTest, RefusesACertificateOutOfPlace) {
    Link second_root = member();
    second_root.fields.type = CertificateType::root;
    EXPECT_EQ(why({root(), second_root}), ChainErrc::bad_syntax);
    EXPECT_EQ(why({member()}), ChainErrc::bad_syntax);
    Link no_name = member();
    no_name.fields.peer_name.clear();
    EXPECT_EQ(why({root(), no_name}), ChainErrc::bad_syntax);
    Link no_role = member();
    no_role.fields.roles.reset();
    EXPECT_EQ(why({root(), no_role}), ChainErrc::bad_syntax);
    Link no_list = member();
    no_list.fields.classifiers.reset();
    EXPECT_EQ(why({root(), no_list}), ChainErrc::bad_syntax);
}

// PNRP-101, PNRP-103: nothing of the other profile, and nothing of both.
TEST_P(DelegationTest, RefusesTheOtherAlgorithm) {
    const bool is_rsa = GetParam() == KeyAlgorithm::rsa1024;
    const KeyAlgorithm other = is_rsa ? KeyAlgorithm::ed25519 : KeyAlgorithm::rsa1024;
    const auto key = key_of(other, 1).public_key();
    const ChainExpectation wanted{
        .now = kNow, .authority = name.authority(), .classifier = "web", .publisher = key};
    EXPECT_EQ(verify_chain(delegation(), wanted).error(), ChainErrc::wrong_algorithm);
}

// PNRP-106
TEST_P(DelegationTest, RefusesACriticalExtensionThatNobodyKnows) {
    const Bytes known = der::oid("1.3.6.1.4.1.311.44.3.3");
    const Bytes unknown = der::oid("1.3.6.1.4.1.311.44.3.9");
    Bytes chain = delegation();
    const auto at = std::ranges::search(chain, known);
    ASSERT_FALSE(at.empty());
    std::ranges::copy(unknown, at.begin());
    EXPECT_EQ(why(chain), ChainErrc::unknown_critical);
}

} // namespace
} // namespace kith::identity
