// What each command does, beyond its words: the requests it makes and what it prints.

#pragma once

#include "cli/arguments.hpp"
#include "cli/graph_commands.hpp"
#include "cli/session.hpp"

namespace kith::cli {

Result execute(const Session& session, const IdentityCreate& command);
Result execute(const Session& session, const IdentityList& command);
Result execute(const Session& session, const IdentityShow& command);
Result execute(const Session& session, const IdentityRename& command);
Result execute(const Session& session, const IdentityExport& command);
Result execute(const Session& session, const IdentityImport& command);
Result execute(const Session& session, const IdentityDelete& command);
Result execute(const Session& session, const IdentityDefault& command);
Result execute(const Session& session, const IdentityCard& command);

Result execute(const Session& session, const NamePublish& command);
Result execute(const Session& session, const NameDelegate& command);
Result execute(const Session& session, const NameUnpublish& command);
Result execute(const Session& session, const NameList& command);
Result execute(const Session& session, const NameResolve& command);

Result execute(const Session& session, const CloudList& command);
Result execute(const Session& session, const CloudStatus& command);
Result execute(const Session& session, const CloudPeers& command);
Result execute(const Session& session, const DaemonStatus& command);

} // namespace kith::cli
