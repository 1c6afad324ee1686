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

    std::vector<api::KeptWish> wishes() const override {
        std::vector<host::FileError> problems;
        std::vector<api::KeptWish> out;
        for (host::NameFile& file : files_.read_all(api::kWishSizeMax, problems))
            out.push_back({file.file.native(), std::move(file.content)});
        for (const host::FileError& problem : problems)
            complain(problem.path.native(), what_is_wrong(problem.code));
        return out;
    }

    void complain(std::string_view place, std::string_view why) const override {
        spdlog::warn("{} {}; the name in it is not published", place, why);
    }

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
