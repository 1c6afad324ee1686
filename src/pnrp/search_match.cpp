#include "pnrp/search_match.hpp"

#include "pnrp/drop_reason.hpp"
#include "pnrp/limits.hpp"

#include <utility>

namespace kith::pnrp {

std::expected<SearchMatch, Drop> verify_match(
    Now now,
    Exchange& exchange,
    const Hop& asked,
    const Nonce& nonce,
    const AuthorityBuffer& buffer) {
    const PnrpId& id = asked.entry.id;
    if (!buffer.cpa) return std::unexpected(Drop::cpa_missing);
    if (buffer.entry && buffer.entry->id != id) return std::unexpected(Drop::cpa_id);
    CpaExpectation expected{.now = now.wall, .id = id, .nonce = nonce, .clock_skew = kClockSkewMax};
    if (buffer.chain) expected.chain = *buffer.chain;
    if (buffer.classifier) expected.classifier = *buffer.classifier;
    ++exchange.counters().signatures_checked;
    auto cpa = verify_cpa(exchange.profile(), *buffer.cpa, expected);
    if (!cpa) return std::unexpected(drop_reason(cpa.error()));
    SearchMatch match;
    if ((*cpa)->has_extended_payload) {
        if (!buffer.extended_payload) return std::unexpected(Drop::payload_invalid);
        if (!vouches_for_payload(**cpa)) ++exchange.counters().signatures_checked;
        auto payload =
            verify_extended_payload(exchange.profile(), *buffer.extended_payload, expected, *cpa);
        if (!payload) return std::unexpected(Drop::payload_invalid);
        match.payload = std::move(*payload);
    }
    match.entry = asked.entry;
    match.is_delegated = (*cpa)->authority && !is_owners(exchange.profile(), **cpa);
    match.cpa = std::move(*cpa);
    match.lookups = asked.lookups;
    return match;
}

} // namespace kith::pnrp
