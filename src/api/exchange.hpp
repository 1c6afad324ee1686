// A request of the local API and its answer, without any transport.

#pragma once

#include <functional>
#include <string>

namespace kith::api {

struct Request {
    std::string method; // upper case
    std::string target; // as sent: percent-encoded, with what follows a `?`
    std::string body;   // may hold secrets: whoever made the request wipes it
};

struct Reply {
    unsigned status = 200;
    std::string body; // JSON
};

/// Takes the one answer to a request.
using ReplyTo = std::function<void(Reply)>;

/// Called by the transport when nobody waits for the answer any more. May be empty.
using Cancel = std::function<void()>;

class Handler {
public:
    virtual ~Handler() = default;

    /// Answers now or later, exactly once; after the returned `Cancel` was called the answer is
    /// dropped, and may be left out. `request` is only read during the call.
    virtual Cancel handle(const Request& request, ReplyTo reply) = 0;

protected:
    Handler() = default;
    Handler(const Handler&) = default;
    Handler& operator=(const Handler&) = default;
};

} // namespace kith::api
