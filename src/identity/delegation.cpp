#include "identity/delegation.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <utility>

namespace kith::identity {

namespace {

using Certificates = std::vector<Certificate>;
using ChainCheck = std::expected<void, ChainErrc>;

std::expected<Certificates, ChainErrc> parse_chain(crypto::KeyAlgorithm algorithm, ByteView chain) {
    const auto parts = unbundle(chain);
    if (!parts) return std::unexpected(parts.error());
    Certificates certificates;
    for (const ByteView part : *parts) {
        auto certificate = parse_certificate(algorithm, part);
        if (!certificate) return std::unexpected(certificate.error());
        certificates.push_back(std::move(*certificate));
    }
    return certificates;
}

ByteArray<16> serial_number(SecureRandom& random) {
    auto serial = random.bytes<16>();
    // Positive, and in its shortest form of 16 bytes.
    serial[0] = (serial[0] & std::byte{0x3f}) | std::byte{0x40};
    return serial;
}

// The most that any of the roles gives.
Role strongest(const Certificate& certificate) {
    Role found = Role::member;
    for (const Role role : certificate.roles.value_or(std::vector<Role>{}))
        found = std::max(found, role);
    return found;
}

bool is_legal_classifier(const std::string& classifier) {
    // An unsecured name has to have one; a secure one may do without.
    return classifier.empty() || PeerName::unsecured(classifier).has_value();
}

// What one certificate says for itself, by its place.
ChainCheck check_form(const Certificates& chain) {
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const bool is_first = i == 0;
        const bool is_root = chain[i].type == CertificateType::root;
        if (is_root != is_first) return std::unexpected(ChainErrc::bad_syntax);
        if (is_first) continue;
        if (!chain[i].roles || !chain[i].classifiers) {
            return std::unexpected(ChainErrc::bad_syntax);
        }
        if (!std::ranges::all_of(*chain[i].classifiers, is_legal_classifier)) {
            return std::unexpected(ChainErrc::bad_syntax);
        }
    }
    if (chain.front().peer_name.empty() || chain.back().peer_name.empty()) {
        return std::unexpected(ChainErrc::bad_syntax);
    }
    return {};
}

ChainCheck check_links(const Certificates& chain) {
    for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
        if (chain[i].subject_alt_name != chain[i + 1].issuer_alt_name) {
            return std::unexpected(ChainErrc::broken_link);
        }
        // The published text judges a certificate by the role that it gives itself: whoever was
        // made a member would make himself an admin.
        const bool is_bound = chain[i].key.algorithm() == crypto::KeyAlgorithm::ed25519;
        if (is_bound && i > 0 && strongest(chain[i]) == Role::member) {
            return std::unexpected(ChainErrc::not_delegated);
        }
        // The first list is without bounds: it may be missing.
        const std::vector<std::string> given =
            chain[i].classifiers.value_or(std::vector<std::string>{});
        const std::vector<std::string>& taken = *chain[i + 1].classifiers;
        const Role role = strongest(chain[i + 1]);
        // Every classifier: only for whom the one before lets begin with anything.
        if (taken.empty() && !given.empty()) {
            const bool gives_all = std::ranges::find(given, "") != given.end();
            if (role == Role::member || !gives_all) {
                return std::unexpected(ChainErrc::not_delegated);
            }
        }
        for (const std::string& classifier : taken) {
            if (!is_delegated(given, role, classifier)) {
                return std::unexpected(ChainErrc::not_delegated);
            }
        }
    }
    return {};
}

ChainCheck check_claims(const Certificates& chain, const ChainExpectation& expected) {
    for (const Certificate& certificate : chain) {
        if (expected.now + expected.clock_skew < certificate.not_before ||
            expected.now - expected.clock_skew > certificate.not_after) {
            return std::unexpected(ChainErrc::expired);
        }
    }
    if (authority_of(chain.front().key) != expected.authority) {
        return std::unexpected(ChainErrc::wrong_owner);
    }
    if (chain.back().key != expected.publisher) {
        return std::unexpected(ChainErrc::wrong_publisher);
    }
    if (chain.front().peer_name != chain.back().peer_name) {
        return std::unexpected(ChainErrc::wrong_name);
    }
    const Certificate& last = chain.back();
    const std::vector<std::string> given = last.classifiers.value_or(std::vector<std::string>{});
    if (!is_delegated(given, strongest(last), expected.classifier)) {
        return std::unexpected(ChainErrc::wrong_name);
    }
    return {};
}

} // namespace

bool is_delegated(
    const std::vector<std::string>& delegated, Role role, const std::string& classifier) {
    if (delegated.empty()) return true;
    return std::ranges::any_of(delegated, [&](const std::string& each) {
        return classifier == each || (role != Role::member && classifier.starts_with(each));
    });
}

// NOLINTNEXTLINE(readability-function-size): a delegation has this many parts
Bytes make_delegation(
    const PeerName& name,
    const crypto::PrivateKey& owner,
    const crypto::PublicKey& delegate,
    WallTime not_before,
    WallTime not_after,
    SecureRandom& random) {
    KITH_CHECK(authority_of(owner.public_key()) == name.authority());
    const std::string owner_text = to_hex(name.authority().bytes);
    const CertificateFields root{
        .serial = serial_number(random),
        .subject = owner_text,
        .issuer = owner_text,
        .not_before = not_before,
        .not_after = not_after,
        .type = CertificateType::root,
        .peer_name = name.to_string(),
        .roles = {},
        .classifiers = {}};
    const CertificateFields member{
        .serial = serial_number(random),
        .subject = to_hex(authority_of(delegate).bytes),
        .issuer = owner_text,
        .not_before = not_before,
        .not_after = not_after,
        .type = CertificateType::member,
        .peer_name = name.to_string(),
        .roles = std::vector{Role::member},
        .classifiers = std::vector{name.classifier()}};
    return bundle(
        {make_certificate(root, owner.public_key(), owner),
         make_certificate(member, delegate, owner)});
}

std::expected<void, ChainErrc> verify_chain(ByteView chain, const ChainExpectation& expected) {
    const auto certificates = parse_chain(expected.publisher.algorithm(), chain);
    if (!certificates) return std::unexpected(certificates.error());
    if (const auto form = check_form(*certificates); !form) return form;
    if (const auto claims = check_claims(*certificates, expected); !claims) return claims;
    if (const auto links = check_links(*certificates); !links) return links;
    // Each is signed by the one before, the first by itself.
    const Certificate* signer = &certificates->front();
    for (const Certificate& certificate : *certificates) {
        if (!signer->key.verify(certificate.to_be_signed, certificate.signature)) {
            return std::unexpected(ChainErrc::bad_signature);
        }
        signer = &certificate;
    }
    return {};
}

std::expected<DelegationTerms, ChainErrc>
read_delegation(crypto::KeyAlgorithm algorithm, ByteView chain) {
    const auto certificates = parse_chain(algorithm, chain);
    if (!certificates) return std::unexpected(certificates.error());
    if (const auto checked = check_form(*certificates); !checked) {
        return std::unexpected(checked.error());
    }
    DelegationTerms terms{
        .authority = authority_of(certificates->front().key),
        .publisher = authority_of(certificates->back().key),
        .peer_name = certificates->back().peer_name,
        .not_after = certificates->front().not_after};
    for (const Certificate& certificate : *certificates)
        terms.not_after = std::min(terms.not_after, certificate.not_after);
    return terms;
}

} // namespace kith::identity
