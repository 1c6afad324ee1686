#include "embed/error_text.hpp"

namespace kith::embed {

Error to_error(identity::LabelErrc code) {
    switch (code) {
    case identity::LabelErrc::empty:
        return {Errc::bad_argument, "the label is empty"};
    case identity::LabelErrc::too_long:
        return {Errc::bad_argument, "the label has more than 255 characters"};
    case identity::LabelErrc::bad_text:
        return {Errc::bad_argument, "the label is not UTF-8, or has control characters"};
    }
    return {Errc::bad_argument, "the label is refused"};
}

Error to_error(identity::PeerNameErrc code) {
    switch (code) {
    case identity::PeerNameErrc::empty:
        return {Errc::bad_argument, "the name is empty"};
    case identity::PeerNameErrc::bad_authority:
    case identity::PeerNameErrc::zero_authority:
        return {Errc::bad_argument, "the name begins neither with 0 nor with 40 digits of a key"};
    case identity::PeerNameErrc::missing_classifier:
        return {Errc::bad_argument, "an unsecured name needs a classifier"};
    case identity::PeerNameErrc::classifier_too_long:
        return {Errc::bad_argument, "the classifier has more than 149 characters"};
    case identity::PeerNameErrc::bad_classifier:
        return {Errc::bad_argument, "the classifier is not UTF-8, or has a NUL"};
    }
    return {Errc::bad_argument, "the name is refused"};
}

Error to_error(identity::DocumentErrc code) {
    switch (code) {
    case identity::DocumentErrc::malformed:
        return {Errc::bad_document, "this is no identity document, or a damaged one"};
    case identity::DocumentErrc::unsupported_version:
        return {Errc::bad_document, "the document was made by a later version"};
    case identity::DocumentErrc::wrong_password:
        return {Errc::wrong_password, "the password is wrong, or the document was changed"};
    case identity::DocumentErrc::password_needed:
        return {Errc::password_needed, "a password is needed"};
    case identity::DocumentErrc::out_of_memory:
        return {Errc::bad_document, "there is not enough memory to open the document"};
    }
    return {Errc::bad_document, "the document is refused"};
}

Error to_error(pnrp::RegisterErrc code) {
    switch (code) {
    case pnrp::RegisterErrc::no_addresses:
        return {Errc::no_network, "no cloud has an address here"};
    case pnrp::RegisterErrc::resolve_only:
        return {Errc::resolve_only, "others do not reach this node: it can only resolve"};
    case pnrp::RegisterErrc::too_many_endpoints:
        return {Errc::bad_argument, "a name has at most 10 addresses"};
    case pnrp::RegisterErrc::comment_too_long:
        return {Errc::bad_argument, "the comment has more than 39 characters, or is not UTF-8"};
    case pnrp::RegisterErrc::payload_too_long:
        return {Errc::bad_argument, "the payload has more than 4096 bytes"};
    case pnrp::RegisterErrc::too_many_names:
        return {Errc::too_many, "too many names are published"};
    case pnrp::RegisterErrc::not_found:
        return {Errc::not_found, "this name is not published here"};
    default:
        return {Errc::bad_argument, "no cloud takes this name with these addresses"};
    }
}

Error to_error(pnrp::ResolveErrc code) {
    switch (code) {
    case pnrp::ResolveErrc::no_addresses:
        return {Errc::no_network, "no cloud has an address here"};
    case pnrp::ResolveErrc::too_many_resolves:
        return {Errc::too_many, "too many names are being resolved"};
    case pnrp::ResolveErrc::not_found:
        return {Errc::not_found, "nobody holds the name"};
    case pnrp::ResolveErrc::no_valid_answer:
        return {Errc::no_valid_answer, "somebody answered, and nothing they signed was valid"};
    case pnrp::ResolveErrc::timed_out:
        return {Errc::timed_out, "nobody answered in time"};
    case pnrp::ResolveErrc::cancelled:
        return {Errc::cancelled, "the question was taken back"};
    default:
        return {Errc::bad_argument, "there is no such cloud here"};
    }
}

} // namespace kith::embed
