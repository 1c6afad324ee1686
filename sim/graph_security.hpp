// A security provider for simulated graphs: members know a secret, and seal their records with it.
// It stands for a real one as far as the core can tell: a handshake, records that are secured,
// valid, invalid, and deferred for a while.

#pragma once

#include "graph/security.hpp"
#include "store/record.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

namespace kith::sim {

/// One in so many records cannot be judged when it is seen first.
inline constexpr std::uint64_t kDeferOneIn = 16;

class SealProvider final : public graph::SecurityProvider {
public:
    /// Members of one graph share `secret`.
    explicit SealProvider(std::uint64_t secret) : secret_(secret) {}

    std::unique_ptr<graph::SecuritySession>
    start(Now now, bool is_initiator, const graph::AuthInfo& announced) override;
    std::optional<Bytes> secure(const store::Record& record) override;
    graph::Verdict validate(const store::Record& record) override;

    /// What has been deferred can be judged from now on. True if there was any.
    bool ripen();
    bool has_unripe() const { return !unripe_.empty(); }

    /// It was judged valid, or secured, here.
    bool knows(const store::Record& record) const;

private:
    std::uint64_t seal_of(const store::Record& record) const;

    std::uint64_t secret_;
    std::unordered_set<std::uint64_t> valid_; // seals
    std::unordered_set<std::uint64_t> unripe_;
    std::unordered_set<std::uint64_t> ripe_;
};

/// The greetings of two members: each sends eight bytes, and is done when it has the other's.
class SealSession final : public graph::SecuritySession {
public:
    SealSession(std::uint64_t secret, bool is_initiator)
        : secret_(secret),
          is_initiator_(is_initiator) {}

    graph::SecurityStep begin(Now now) override;
    graph::SecurityStep feed(Now now, ByteView bytes) override;
    bool is_peer(const std::string&) override { return true; }
    std::optional<Bytes> protect(ByteView plain) override;
    std::optional<Bytes> unprotect(ByteView wire) override;

private:
    std::uint64_t secret_;
    bool is_initiator_;
};

} // namespace kith::sim
