#include "daemon/fault_text.hpp"

#include "identity/vault.hpp"

#include <fmt/format.h>

namespace kith::daemon {

namespace {

using host::FileErrc;
using host::IdentityFault;
using host::ListenErrc;

std::string_view text_of(FileErrc code) {
    switch (code) {
    case FileErrc::not_found:
        return "does not exist";
    case FileErrc::already_exists:
        return "exists already";
    case FileErrc::is_symlink:
        return "is a symbolic link, which is not followed here";
    case FileErrc::wrong_kind:
        return "is not a file or folder as it should be";
    case FileErrc::wrong_owner:
        return "belongs to another user";
    case FileErrc::open_to_others:
        return "is open to other users; take their rights away with chmod go=";
    case FileErrc::too_large:
        return "is too large";
    case FileErrc::damaged:
        return "is damaged, or was written by a later version of Kith";
    case FileErrc::locked:
        return "is in use by another kithd";
    case FileErrc::disk_full:
        return "cannot be written: the disk is full";
    case FileErrc::read_only:
        return "cannot be written: the file system is read-only";
    case FileErrc::not_permitted:
        return "may not be opened or made by this user";
    case FileErrc::failed:
        return "cannot be used: the system refused";
    }
    return "cannot be used";
}

std::string_view text_of(IdentityFault fault) {
    switch (fault) {
    case IdentityFault::malformed:
        return "is damaged, or no identity";
    case IdentityFault::later_version:
        return "was made by a later version of Kith";
    case IdentityFault::misplaced:
        return "is not named after the identity in it";
    case IdentityFault::same_label:
        return "has the same name for people as another identity";
    case IdentityFault::beyond_limit:
        return "is one too many";
    case IdentityFault::dangling:
        return "names no identity that can be used here; choose one with kith identity default";
    }
    return "cannot be used";
}

} // namespace

std::string_view what_is_wrong(FileErrc code) {
    return text_of(code);
}

std::string to_sentence(const host::FileError& error) {
    return fmt::format("{} {}", error.path.native(), text_of(error.code));
}

std::string to_sentence(const host::VaultProblem& problem) {
    const std::string_view what =
        std::visit([](auto reason) { return text_of(reason); }, problem.reason);
    return fmt::format("{} {}", problem.file.native(), what);
}

std::string to_sentence(ListenErrc error, const std::filesystem::path& socket) {
    switch (error) {
    case ListenErrc::path_too_long:
        return fmt::format(
            "the path {} is too long for a socket; give a shorter one with --api", socket.native());
    case ListenErrc::already_running:
        return fmt::format("kithd is running already; it serves {}", socket.native());
    case ListenErrc::occupied:
        return fmt::format("{} is there and is no socket", socket.native());
    case ListenErrc::bad_directory:
        return fmt::format("there is no usable folder for the socket {}", socket.native());
    case ListenErrc::failed:
        return fmt::format("the socket {} cannot be opened", socket.native());
    }
    return fmt::format("the socket {} cannot be opened", socket.native());
}

} // namespace kith::daemon
