#include "graph/counters.hpp"

namespace kith::graph {

std::string_view to_string(DropReason reason) {
    switch (reason) {
    case DropReason::bad_frame:
        return "bad_frame";
    case DropReason::bad_message:
        return "bad_message";
    case DropReason::out_of_state:
        return "out_of_state";
    case DropReason::not_authenticated:
        return "not_authenticated";
    case DropReason::timed_out:
        return "timed_out";
    case DropReason::bad_record:
        return "bad_record";
    case DropReason::other_graph:
        return "other_graph";
    case DropReason::expired_record:
        return "expired_record";
    case DropReason::foreign_properties:
        return "foreign_properties";
    case DropReason::rejected_record:
        return "rejected_record";
    case DropReason::deferred_overflow:
        return "deferred_overflow";
    case DropReason::over_quota:
        return "over_quota";
    case DropReason::from_the_future:
        return "from_the_future";
    case DropReason::version_jump:
        return "version_jump";
    case DropReason::too_many_syncs:
        return "too_many_syncs";
    case DropReason::too_many_invalid:
        return "too_many_invalid";
    case DropReason::too_many_links:
        return "too_many_links";
    case DropReason::stale_sync:
        return "stale_sync";
    case DropReason::slow_reader:
        return "slow_reader";
    case DropReason::unfinished:
        return "unfinished";
    case DropReason::other_rules:
        return "other_rules";
    case DropReason::count:
        break;
    }
    return "unknown";
}

} // namespace kith::graph
