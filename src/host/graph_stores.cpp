#include "host/graph_stores.hpp"

#include "crypto/digest.hpp"
#include "store/memory_store.hpp"
#include "store/sqlite_store.hpp"

#include <system_error>

#include <utility>

namespace kith::host {

namespace {

constexpr std::size_t kFileDigits = 32;

store::StoreErrc store_errc(const std::error_code& error) {
    if (error == std::errc::no_space_on_device) return store::StoreErrc::full;
    const bool may_not = error == std::errc::read_only_file_system ||
                         error == std::errc::permission_denied ||
                         error == std::errc::operation_not_permitted;
    return may_not ? store::StoreErrc::read_only : store::StoreErrc::io;
}

// A database is never shorter than its first page.
bool was_emptied(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    return !error && size == 0;
}

} // namespace

std::expected<GraphStores, FileError> GraphStores::open(const std::filesystem::path& path) {
    auto directory = PrivateDirectory::open(path);
    if (!directory) return std::unexpected(directory.error());
    return GraphStores(std::move(*directory));
}

std::filesystem::path GraphStores::file_of(const std::string& graph_id) const {
    const auto digest = crypto::sha256({as_bytes(graph_id)});
    return directory_.path() / (to_hex(digest).substr(0, kFileDigits) + ".db");
}

std::expected<std::unique_ptr<store::RecordStore>, store::StoreErrc>
GraphStores::open(const node::StoreWish& wish) {
    if (wish.in_memory) return std::make_unique<store::MemoryStore>(wish.rules);
    const std::filesystem::path file = file_of(wish.graph_id);
    // SQLite would take it for a new one.
    if (was_emptied(file)) return std::unexpected(store::StoreErrc::missing);
    store::SqliteSettings settings;
    settings.path = file.native();
    settings.graph = wish.graph_id;
    settings.peer = wish.peer_id;
    settings.rules = wish.rules;
    settings.durability = wish.durability;
    auto opened = store::SqliteStore::open(settings);
    if (!opened) return std::unexpected(opened.error());
    return std::move(*opened);
}

bool GraphStores::has(const std::string& graph_id) const {
    const std::filesystem::path file = file_of(graph_id);
    std::error_code error;
    const bool is_gone = !std::filesystem::exists(file, error) && !error;
    return !is_gone && !was_emptied(file);
}

// The log first: records without their log are an older state, a log without them is nothing.
std::expected<void, store::StoreErrc> GraphStores::remove(const std::string& graph_id) {
    const std::filesystem::path file = file_of(graph_id);
    for (const char* suffix : {"-shm", "-wal", "-journal", ""}) {
        std::error_code error;
        std::filesystem::remove(file.native() + suffix, error);
        if (error) return std::unexpected(store_errc(error));
    }
    return {};
}

std::expected<std::unique_ptr<store::RecordStore>, store::StoreErrc>
MemoryStores::open(const node::StoreWish& wish) {
    return std::make_unique<store::MemoryStore>(wish.rules);
}

std::expected<void, store::StoreErrc> MemoryStores::remove(const std::string&) {
    return {};
}

} // namespace kith::host
