// Cards of identities, and delegations: letting another identity publish a name of ours.

#pragma once

#include "api/call.hpp"
#include "api/services.hpp"

namespace kith::api {

class DelegationRoutes {
public:
    /// It outlives the routes.
    explicit DelegationRoutes(Services& services) : services_(services) {}

    /// What the owner of the identity hands to others.
    Outcome card(const std::string& label) const;

    /// May have the owner's key opened, and answers when that is done.
    void delegate(Call call);

private:
    struct Wish;
    std::expected<Wish, Error> read_wish(RequestBody& body) const;

    Services& services_;
};

} // namespace kith::api
