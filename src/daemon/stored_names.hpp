// What is to be published again after a restart, as the API wants it.

#pragma once

#include "api/name_store.hpp"
#include "daemon/fault_text.hpp"
#include "host/name_files.hpp"

#include <spdlog/spdlog.h>
#include <utility>

namespace kith::daemon {

class StoredNames final : public api::NameStore {
public:
    explicit StoredNames(host::NameFiles files) : files_(std::move(files)) {}

    std::vector<std::string> wishes() const override { return files_.read_all(api::kWishSizeMax); }

    bool keep(std::string_view peer_name, std::string_view wish) override {
        const auto written = files_.write(peer_name, wish);
        if (!written) spdlog::warn("{}", to_sentence(written.error()));
        return written.has_value();
    }

    void forget(std::string_view peer_name) override {
        const auto removed = files_.remove(peer_name);
        if (!removed) spdlog::warn("{}", to_sentence(removed.error()));
    }

private:
    host::NameFiles files_;
};

} // namespace kith::daemon
