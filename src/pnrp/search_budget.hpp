// How far a search goes (MS-PNRP 3.1.4.4.2; docs/protocol/pnrp.md, Resolving): what it met on its
// way, and whether that is enough.

#pragma once

#include "pnrp/limits.hpp"

namespace kith::pnrp {

class SearchBudget {
public:
    void note_useful() { ++useful_; }
    void note_suspicious() { ++suspicious_; }
    /// Somebody's answer is overdue, or did not come at all.
    void note_late() { met_silence_ = true; }
    void note_dead();
    /// A false answer.
    void note_lie() { ++lies_; }
    /// An answer told of somebody of whom we know that he is silent: it led nowhere.
    void note_told_of_silent();
    /// Somebody is asked last because of his network, or of who told of him.
    void note_passed_over() { ++passed_over_; }

    /// True once no further hop may be asked.
    bool is_used_up() const;

    /// True once not even those who publish the name are asked for others beside them: liars do not
    /// keep a search going for ever.
    bool is_worn_out() const { return has_met_the_dead() || lies_ > kLiesMax; }

    /// True once so many were silent that a search ends.
    bool has_met_the_dead() const { return dead_ >= kDeadHopsMax; }

    /// True once somebody lied, or is likely to lead this search astray.
    bool met_falsehood() const { return lies_ > 0 || passed_over_ >= kPassedOverSuspicious; }

    /// Answers that led nowhere, through no fault of who gave them.
    unsigned in_vain() const { return passed_over_ + told_of_silent_; }
    bool has_begun_again() const { return restarts_ > 0; }

    /// Silence or liars stand in the way: the next cached entries may have their turn. False if
    /// they do not, or have had it often enough.
    bool take_widening();

    /// Nobody's ignorance of the target is final where lies or silence were met: who answered may
    /// be asked once more, and the way is a new one. False where it is.
    bool take_restart();

private:
    unsigned suspicious_ = 0;
    unsigned useful_ = 0;
    unsigned dead_ = 0;
    unsigned widenings_ = 0;
    unsigned restarts_ = 0;
    unsigned lies_ = 0;
    unsigned passed_over_ = 0;
    unsigned told_of_silent_ = 0;
    bool met_silence_ = false;
};

} // namespace kith::pnrp
