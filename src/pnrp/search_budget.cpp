#include "pnrp/search_budget.hpp"

#include <algorithm>

namespace kith::pnrp {

void SearchBudget::note_dead() {
    ++dead_;
    met_silence_ = true;
}

void SearchBudget::note_told_of_silent() {
    ++told_of_silent_;
    met_silence_ = true;
}

bool SearchBudget::is_used_up() const {
    // Who lies, or is gone, shall not use up the way of those who do not.
    const unsigned useful_max = kUsefulHopsMax + kHopsPerLie * std::min(lies_, kLiesMax) +
                                std::min(in_vain(), kPassedOverMax);
    return suspicious_ > kSuspiciousMax || useful_ > useful_max || has_met_the_dead();
}

bool SearchBudget::take_widening() {
    if (is_used_up() || (!met_silence_ && !met_falsehood()) || widenings_ == kWideningsMax)
        return false;
    ++widenings_;
    return true;
}

bool SearchBudget::take_restart() {
    const unsigned restarts_max = met_falsehood() ? kRestartsMax : met_silence_ ? 1 : 0;
    if (restarts_ >= restarts_max) return false;
    if (!met_falsehood() && has_met_the_dead()) return false;
    ++restarts_;
    suspicious_ = useful_ = widenings_ = 0;
    if (met_falsehood()) dead_ = 0;
    return true;
}

} // namespace kith::pnrp
