// The line that says that a long wait goes on.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace kith::cli {

/// Waits shorter than this show nothing: a line that flashes up helps nobody.
inline constexpr std::chrono::milliseconds kProgressDelay{300};

enum class ProgressTo : std::uint8_t { nowhere, terminal };

/// Rewrites one line on standard error, and takes it away when it goes.
class Progress {
public:
    /// `doing` is printable text: "resolving".
    Progress(std::string doing, ProgressTo to);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// No-op before `kProgressDelay`.
    void show(std::chrono::milliseconds elapsed);

private:
    std::string doing_;
    ProgressTo to_;
    bool shown_ = false;
};

} // namespace kith::cli
