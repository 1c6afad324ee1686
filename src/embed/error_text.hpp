// What the inside refuses, as the public API says it.

#pragma once

#include "identity/document.hpp"
#include "pnrp/registration.hpp"

#include <kith/identity.hpp>

namespace kith::embed {

Error to_error(identity::LabelErrc code);
Error to_error(identity::PeerNameErrc code);
Error to_error(identity::DocumentErrc code);
Error to_error(pnrp::RegisterErrc code);
Error to_error(pnrp::ResolveErrc code);

} // namespace kith::embed
