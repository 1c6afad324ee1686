// The command line as values. One type for each command, so that what a command needs is there.

#pragma once

#include "cli/failure.hpp"
#include "cli/graph_commands.hpp"
#include "cli/secrets.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace kith::cli {

struct IdentityCreate {
    std::string name;
    std::string classifier;
    std::optional<std::string> profile; // nothing: the daemon's
    SecretSource passphrase;
};
struct IdentityList {};
struct IdentityShow {
    std::string name;
};
struct IdentityRename {
    std::string name;
    std::string new_name;
};
struct IdentityExport {
    std::string name;
    std::string out;
    bool force = false;
    SecretSource password;   // protects the document
    SecretSource passphrase; // opens the stored key
};
struct IdentityImport {
    std::string file;
    std::optional<std::string> name;
    SecretSource password;
    SecretSource passphrase;
};
struct IdentityDelete {
    std::string name;
    bool yes = false;
};
struct IdentityDefault {
    std::string name;
};
struct IdentityCard {
    std::optional<std::string> name; // nothing: the default one
    std::optional<std::string> out;
};

struct NamePublish {
    std::string classifier;
    std::optional<std::string> identity; // nothing: the default one
    bool unsecured = false;
    std::vector<std::string> addresses;
    std::string comment;
    std::optional<std::string> payload;    // a path, or "-"
    std::optional<std::string> delegation; // a path, or "-"
    std::optional<std::string> cloud;      // nothing: every cloud
    SecretSource passphrase;
};
struct NameDelegate {
    std::string peer_name;
    std::string card; // a path, or "-"
    std::chrono::milliseconds lifetime = std::chrono::days(30);
    std::string out;
    bool force = false;
    SecretSource passphrase;
};
struct NameUnpublish {
    std::string peer_name;
};
struct NameList {};
struct NameResolve {
    std::string peer_name; // or a host name
    std::chrono::milliseconds timeout{10'000};
    std::optional<std::string> payload_out;
    std::optional<std::string> cloud; // nothing: every cloud
    enum class Which : std::uint8_t { first, nearest, all };
    Which which = Which::first; // of several nodes that publish the name
};

struct CloudList {};
struct CloudStatus {
    std::string cloud;
};
struct CloudPeers {
    std::string cloud;
};

struct DaemonStatus {};

using Command = std::variant<
    IdentityCreate,
    IdentityList,
    IdentityShow,
    IdentityRename,
    IdentityExport,
    IdentityImport,
    IdentityDelete,
    IdentityDefault,
    IdentityCard,
    NamePublish,
    NameDelegate,
    NameUnpublish,
    NameList,
    NameResolve,
    CloudList,
    CloudStatus,
    CloudPeers,
    DaemonStatus,
    GraphCreate,
    GraphOpen,
    GraphConnect,
    GraphClose,
    GraphDelete,
    GraphList,
    GraphStatus,
    GraphDigest,
    GraphNodes,
    GraphNeighbours,
    RecordAdd,
    RecordUpdate,
    RecordDelete,
    RecordGet,
    RecordList,
    RecordSearch,
    RecordExport,
    RecordImport,
    Watch,
    Send,
    Chat>;

enum class ColorChoice : std::uint8_t { automatic, always, never };

/// Options of kithd, for a node that lives as long as the command (`--embedded`).
struct EmbeddedOptions {
    std::vector<std::string> words; // as kithd takes them
};

struct Invocation {
    std::optional<std::string> api; // --api
    std::optional<EmbeddedOptions> embedded;
    bool json = false;
    ColorChoice color = ColorChoice::automatic;
    Command command;
};

/// What --help and --version print.
struct Information {
    std::string text;
};

/// Reads the arguments after the program's name. A failure is the user's mistake and names the
/// page of help that would have avoided it.
std::expected<std::variant<Invocation, Information>, Failure>
parse_arguments(std::span<const std::string> arguments);

} // namespace kith::cli
