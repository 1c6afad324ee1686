// What a reader's complaint means for a message.

#pragma once

#include "pnrp/message.hpp"
#include "wire/reader.hpp"

namespace kith::pnrp {

constexpr MessageErrc syntax_error(wire::Errc why) {
    switch (why) {
    case wire::Errc::truncated:
        return MessageErrc::truncated;
    case wire::Errc::trailing_bytes:
        return MessageErrc::trailing_bytes;
    case wire::Errc::bad_padding:
        return MessageErrc::bad_padding;
    case wire::Errc::bad_value:
    case wire::Errc::too_many_items:
        return MessageErrc::bad_syntax;
    }
    return MessageErrc::bad_syntax;
}

} // namespace kith::pnrp
