// Host names, both ways: every peer name that has a host name gets itself back from it, and every
// host name under kith.alt that is read is the one that is printed, up to case, the dot at the end
// and the forms of the authority that are only read.

#include "base/check.hpp"
#include "identity/host_name.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

using kith::identity::from_host_name;
using kith::identity::HostNameErrc;
using kith::identity::kHostNameLabelMax;
using kith::identity::kHostNameMax;
using kith::identity::PeerName;
using kith::identity::to_host_name;

namespace {

void check_labels(std::string_view host) {
    KITH_CHECK(host.size() <= kHostNameMax);
    std::size_t label = 0;
    for (const char c : host) {
        KITH_CHECK(c != '.' || label > 0);
        label = c == '.' ? 0 : label + 1;
        KITH_CHECK(label <= kHostNameLabelMax);
        KITH_CHECK((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.');
    }
}

void check_printed(const PeerName& name) {
    const auto host = to_host_name(name);
    if (!host) {
        const bool is_too_long = host.error() == HostNameErrc::too_long;
        KITH_CHECK(is_too_long || (host.error() == HostNameErrc::ambiguous && !name.is_secure()));
        return;
    }
    check_labels(*host);
    const auto back = from_host_name(*host);
    KITH_CHECK(back.has_value());
    KITH_CHECK(*back == name);
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (const auto name = PeerName::parse(text)) check_printed(*name);
    for (const std::string_view suffix : {"", ".kith.alt", ".pnrp.net"}) {
        const auto name = from_host_name(text + std::string(suffix));
        if (!name) continue;
        // pnrp.net is as long as kith.alt, and what is only read may be shorter: without the p.
        const auto host = to_host_name(*name);
        KITH_CHECK(host.has_value() || host.error() == HostNameErrc::too_long);
        check_printed(*name);
    }
    return 0;
}
