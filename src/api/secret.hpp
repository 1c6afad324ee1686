// A password or passphrase on its way through a request: wiped when it goes, and never printed.

#pragma once

#include "base/bytes.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace kith::api {

/// Overwrites `text` where it lies.
inline void wipe_text(std::string& text) {
    wipe(std::as_writable_bytes(std::span(text)));
}

class Secret {
public:
    explicit Secret(std::string_view text) : text_(text) {}
    ~Secret() { wipe_text(text_); }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;

    std::string_view text() const { return text_; }

private:
    std::string text_;
};

/// Shared between a request and the work done for it; the last one wipes. Null: no secret.
using SharedSecret = std::shared_ptr<const Secret>;

} // namespace kith::api
