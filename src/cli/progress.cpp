#include "cli/progress.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <utility>

namespace kith::cli {

namespace {

constexpr const char* kEraseLine = "\r\x1b[K";

} // namespace

Progress::Progress(std::string doing, ProgressTo to) : doing_(std::move(doing)), to_(to) {}

Progress::~Progress() {
    if (!shown_) return;
    std::fputs(kEraseLine, stderr);
    std::fflush(stderr);
}

void Progress::show(std::chrono::milliseconds elapsed) {
    if (to_ == ProgressTo::nowhere || elapsed < kProgressDelay) return;
    const auto tenths = elapsed.count() / 100;
    fmt::print(stderr, "{}{} ... {}.{} s", kEraseLine, doing_, tenths / 10, tenths % 10);
    std::fflush(stderr);
    shown_ = true;
}

} // namespace kith::cli
