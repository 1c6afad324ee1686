// Everything around the API that it works on.

#pragma once

#include "api/graph_service.hpp"
#include "api/name_store.hpp"
#include "api/node_service.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "crypto/seal.hpp"
#include "identity/vault.hpp"
#include "pnrp/profile.hpp"

#include <functional>
#include <string>

namespace kith::api {

/// Runs `job` on another thread, then `done` on the loop's. False, and nothing happens, when too
/// many are waiting.
using RunBlocking = std::function<bool(std::function<void()> job, std::function<void()> done)>;

/// What the process tells of itself.
struct ProcessFacts {
    std::string version;
    std::string commit;
    int pid = 0;
    WallTime started;
    bool is_seed_node = false;
    std::string data; // the folder
};

struct Services {
    NodeService& node;
    identity::Vault& vault;
    SecureRandom& random; // may be used from two threads at once
    RunBlocking run_blocking;
    crypto::SealCost seal_cost = crypto::kSealCostDefault;
    ProcessFacts facts;
    const pnrp::Profile* profile = &pnrp::modern_profile(); // the node's
    NameStore* store = nullptr;     // outlives the API; without one names end with the process
    GraphService* graphs = nullptr; // null: there are no graphs here
};

} // namespace kith::api
