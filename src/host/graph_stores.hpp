// The stores of a host's graphs: a file for each in a folder of this user's, or memory.

#pragma once

#include "host/private_directory.hpp"
#include "node/graphs.hpp"

#include <filesystem>
#include <string>

namespace kith::host {

class GraphStores final : public node::StoreFactory {
public:
    /// Uses `path` and makes it with mode 0700 if it is not there.
    static std::expected<GraphStores, FileError> open(const std::filesystem::path& path);

    /// `missing` for a file that is empty: it had something in it once.
    std::expected<std::unique_ptr<store::RecordStore>, store::StoreErrc>
    open(const node::StoreWish& wish) override;
    std::expected<void, store::StoreErrc> remove(const std::string& graph_id) override;

    /// Whether there is a file of the graph with something in it, be it damaged.
    bool has(const std::string& graph_id) const;

    /// Where the graph's records are: named after the first 32 hexadecimal digits of SHA-256 of its
    /// id, which may have any characters.
    std::filesystem::path file_of(const std::string& graph_id) const;

private:
    explicit GraphStores(PrivateDirectory directory) : directory_(std::move(directory)) {}

    PrivateDirectory directory_;
};

/// For programs that keep nothing.
class MemoryStores final : public node::StoreFactory {
public:
    std::expected<std::unique_ptr<store::RecordStore>, store::StoreErrc>
    open(const node::StoreWish& wish) override;
    std::expected<void, store::StoreErrc> remove(const std::string& graph_id) override;
};

} // namespace kith::host
