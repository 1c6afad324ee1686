// The documents of docs/api.md, made of the values of the layers below.

#pragma once

#include "api/call.hpp"
#include "api/name_book.hpp"
#include "api/services.hpp"
#include "identity/vault.hpp"
#include "node/clouds.hpp"

namespace kith::api {

Json status_document(const Services& services);
Json clouds_document(const Services& services);
Json cloud_document(const node::CloudStatus& cloud);
Json peer_document(const pnrp::PeerInfo& peer);
Json identity_document(const identity::StoredIdentity& identity);
Json name_document(const node::PublishedName& name, const PublishedName& published);
Json resolution_document(const pnrp::Resolution& resolution, const std::string& cloud);
/// Requires: an outcome.
Json registrations_document(const node::QueryDone& found);

} // namespace kith::api
