// How far a run is, for whoever watches.

#pragma once

#include <string_view>

namespace kith::sim {

class Progress {
public:
    virtual ~Progress() = default;
    Progress() = default;
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// `share` of the stage is done, 0 to 1. Called often.
    virtual void show(std::string_view stage, double share) = 0;
};

class NoProgress final : public Progress {
public:
    void show(std::string_view /*stage*/, double /*share*/) override {}
};

/// One line on standard error, written over; it is gone at the end. Only where that is a terminal.
class TerminalProgress final : public Progress {
public:
    ~TerminalProgress() override;
    void show(std::string_view stage, double share) override;

private:
    int shown_percent_ = -1;
    std::string_view shown_stage_;
};

} // namespace kith::sim
