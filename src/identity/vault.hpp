// Where the identities of this machine are kept, as their documents. What a document seals stays
// sealed here: opening one takes its time and is the caller's business (document.hpp).
//
// No two kept identities have the same label or the same peer name.

#pragma once

#include "identity/document.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::identity {

inline constexpr std::size_t kIdentitiesMax = 256; // in one vault; another one is refused

enum class VaultErrc : std::uint8_t {
    not_found,
    already_exists,
    too_many,
    bad_document,
    disk_full,
    read_only,
    failed, // the disk refused for another reason
};

struct StoredIdentity {
    IdentityCard card;
    bool is_default = false;
};

class Vault {
public:
    virtual ~Vault() = default;

    /// In the order of their labels.
    virtual std::vector<StoredIdentity> list() const = 0;

    /// `label` as parse_label() gives it.
    virtual std::optional<StoredIdentity> find(std::string_view label) const = 0;

    /// The identity used where none is named. Nothing in an empty vault, and after the default one
    /// was removed, until another is chosen or the first one added.
    virtual std::optional<StoredIdentity> default_identity() const = 0;

    /// The stored document. The caller wipes it.
    virtual std::expected<std::string, VaultErrc> document(std::string_view label) const = 0;

    /// Keeps `document`; the first identity becomes the default. After any failure nothing changed.
    virtual std::expected<void, VaultErrc> add(std::string_view document) = 0;

    virtual std::expected<void, VaultErrc>
    rename(std::string_view label, const std::string& new_label) = 0;
    virtual std::expected<void, VaultErrc> remove(std::string_view label) = 0;
    virtual std::expected<void, VaultErrc> set_default(std::string_view label) = 0;

protected:
    Vault() = default;
    Vault(const Vault&) = default;
    Vault& operator=(const Vault&) = default;
};

} // namespace kith::identity
