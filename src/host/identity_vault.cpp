#include "host/identity_vault.hpp"

#include "crypto/digest.hpp"

#include <algorithm>
#include <span>

namespace kith::host {

namespace {

using identity::StoredIdentity;
using identity::VaultErrc;

const std::string kDefaultFile = "default";
constexpr std::string_view kSuffix = ".json";
constexpr std::size_t kDefaultFileSizeMax = 256;
constexpr std::size_t kClassifierDigits = 16; // enough to keep apart the names of one authority

// Authority and a digest of the classifier: a name that any file system can hold, and the same for
// the same peer name, so that the directory itself refuses a second copy.
std::string file_of(const identity::PeerName& name) {
    const std::string classifier = to_hex(crypto::sha256({as_bytes(name.classifier())}));
    return to_hex(name.authority().bytes) + "-" + classifier.substr(0, kClassifierDigits) +
           std::string(kSuffix);
}

void wipe_text(std::string& text) {
    wipe(std::as_writable_bytes(std::span(text)));
}

VaultErrc vault_errc(const FileError& error) {
    switch (error.code) {
    case FileErrc::already_exists:
        return VaultErrc::already_exists;
    case FileErrc::disk_full:
        return VaultErrc::disk_full;
    case FileErrc::read_only:
        return VaultErrc::read_only;
    default:
        return VaultErrc::failed;
    }
}

IdentityFault identity_fault(identity::DocumentErrc error) {
    return error == identity::DocumentErrc::unsupported_version ? IdentityFault::later_version
                                                                : IdentityFault::malformed;
}

} // namespace

std::expected<IdentityVault, FileError>
IdentityVault::open(const std::filesystem::path& directory) {
    auto opened = PrivateDirectory::open(directory);
    if (!opened) return std::unexpected(opened.error());
    IdentityVault vault(std::move(*opened));
    vault.load();
    return vault;
}

void IdentityVault::load() {
    for (const std::string& file : directory_.names()) {
        if (file != kDefaultFile && file.ends_with(kSuffix)) load_file(file);
    }
    const auto chosen = directory_.read(kDefaultFile, kDefaultFileSizeMax);
    if (chosen) {
        default_file_ = *chosen;
        while (default_file_.ends_with('\n'))
            default_file_.pop_back();
        const bool is_told = std::ranges::any_of(problems_, [this](const VaultProblem& problem) {
            return problem.file == directory_.path() / default_file_;
        });
        if (!default_identity() && !is_told) {
            problems_.push_back({directory_.path() / kDefaultFile, IdentityFault::dangling});
        }
    } else if (chosen.error().code != FileErrc::not_found) {
        problems_.push_back({chosen.error().path, chosen.error().code});
    }
}

void IdentityVault::load_file(const std::string& file) {
    const std::filesystem::path path = directory_.path() / file;
    auto content = directory_.read(file, identity::kDocumentSizeMax);
    if (!content) {
        problems_.push_back({path, content.error().code});
        return;
    }
    auto card = identity::read_card(*content);
    wipe_text(*content);
    if (!card) {
        problems_.push_back({path, identity_fault(card.error())});
    } else if (file_of(card->name) != file) {
        problems_.push_back({path, IdentityFault::misplaced});
    } else if (entries_.contains(card->label)) {
        problems_.push_back({path, IdentityFault::same_label});
    } else if (entries_.size() >= identity::kIdentitiesMax) {
        problems_.push_back({path, IdentityFault::beyond_limit});
    } else {
        const std::string label = card->label;
        entries_.emplace(label, Entry{file, std::move(*card)});
    }
}

StoredIdentity IdentityVault::stored(const Entry& entry) const {
    return {entry.card, entry.file == default_file_};
}

std::vector<StoredIdentity> IdentityVault::list() const {
    std::vector<StoredIdentity> out;
    out.reserve(entries_.size());
    for (const auto& [label, entry] : entries_)
        out.push_back(stored(entry));
    return out;
}

std::optional<StoredIdentity> IdentityVault::find(std::string_view label) const {
    const auto found = entries_.find(label);
    if (found == entries_.end()) return std::nullopt;
    return stored(found->second);
}

std::optional<StoredIdentity> IdentityVault::default_identity() const {
    const auto found = std::ranges::find_if(
        entries_, [this](const auto& item) { return item.second.file == default_file_; });
    if (found == entries_.end()) return std::nullopt;
    return stored(found->second);
}

std::expected<std::string, VaultErrc> IdentityVault::document(std::string_view label) const {
    const auto found = entries_.find(label);
    if (found == entries_.end()) return std::unexpected(VaultErrc::not_found);
    auto content = directory_.read(found->second.file, identity::kDocumentSizeMax);
    if (!content) return std::unexpected(vault_errc(content.error()));
    return std::move(*content);
}

std::expected<void, VaultErrc> IdentityVault::add(std::string_view document) {
    auto card = identity::read_card(document);
    if (!card) return std::unexpected(VaultErrc::bad_document);
    if (entries_.contains(card->label)) return std::unexpected(VaultErrc::already_exists);
    if (entries_.size() >= identity::kIdentitiesMax) return std::unexpected(VaultErrc::too_many);
    const std::string file = file_of(card->name);
    const auto written = directory_.write(file, document, PrivateDirectory::Existing::keep);
    if (!written) return std::unexpected(vault_errc(written.error()));
    const std::string label = card->label;
    const bool is_first = entries_.empty();
    entries_.emplace(label, Entry{file, std::move(*card)});
    // The identity is safe by now. Should the pointer not be, set_default() can be asked for again.
    if (is_first) static_cast<void>(set_default(label));
    return {};
}

std::expected<void, VaultErrc>
IdentityVault::rename(std::string_view label, const std::string& new_label) {
    const auto found = entries_.find(label);
    if (found == entries_.end()) return std::unexpected(VaultErrc::not_found);
    if (label == new_label) return {};
    if (entries_.contains(new_label)) return std::unexpected(VaultErrc::already_exists);
    auto content = document(label);
    if (!content) return std::unexpected(content.error());
    auto relabelled = identity::relabel_document(*content, new_label);
    wipe_text(*content);
    if (!relabelled) return std::unexpected(VaultErrc::bad_document);
    const auto written =
        directory_.write(found->second.file, *relabelled, PrivateDirectory::Existing::replace);
    wipe_text(*relabelled);
    if (!written) return std::unexpected(vault_errc(written.error()));
    auto node = entries_.extract(found);
    node.key() = new_label;
    node.mapped().card.label = new_label;
    entries_.insert(std::move(node));
    return {};
}

std::expected<void, VaultErrc> IdentityVault::remove(std::string_view label) {
    const auto found = entries_.find(label);
    if (found == entries_.end()) return std::unexpected(VaultErrc::not_found);
    const auto removed = directory_.remove(found->second.file);
    if (!removed && removed.error().code != FileErrc::not_found) {
        return std::unexpected(vault_errc(removed.error()));
    }
    // The pointer goes second: without its file it points at nothing, which is what none means.
    if (default_file_ == found->second.file) {
        static_cast<void>(directory_.remove(kDefaultFile));
        default_file_.clear();
    }
    entries_.erase(found);
    return {};
}

std::expected<void, VaultErrc> IdentityVault::set_default(std::string_view label) {
    const auto found = entries_.find(label);
    if (found == entries_.end()) return std::unexpected(VaultErrc::not_found);
    const auto written = directory_.write(
        kDefaultFile, found->second.file + "\n", PrivateDirectory::Existing::replace);
    if (!written) return std::unexpected(vault_errc(written.error()));
    default_file_ = found->second.file;
    return {};
}

} // namespace kith::host
