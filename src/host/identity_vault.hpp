// The identities of this machine in files: one document each, and a file `default` that holds the
// name of one of them.
//
// A file that cannot be read as an identity does no harm to the others: it is told in problems()
// and left as it is. Operations reach the disk before they return.

#pragma once

#include "host/private_directory.hpp"
#include "identity/vault.hpp"

#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace kith::host {

enum class IdentityFault : std::uint8_t {
    malformed,
    later_version, // made by a later Kith
    misplaced,     // its name is not the one of the identity inside: a copied or renamed file
    same_label,    // another file has the same label
    beyond_limit,  // above identity::kIdentitiesMax
    dangling,      // the file `default`: it names none that is served
};

/// A file of the vault that is not served.
struct VaultProblem {
    std::filesystem::path file;
    std::variant<IdentityFault, FileErrc> reason;
};

class IdentityVault final : public identity::Vault {
public:
    /// Opens the directory, making it where it is missing. The caller holds the data directory's
    /// lock.
    static std::expected<IdentityVault, FileError> open(const std::filesystem::path& directory);

    IdentityVault(IdentityVault&&) = default;
    IdentityVault& operator=(IdentityVault&&) = default;
    IdentityVault(const IdentityVault&) = delete;
    IdentityVault& operator=(const IdentityVault&) = delete;
    ~IdentityVault() override = default;

    const std::vector<VaultProblem>& problems() const { return problems_; }

    std::vector<identity::StoredIdentity> list() const override;
    std::optional<identity::StoredIdentity> find(std::string_view label) const override;
    std::optional<identity::StoredIdentity> default_identity() const override;
    std::expected<std::string, identity::VaultErrc> document(std::string_view label) const override;
    std::expected<void, identity::VaultErrc> add(std::string_view document) override;
    std::expected<void, identity::VaultErrc>
    rename(std::string_view label, const std::string& new_label) override;
    std::expected<void, identity::VaultErrc> remove(std::string_view label) override;
    std::expected<void, identity::VaultErrc> set_default(std::string_view label) override;

private:
    struct Entry {
        std::string file;
        identity::IdentityCard card;
    };

    explicit IdentityVault(PrivateDirectory directory) : directory_(std::move(directory)) {}

    void load();
    void load_file(const std::string& file);
    identity::StoredIdentity stored(const Entry& entry) const;

    PrivateDirectory directory_;
    std::map<std::string, Entry, std::less<>> entries_; // by label
    std::string default_file_;                          // empty: none
    std::vector<VaultProblem> problems_;
};

} // namespace kith::host
