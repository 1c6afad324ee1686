// Peer names: what parses prints a text that parses to the same name, and a name composed of the
// same parts obeys the same limits.

#include "base/check.hpp"
#include "base/unicode.hpp"
#include "identity/peer_name.hpp"

#include <cstddef>
#include <cstdint>

using kith::identity::kClassifierUnitsMax;
using kith::identity::PeerName;

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto name = PeerName::parse(text);
    if (!name) return 0;
    const std::string& classifier = name->classifier();
    KITH_CHECK(kith::is_utf8(classifier));
    KITH_CHECK(kith::utf16_length(classifier) <= kClassifierUnitsMax);
    KITH_CHECK(classifier.find('\0') == classifier.npos);
    KITH_CHECK(name->is_secure() || !classifier.empty());
    KITH_CHECK(name->is_secure() == (name->authority() != kith::identity::Authority{}));
    KITH_CHECK(text.ends_with(classifier));

    const auto again = PeerName::parse(name->to_string());
    KITH_CHECK(again.has_value());
    KITH_CHECK(*again == *name);

    const auto composed = name->is_secure() ? PeerName::secure(name->authority(), classifier)
                                            : PeerName::unsecured(classifier);
    // Composing can only fail by growing past the limit.
    if (!composed) {
        KITH_CHECK(composed.error() == kith::identity::PeerNameErrc::classifier_too_long);
        return 0;
    }
    KITH_CHECK(kith::to_nfc(composed->classifier()) == composed->classifier());
    return 0;
}
