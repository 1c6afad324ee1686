// The routes of published names.

#pragma once

#include "api/call.hpp"
#include "api/name_book.hpp"
#include "api/services.hpp"

#include <memory>

namespace kith::api {

class NameRoutes {
public:
    /// Both outlive the routes.
    NameRoutes(Services& services, NameBook& names) : services_(services), names_(names) {}

    Outcome list() const;
    Outcome unpublish(const std::string& text);
    void publish(Call call);

private:
    struct Wish;

    std::expected<identity::StoredIdentity, Error>
    choose_identity(const std::optional<std::string>& label) const;
    std::expected<Wish, Error> read_wish(RequestBody& body) const;
    std::expected<std::vector<pnrp::AppEndpoint>, Error>
    read_addresses(const std::vector<std::string>& texts) const;
    Outcome publish_with(const Wish& wish, std::shared_ptr<const crypto::PrivateKey> key);
    void publish_secure(const std::shared_ptr<Wish>& wish, const ReplyTo& reply);
    Outcome show(node::PublicationId id) const;

    Services& services_;
    NameBook& names_;
};

} // namespace kith::api
