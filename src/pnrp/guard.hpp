// What a stranger may make this node do (docs/protocol/pnrp.md, Limits against abuse).
//
// A datagram's source address can be forged, so no answer to a source that has not shown to be
// reachable is larger than three times what it sent, and whatever costs a signature is metered by
// prefix. A source has proved itself by answering something we sent it: an earlier request, or the
// empty FLOOD that exists for this.

#pragma once

#include "base/endpoint.hpp"
#include "base/fifo.hpp"
#include "base/time.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/message.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

namespace kith::pnrp {

/// The sources that have answered us lately.
class ProvenSources {
public:
    void prove(Now now, const Endpoint& source);
    bool is_proven(Now now, const Endpoint& source) const;
    std::size_t state_bytes() const;

private:
    struct Proof {
        Endpoint source;
        Instant at;
    };
    std::vector<Proof> proofs_;
};

/// Fills at `per_second`, holds at most twice that.
class TokenBucket {
public:
    TokenBucket(Now now, double per_second)
        : per_second_(per_second),
          tokens_(2 * per_second),
          filled_at_(now.instant) {}

    bool has_token(Now now);
    void take() { tokens_ -= 1; }
    /// 1 if nothing was taken lately.
    double fullness(Now now) const { return level(now) / (2 * per_second_); }

private:
    double level(Now now) const;

    double per_second_;
    double tokens_;
    Instant filled_at_;
};

/// One bucket for each prefix that was metered lately, at most `kBucketsMax`.
class PrefixBuckets {
public:
    bool has_token(Now now, const Address& prefix, double per_second);

    /// No-op if the bucket was dropped to make room: then it was full.
    void take(const Address& prefix);

    /// Forgets the prefixes that have used nothing lately.
    void expire(Now now);
    std::size_t state_bytes() const;

private:
    void make_room(Now now);

    std::map<Address, TokenBucket> buckets_;
};

/// How many signatures may be made, for all and for each prefix. Loopback and link-local sources
/// share only the node's own budget: their prefixes say nothing.
class SignatureBudget {
public:
    /// Takes one signature out of the budget of `source`; false if there is none left.
    bool take(Now now, const Address& source);

    void expire(Now now) { prefixes_.expire(now); }
    std::size_t state_bytes() const { return prefixes_.state_bytes(); }

private:
    std::optional<TokenBucket> node_;
    PrefixBuckets prefixes_;
};

/// How many large answers the unproven sources of a prefix get at once, where the profile gives
/// them any. Loopback and link-local sources are not metered: nobody elsewhere can be their victim.
class LargeAnswerBudget {
public:
    /// Takes one large answer out of the budget of `source`; false if there is none left.
    bool take(Now now, const Address& source, double per_second);

    void expire(Now now) { prefixes_.expire(now); }
    std::size_t state_bytes() const { return prefixes_.state_bytes(); }

private:
    PrefixBuckets prefixes_;
};

/// An encoded AUTHORITY_BUFFER and the Message ID that all its fragments have. An answer given
/// again keeps both, so that fragments of the first and of the second time complete each other.
struct SignedAnswer {
    MessageId id{};
    Bytes buffer;
};

/// Signed answers kept for `kAnswerCacheTime`: a request that is sent again costs no signature.
class AnswerCache {
public:
    struct Key {
        Endpoint source;
        PnrpId id;
        Nonce nonce{};
        InquireFlags flags;

        bool operator==(const Key&) const = default;
    };

    const SignedAnswer* find(Now now, const Key& key) const;
    void add(Now now, const Key& key, SignedAnswer answer);
    void forget_id(const PnrpId& id);
    void expire(Now now);
    std::size_t state_bytes() const;

private:
    struct Answer {
        Key key;
        SignedAnswer signed_answer;
        Instant at;
    };
    Fifo<Answer> answers_; // oldest first
};

} // namespace kith::pnrp
