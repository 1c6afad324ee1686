// Finding the first members of a cloud (MS-PNRP 3.1.4.2): the nodes of the last run, the link by
// SSDP, the seeds.
//
// A modern round tries all three, in this order and without waiting: whoever comes from one source
// only sees what that source wants it to see (docs/security.md, Eclipse). The published protocol
// takes one source a round, and goes on to the next as long as nobody is known. Rounds repeat while
// no member is known; afterwards a seed is asked again now and then, and a split tested for at it,
// so that two halves of a cloud, or a seed that lost its memory, meet. Where there is no seed the
// link is searched and a remembered node is asked, less often: everybody there answers.

#pragma once

#include "base/endpoint.hpp"
#include "base/fifo.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "pnrp/profile.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kith::node {

inline constexpr std::size_t kRememberedPerRound =
    5; // more would be a burst; the next round goes on
inline constexpr std::size_t kRememberedPerStep = 10; // MS-PNRP 3.1.4.2 note 2
inline constexpr std::size_t kSeedsPerRound = 2;     // any one is enough, two are harder to capture
inline constexpr std::size_t kSsdpAnswersMax = 5;    // MS-PNRP 3.1.5.1; later ones are ignored
inline constexpr std::chrono::seconds kRoundTime{3}; // the MX of our searches
inline constexpr std::chrono::seconds kAskAgainInterval{1};
inline constexpr std::chrono::seconds kRefreshMin{60};
inline constexpr std::chrono::minutes kRefreshMax{30};
inline constexpr std::chrono::minutes kLinkRefreshMin{5}; // where there is no seed
inline constexpr std::chrono::hours kLinkRefreshMax{12};

/// Where searches of the link go (UPnP Device Architecture 1.1 1.1; MS-PNRP 3.1.4.2.2).
Endpoint ssdp_group_v6();
Endpoint ssdp_group_v4();

struct DiscoveryConfig {
    Scope scope = Scope::global;
    const pnrp::Profile* profile = nullptr;
    bool use_ssdp = true;
    std::vector<Endpoint> remembered;
};

// Grouped by what belongs together, not by size: there are few clouds.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
class Discovery {
public:
    Discovery(const DiscoveryConfig& config, PlainRandom& plain);

    void set_seeds(Now now, std::span<const Endpoint> seeds);

    /// Starts a round; no-op while one runs.
    void start_round(Now now, std::span<const Endpoint> own);

    /// After a round that found nobody: in steps, goes on with the next source, until each was
    /// tried since start_round(). Otherwise a no-op.
    void continue_round(Now now, std::span<const Endpoint> own);

    /// Asks remembered nodes, the link and seeds again although a round may be running: there is a
    /// name to be introduced, or one to be resolved, and nobody is known. At most once a second.
    void ask_again(Now now, std::span<const Endpoint> own);

    /// True if `payload` is of our profile and scope.
    bool concerns(ByteView payload) const;

    /// A datagram to the SSDP group or in answer to our search. With `names` of
    /// our own above zero searches are answered (MS-PNRP 3.2.4.1).
    void handle_ssdp(
        Now now,
        const Endpoint& from,
        ByteView payload,
        std::span<const Endpoint> own,
        std::size_t names);

    /// Once members are known: asks a seed again after a time that grows with the cloud, or falls
    /// due to look elsewhere where there is none.
    void schedule_refresh(Now now, double estimated_nodes);
    bool has_refresh() const { return refresh_at_.has_value(); }
    bool is_refresh_due() const { return is_refresh_due_; }
    /// Searches the link and asks a remembered node; no-op if that is not due.
    void refresh(Now now, std::span<const Endpoint> own);

    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;

    bool is_searching() const { return round_ends_.has_value(); }

    struct Ssdp {
        Endpoint to;
        Bytes payload;
    };
    std::optional<Ssdp> poll_ssdp();
    /// The next node to synchronise with.
    std::optional<Endpoint> poll_member();
    /// The next seed to test at whether the cloud is whole (MS-PNRP 3.2.6.2.1).
    std::optional<Endpoint> poll_split_test();
    /// True once after somebody else has searched the link.
    bool poll_search_heard();
    /// True once after the seeds' addresses were wanted and unknown or old.
    bool poll_seeds_needed();

    const std::vector<Endpoint>& remembered() const { return remembered_; }
    std::uint64_t ssdp_dropped() const { return ssdp_dropped_; }

private:
    /// CloudDiscoveryMode of MS-PNRP 3.1.1: the source of the next step.
    enum class Source : std::uint8_t { remembered, link, seeds };

    void ask_sources(Now now, std::span<const Endpoint> own);
    void take_step(std::span<const Endpoint> own);
    void try_remembered(std::size_t count_max);
    void try_seeds(std::size_t count_max);
    void search_link(std::span<const Endpoint> own);
    void answer_search(
        Now now, const Endpoint& from, std::size_t request_size, std::span<const Endpoint> own);

    Scope scope_;
    const pnrp::Profile& profile_;
    bool use_ssdp_;
    PlainRandom& plain_;
    Source next_source_ = Source::remembered;
    unsigned steps_left_ = 0; // of this call, in steps
    std::vector<Endpoint> remembered_;
    std::size_t next_remembered_ = 0;
    std::vector<Endpoint> seeds_;
    std::size_t next_seed_ = 0;
    bool wants_seeds_ = false;
    bool seeds_needed_ = false;
    bool search_heard_ = false;
    std::size_t ssdp_answers_ = 0;
    std::optional<Instant> round_ends_;
    std::optional<Instant> asked_at_;
    std::optional<Instant> refresh_at_;
    bool is_refresh_due_ = false; // and there is no seed
    std::optional<Instant> last_ssdp_answer_;
    Fifo<Endpoint> members_;
    std::optional<Endpoint> split_test_;
    Fifo<Ssdp> ssdp_out_;
    std::uint64_t ssdp_dropped_ = 0;
};

} // namespace kith::node
