// The routes of published names.

#pragma once

#include "api/call.hpp"
#include "api/name_book.hpp"
#include "api/services.hpp"

#include <functional>
#include <memory>

namespace kith::api {

class NameRoutes {
public:
    /// Both outlive the routes.
    NameRoutes(Services& services, NameBook& names) : services_(services), names_(names) {}

    Outcome list() const;
    Outcome unpublish(const std::string& text);
    void publish(Call call);

    /// As Api::resume_names().
    void resume();

private:
    struct Wish;

    std::expected<identity::StoredIdentity, Error>
    choose_identity(const std::optional<std::string>& label) const;
    std::string label_now(const identity::IdentityCard& card) const;
    std::expected<Wish, Error> read_wish(RequestBody& body) const;
    std::expected<std::vector<pnrp::AppEndpoint>, Error>
    read_addresses(const std::vector<std::string>& texts) const;
    Outcome publish_with(const Wish& wish, std::shared_ptr<const crypto::PrivateKey> key);
    using Published = std::function<void(Outcome)>;
    void publish_wish(const std::shared_ptr<Wish>& wish, const Published& done);
    void publish_secure(const std::shared_ptr<Wish>& wish, const Published& done);
    void publish_waiting_of(
        const std::string& label, const std::shared_ptr<const crypto::PrivateKey>& key);
    std::expected<Wish, Error> read_kept(const std::string& kept) const;
    bool keep(const Wish& wish) const;
    void load();
    Outcome show(node::PublicationId id) const;
    Outcome unpublish_waiting(const std::string& name);
    static Json waiting_document(const Wish& wish, const WaitingName& waiting);

    Services& services_;
    NameBook& names_;
    bool is_loaded_ = false;
};

} // namespace kith::api
