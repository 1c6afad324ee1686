// MD5, SHA-1 and SHA-256. The first two exist for the published rules only (SHA-1 for names, MD5
// for record ids and fingerprints of ranges) and protect nothing.

#pragma once

#include "base/bytes.hpp"

#include <initializer_list>

namespace kith::crypto {

using Md5Digest = ByteArray<16>;
using Sha1Digest = ByteArray<20>;
using Sha256Digest = ByteArray<32>;

/// The digest of the concatenation of `parts`.
Md5Digest md5(std::initializer_list<ByteView> parts);
Sha1Digest sha1(std::initializer_list<ByteView> parts);
Sha256Digest sha256(std::initializer_list<ByteView> parts);

} // namespace kith::crypto
