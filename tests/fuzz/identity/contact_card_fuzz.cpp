#include "base/check.hpp"
#include "identity/contact_card.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kith;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto card = identity::read_card_document(text)) {
        KITH_CHECK(card->name.authority() == identity::authority_of(card->public_key));
        const auto again = identity::read_card_document(identity::to_card_document(*card));
        KITH_CHECK(again && again->public_key == card->public_key && again->label == card->label);
    }
    if (const auto delegation = identity::read_delegation_document(text)) {
        const auto again =
            identity::read_delegation_document(identity::to_delegation_document(*delegation));
        KITH_CHECK(again && again->chain == delegation->chain);
    }
    return 0;
}
