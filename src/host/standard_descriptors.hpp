// Standard input, output and error of a process that was started without them.

#pragma once

namespace kith::host {

/// Opens those of the descriptors 0 to 2 that are closed, so that no file or socket gets their
/// number. To use them fails as before. To be called before anything is opened.
void occupy_standard_descriptors();

} // namespace kith::host
