// SHA-1 and SHA-256. SHA-1 exists for the windows profile only.

#pragma once

#include "base/bytes.hpp"

#include <initializer_list>

namespace kith::crypto {

using Sha1Digest = ByteArray<20>;
using Sha256Digest = ByteArray<32>;

/// The digest of the concatenation of `parts`.
Sha1Digest sha1(std::initializer_list<ByteView> parts);
Sha256Digest sha256(std::initializer_list<ByteView> parts);

} // namespace kith::crypto
