#include "identity/peer_name.hpp"

#include "base/unicode.hpp"
#include "crypto/digest.hpp"

#include <algorithm>
#include <optional>

namespace kith::identity {

namespace {

// One UTF-16 unit is at most 3 bytes of UTF-8 (and two units are 4).
constexpr std::size_t kClassifierBytesMax = 3 * kClassifierUnitsMax;

// Before composing a text may be longer: no character's UTF-8 shrinks to less than a quarter by
// NFC. Longer input is refused before anything is spent on it.
constexpr std::size_t kUncomposedBytesMax = 4 * kClassifierBytesMax;

std::expected<void, PeerNameErrc> check_classifier(std::string_view classifier) {
    if (classifier.size() > kClassifierBytesMax) {
        return std::unexpected(PeerNameErrc::classifier_too_long);
    }
    if (!is_utf8(classifier) || classifier.find('\0') != std::string_view::npos) {
        return std::unexpected(PeerNameErrc::bad_classifier);
    }
    if (utf16_length(classifier) > kClassifierUnitsMax) {
        return std::unexpected(PeerNameErrc::classifier_too_long);
    }
    return {};
}

std::expected<std::string, PeerNameErrc> compose_classifier(std::string_view classifier) {
    if (classifier.size() > kUncomposedBytesMax) {
        return std::unexpected(PeerNameErrc::classifier_too_long);
    }
    auto composed = to_nfc(classifier);
    if (!composed) return std::unexpected(PeerNameErrc::bad_classifier);
    if (const auto legal = check_classifier(*composed); !legal) {
        return std::unexpected(legal.error());
    }
    return std::move(*composed);
}

// Nothing unless `digits` are 40 hexadecimal ones.
std::optional<Authority> parse_authority(std::string_view digits) {
    if (digits.size() != kAuthorityDigits) return std::nullopt;
    const auto bytes = from_hex(digits);
    if (!bytes) return std::nullopt;
    Authority authority;
    std::ranges::copy(*bytes, authority.bytes.begin());
    return authority;
}

} // namespace

Authority authority_of(const crypto::PublicKey& key) {
    Authority authority;
    if (key.algorithm() == crypto::KeyAlgorithm::rsa1024) {
        authority.bytes = crypto::sha1({key.material()});
        return authority;
    }
    const auto digest = crypto::sha256({key.subject_public_key_info()});
    std::copy_n(digest.begin(), authority.bytes.size(), authority.bytes.begin());
    return authority;
}

std::expected<PeerName, PeerNameErrc> PeerName::parse(std::string_view text) {
    if (text.empty()) return std::unexpected(PeerNameErrc::empty);
    const std::size_t dot = text.find('.');
    const std::string_view head = text.substr(0, dot);
    const std::string_view classifier = dot == std::string_view::npos ? "" : text.substr(dot + 1);

    PeerName name;
    if (head != "0") {
        const auto authority = parse_authority(head);
        if (!authority) return std::unexpected(PeerNameErrc::bad_authority);
        if (*authority == Authority{}) return std::unexpected(PeerNameErrc::zero_authority);
        name.secure_ = true;
        name.authority_ = *authority;
    } else if (classifier.empty()) {
        return std::unexpected(PeerNameErrc::missing_classifier);
    }
    if (const auto legal = check_classifier(classifier); !legal) {
        return std::unexpected(legal.error());
    }
    name.classifier_ = classifier;
    return name;
}

std::expected<PeerName, PeerNameErrc>
PeerName::secure(const Authority& authority, std::string_view classifier) {
    if (authority == Authority{}) return std::unexpected(PeerNameErrc::zero_authority);
    auto composed = compose_classifier(classifier);
    if (!composed) return std::unexpected(composed.error());
    PeerName name;
    name.secure_ = true;
    name.authority_ = authority;
    name.classifier_ = std::move(*composed);
    return name;
}

std::expected<PeerName, PeerNameErrc> PeerName::unsecured(std::string_view classifier) {
    if (classifier.empty()) return std::unexpected(PeerNameErrc::missing_classifier);
    auto composed = compose_classifier(classifier);
    if (!composed) return std::unexpected(composed.error());
    PeerName name;
    name.classifier_ = std::move(*composed);
    return name;
}

std::string PeerName::to_string() const {
    std::string text = secure_ ? to_hex(authority_.bytes) : "0";
    if (classifier_.empty()) return text;
    text += '.';
    text += classifier_;
    return text;
}

} // namespace kith::identity
