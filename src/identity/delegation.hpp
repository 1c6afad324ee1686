// Letting another key publish a name (MS-PNRP 2.2.3.5, 3.1.5.10): the chain from the key that owns
// the name to the one that signs for it.

#pragma once

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "crypto/key.hpp"
#include "identity/certificate.hpp"
#include "identity/peer_name.hpp"

#include <expected>
#include <string>
#include <vector>

namespace kith::identity {

/// A chain of two: the owner's own certificate, and one for `delegate` with `name`'s classifier and
/// no other, for nobody beyond it. Both end at `not_after`. Requires: `owner` owns the name, and
/// both keys are of one algorithm.
Bytes make_delegation(
    const PeerName& name,
    const crypto::PrivateKey& owner,
    const crypto::PublicKey& delegate,
    WallTime not_before,
    WallTime not_after,
    SecureRandom& random);

/// What a chain is shown for.
struct ChainExpectation {
    WallTime now;
    WallClock::duration clock_skew{};
    Authority authority;                // of the name
    std::string classifier;             // of the name; may be empty
    const crypto::PublicKey& publisher; // who signed
};

/// Checks everything of 3.1.5.10: counts and claims first, signatures last.
std::expected<void, ChainErrc> verify_chain(ByteView chain, const ChainExpectation& expected);

/// What can be told of a delegation before it is used. Nothing of it is verified.
struct DelegationTerms {
    Authority authority; // of the first certificate's key
    Authority publisher; // of the last one's
    std::string peer_name;
    WallTime not_after; // the earliest
};
std::expected<DelegationTerms, ChainErrc>
read_delegation(crypto::KeyAlgorithm algorithm, ByteView chain);

/// True if `role` and `delegated` give `classifier` (2.2.3.5.1.5.1).
bool is_delegated(
    const std::vector<std::string>& delegated, Role role, const std::string& classifier);

} // namespace kith::identity
