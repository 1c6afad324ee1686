// How a request fails: the closed set of codes in docs/api.md, and one sentence for people.

#pragma once

#include "identity/document.hpp"
#include "identity/identity.hpp"
#include "identity/peer_name.hpp"
#include "identity/vault.hpp"
#include "pnrp/registration.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace kith::api {

enum class ErrorCode : std::uint8_t {
    bad_request,
    bad_name,
    bad_label,
    bad_address,
    bad_payload,
    bad_comment,
    bad_document,
    wrong_password,
    passphrase_needed,
    not_found,
    no_valid_answer,
    timed_out,
    already_exists,
    in_use,
    too_many,
    no_network,
    resolve_only,
    storage,
    bad_graph,
    bad_type,
    bad_attribute,
    bad_lifetime,
    bad_id,
    bad_query,
    too_large,
    ambiguous,
    not_ready,
    not_allowed,
    unreachable,
};

struct Error {
    ErrorCode code{};
    std::string message;
};

std::string_view to_string(ErrorCode code);
unsigned http_status(ErrorCode code);

// The errors of the layers below, in these words.
Error to_error(identity::PeerNameErrc error);
Error to_error(identity::DocumentErrc error);
/// The thread that opens and seals keys has as much to do as it takes.
Error keys_busy();
Error to_error(identity::VaultErrc error);
Error to_error(identity::LabelErrc error);
Error to_error(pnrp::RegisterErrc error);
Error to_error(pnrp::ResolveErrc error);

} // namespace kith::api
