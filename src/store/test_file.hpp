// Files for the tests of stores.

#pragma once

#include <system_error>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

namespace kith::store {

/// A path where nothing is, in a folder of its own that goes away with this.
class TemporaryFile {
public:
    TemporaryFile() {
        static std::atomic<int> number{0};
        // The address differs between programs that run at once, the number within one.
        do {
            const auto name = "kith-store-" +
                              std::to_string(reinterpret_cast<std::uintptr_t>(this)) + "-" +
                              std::to_string(number++);
            folder_ = std::filesystem::temp_directory_path() / name;
        } while (!std::filesystem::create_directory(folder_));
    }
    ~TemporaryFile() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    std::string path() const { return (folder_ / "records.db").string(); }

private:
    std::filesystem::path folder_;
};

} // namespace kith::store
