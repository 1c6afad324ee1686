#include "sim/progress.hpp"

#include <cstdio>
#include <fmt/format.h>

namespace kith::sim {

TerminalProgress::~TerminalProgress() {
    if (shown_percent_ >= 0) fmt::print(stderr, "\r\033[K");
}

void TerminalProgress::show(std::string_view stage, double share) {
    const int percent = static_cast<int>(share * 100.0);
    if (percent == shown_percent_ && stage == shown_stage_) return;
    shown_percent_ = percent;
    shown_stage_ = stage;
    fmt::print(stderr, "\r\033[K{} {} %", stage, percent);
    static_cast<void>(std::fflush(stderr));
}

} // namespace kith::sim
