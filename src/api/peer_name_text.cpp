#include "api/peer_name_text.hpp"

#include "identity/host_name.hpp"

namespace kith::api {

std::expected<identity::PeerName, Error> parse_peer_or_host_name(std::string_view text) {
    using identity::HostNameErrc;
    auto name = identity::PeerName::parse(text);
    if (name) return std::move(*name);
    auto host = identity::from_host_name(text);
    if (host) return std::move(*host);
    switch (host.error()) {
    case HostNameErrc::unknown_suffix:
        break; // then it was meant as a peer name
    case HostNameErrc::too_long:
        return std::unexpected(Error{ErrorCode::bad_name, "the host name is too long"});
    case HostNameErrc::ambiguous:
    case HostNameErrc::malformed:
        return std::unexpected(
            Error{ErrorCode::bad_name, "this is not how a host name under kith.alt is written"});
    case HostNameErrc::bad_peer_name:
        return std::unexpected(
            Error{ErrorCode::bad_name, "the host name stands for no legal peer name"});
    }
    return std::unexpected(to_error(name.error()));
}

} // namespace kith::api
