// Under which reason a refused message or certified address is counted.

#pragma once

#include "pnrp/counters.hpp"
#include "pnrp/cpa.hpp"
#include "pnrp/message.hpp"

namespace kith::pnrp {

Drop drop_reason(MessageErrc error);
Drop drop_reason(CpaErrc error);

} // namespace kith::pnrp
