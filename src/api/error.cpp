#include "api/error.hpp"

#include "base/check.hpp"
#include "pnrp/limits.hpp"

#include <array>
#include <fmt/format.h>
#include <utility>

namespace kith::api {

namespace {

struct CodeText {
    ErrorCode code;
    std::string_view text;
    unsigned status;
};

constexpr std::array kCodes{
    CodeText{ErrorCode::bad_request, "bad_request", 400},
    CodeText{ErrorCode::bad_name, "bad_name", 400},
    CodeText{ErrorCode::bad_label, "bad_label", 400},
    CodeText{ErrorCode::bad_address, "bad_address", 400},
    CodeText{ErrorCode::bad_payload, "bad_payload", 400},
    CodeText{ErrorCode::bad_comment, "bad_comment", 400},
    CodeText{ErrorCode::bad_document, "bad_document", 400},
    CodeText{ErrorCode::wrong_password, "wrong_password", 403},
    CodeText{ErrorCode::passphrase_needed, "passphrase_needed", 403},
    CodeText{ErrorCode::not_found, "not_found", 404},
    CodeText{ErrorCode::no_valid_answer, "no_valid_answer", 404},
    CodeText{ErrorCode::timed_out, "timed_out", 404},
    CodeText{ErrorCode::already_exists, "already_exists", 409},
    CodeText{ErrorCode::in_use, "in_use", 409},
    CodeText{ErrorCode::too_many, "too_many", 429},
    CodeText{ErrorCode::no_network, "no_network", 503},
    CodeText{ErrorCode::resolve_only, "resolve_only", 503},
    CodeText{ErrorCode::storage, "storage", 500},
    CodeText{ErrorCode::bad_graph, "bad_graph", 400},
    CodeText{ErrorCode::bad_type, "bad_type", 400},
    CodeText{ErrorCode::bad_attribute, "bad_attribute", 400},
    CodeText{ErrorCode::bad_lifetime, "bad_lifetime", 400},
    CodeText{ErrorCode::bad_id, "bad_id", 400},
    CodeText{ErrorCode::bad_query, "bad_query", 400},
    CodeText{ErrorCode::too_large, "too_large", 413},
    CodeText{ErrorCode::ambiguous, "ambiguous", 409},
    CodeText{ErrorCode::not_ready, "not_ready", 409},
    CodeText{ErrorCode::not_allowed, "not_allowed", 403},
    CodeText{ErrorCode::unreachable, "unreachable", 404},
};

const CodeText& entry(ErrorCode code) {
    const auto index = static_cast<std::size_t>(std::to_underlying(code));
    KITH_CHECK(index < kCodes.size() && kCodes[index].code == code);
    return kCodes[index];
}

} // namespace

std::string_view to_string(ErrorCode code) {
    return entry(code).text;
}

unsigned http_status(ErrorCode code) {
    return entry(code).status;
}

Error to_error(identity::PeerNameErrc error) {
    using identity::PeerNameErrc;
    switch (error) {
    case PeerNameErrc::empty:
        return {ErrorCode::bad_name, "a name may not be empty"};
    case PeerNameErrc::bad_authority:
        return {
            ErrorCode::bad_name,
            "a peer name begins with 0 or with 40 hexadecimal digits before its first dot"};
    case PeerNameErrc::zero_authority:
        return {ErrorCode::bad_name, "40 zeros are nobody's key; an unsecured name begins with 0."};
    case PeerNameErrc::missing_classifier:
        return {ErrorCode::bad_name, "an unsecured name needs a classifier"};
    case PeerNameErrc::classifier_too_long:
        return {
            ErrorCode::bad_name,
            fmt::format("a classifier has at most {} characters", identity::kClassifierUnitsMax)};
    case PeerNameErrc::bad_classifier:
        return {ErrorCode::bad_name, "a classifier is text in UTF-8 without the character U+0000"};
    }
    return {ErrorCode::bad_name, "not a peer name"};
}

Error keys_busy() {
    return {ErrorCode::too_many, "too many keys are being opened or sealed at once"};
}

Error to_error(identity::DocumentErrc error) {
    using identity::DocumentErrc;
    switch (error) {
    case DocumentErrc::malformed:
        return {ErrorCode::bad_document, "this is no identity document, or a changed one"};
    case DocumentErrc::unsupported_version:
        return {ErrorCode::bad_document, "a later version of Kith made this identity document"};
    case DocumentErrc::wrong_password:
        return {ErrorCode::wrong_password, "the password or passphrase does not open the identity"};
    case DocumentErrc::password_needed:
        return {ErrorCode::passphrase_needed, "the identity is protected by a passphrase"};
    case DocumentErrc::out_of_memory:
        return {ErrorCode::too_many, "there is not enough memory to open or seal the identity"};
    }
    return {ErrorCode::bad_document, "not an identity document"};
}

Error to_error(identity::VaultErrc error) {
    using identity::VaultErrc;
    switch (error) {
    case VaultErrc::not_found:
        return {ErrorCode::not_found, "there is no such identity"};
    case VaultErrc::already_exists:
        return {ErrorCode::already_exists, "an identity with this name or peer name is here"};
    case VaultErrc::too_many:
        return {
            ErrorCode::too_many,
            fmt::format("at most {} identities are kept here", identity::kIdentitiesMax)};
    case VaultErrc::bad_document:
        return {ErrorCode::bad_document, "this is no identity document, or a changed one"};
    case VaultErrc::disk_full:
        return {ErrorCode::storage, "the disk is full; nothing was changed"};
    case VaultErrc::read_only:
        return {ErrorCode::storage, "the data folder is read-only; nothing was changed"};
    case VaultErrc::failed:
        return {ErrorCode::storage, "the disk refused; nothing stored was lost"};
    }
    return {ErrorCode::storage, "the disk refused; nothing stored was lost"};
}

Error to_error(identity::LabelErrc error) {
    using identity::LabelErrc;
    switch (error) {
    case LabelErrc::empty:
        return {ErrorCode::bad_label, "the name of an identity may not be empty"};
    case LabelErrc::too_long:
        return {
            ErrorCode::bad_label,
            fmt::format(
                "the name of an identity has at most {} characters",
                identity::kFriendlyNameUnitsMax)};
    case LabelErrc::bad_text:
        return {ErrorCode::bad_label, "the name of an identity is text without control characters"};
    }
    return {ErrorCode::bad_label, "not a name for an identity"};
}

Error to_error(pnrp::RegisterErrc error) {
    using pnrp::RegisterErrc;
    switch (error) {
    case RegisterErrc::no_addresses:
        return {ErrorCode::no_network, "this machine has no address of the cloud's scope"};
    case RegisterErrc::wrong_key:
        return {ErrorCode::bad_request, "the identity's key does not own this name"};
    case RegisterErrc::no_endpoints:
        return {ErrorCode::bad_address, "a name needs an address or a payload"};
    case RegisterErrc::too_many_endpoints:
        return {
            ErrorCode::bad_address,
            fmt::format("a name has at most {} addresses", pnrp::kAppEndpointsMax)};
    case RegisterErrc::comment_too_long:
        return {ErrorCode::bad_comment, "a comment has at most 39 characters and 78 bytes"};
    case RegisterErrc::payload_too_long:
        return {
            ErrorCode::bad_payload,
            fmt::format("a payload has 1 to {} bytes", pnrp::kPayloadBytesMax)};
    case RegisterErrc::too_many_names:
        return {ErrorCode::too_many, "this node publishes as many names as it can"};
    case RegisterErrc::not_found:
        return {ErrorCode::not_found, "this node does not publish that name"};
    case RegisterErrc::unknown_cloud:
        return {ErrorCode::not_found, "this node is in no cloud of that name"};
    case RegisterErrc::bad_delegation:
        return {ErrorCode::bad_document, "the delegation is not for this name and this identity"};
    case RegisterErrc::delegation_expired:
        return {ErrorCode::bad_document, "the delegation has expired, or does not begin yet"};
    case RegisterErrc::resolve_only:
        return {
            ErrorCode::resolve_only,
            "others do not reach this node in that cloud, so it can only resolve there"};
    }
    return {ErrorCode::bad_request, "the name cannot be published"};
}

Error to_error(pnrp::ResolveErrc error) {
    using pnrp::ResolveErrc;
    switch (error) {
    case ResolveErrc::no_addresses:
        return {ErrorCode::no_network, "this machine has no address of the cloud's scope"};
    case ResolveErrc::too_many_resolves:
        return {ErrorCode::too_many, "as many names are being resolved as this node does at once"};
    case ResolveErrc::not_found:
        return {ErrorCode::not_found, "nobody holds the name"};
    case ResolveErrc::no_valid_answer:
        return {
            ErrorCode::no_valid_answer,
            "somebody answered for the name, and nothing they signed was valid"};
    case ResolveErrc::timed_out:
        return {ErrorCode::timed_out, "the time was up before the name was found"};
    case ResolveErrc::cancelled:
        return {ErrorCode::timed_out, "the search was given up"};
    case ResolveErrc::unknown_cloud:
        return {ErrorCode::not_found, "this node is in no cloud of that name"};
    }
    return {ErrorCode::not_found, "nobody holds the name"};
}

} // namespace kith::api
