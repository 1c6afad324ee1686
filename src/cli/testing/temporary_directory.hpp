// A directory of one test.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <string_view>

namespace kith::cli::testing {

class TemporaryDirectory {
public:
    TemporaryDirectory() : path_("/tmp/kith-cli-XXXXXX") {
        EXPECT_NE(mkdtemp(path_.data()), nullptr);
    }
    ~TemporaryDirectory() {
        std::error_code ignored; // what stays is in /tmp
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    const std::string& path() const { return path_; }

    /// Writes a file and gives its path.
    std::string write(std::string_view name, std::string_view content) const {
        std::string path = path_ + "/" + std::string(name);
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }

    std::string read(std::string_view name) const {
        std::ifstream file(path_ + "/" + std::string(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    /// The number of its entries: what was left behind counts.
    std::size_t entries() const {
        return static_cast<std::size_t>(std::distance(
            std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator()));
    }

private:
    std::string path_;
};

} // namespace kith::cli::testing
