// The routes of identities.

#pragma once

#include "api/call.hpp"
#include "api/name_book.hpp"
#include "api/services.hpp"

namespace kith::api {

class IdentityRoutes {
public:
    /// Both outlive the routes.
    IdentityRoutes(Services& services, NameBook& names) : services_(services), names_(names) {}

    Outcome list() const;
    Outcome show(const std::string& label) const;
    Outcome remove(const std::string& label);
    Outcome set_default(const std::string& label);
    Outcome rename(const std::string& label, RequestBody& body);

    // These may have a key sealed or opened, and answer when that is done.
    void create(Call call);
    void import(Call call);
    void export_document(Call call);

private:
    Outcome add(const std::expected<std::string, identity::DocumentErrc>& document);

    Services& services_;
    NameBook& names_;
};

} // namespace kith::api
