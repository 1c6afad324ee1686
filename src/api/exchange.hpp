// A request of the local API and its answer, without any transport.

#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kith::api {

struct Request {
    std::string method;            // upper case
    std::string target;            // as sent: percent-encoded, with what follows a `?`
    std::string body;              // may hold secrets: whoever made the request wipes it
    std::string content_type = {}; // as sent; may be empty
};

/// The moving part of an answer: bytes that go as they are made and, after an upgrade, bytes that
/// come. The transport keeps it as long as somebody is there: its destruction is the end.
class Flow {
public:
    virtual ~Flow() = default;
    Flow(const Flow&) = delete;
    Flow& operator=(const Flow&) = delete;

    /// The bytes to send next, not empty. Nothing: none for now, and `wake()` when there are.
    virtual std::optional<std::string> next() = 0;

    /// True once `next()` will give nothing any more.
    virtual bool is_over() const = 0;

    /// True if it is whole wherever it ends, which is when the transport stops.
    virtual bool is_endless() const { return false; }

    // Of an upgraded connection.

    /// While false nothing is read; asked again a little later.
    virtual bool has_room() { return true; }
    virtual void take(ByteView) {}
    /// The client will send nothing more.
    virtual void end_input() {}
    /// Once false, nothing is read any more and the end of the output ends the connection.
    virtual bool wants_input() const { return true; }

    void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }

protected:
    Flow() = default;
    void wake() const {
        if (wake_) wake_();
    }

private:
    std::function<void()> wake_;
};

struct Reply {
    unsigned status = 200; // 101: the connection is the flow's from now on, both ways
    std::string body;      // JSON, unless the type says otherwise
    std::string content_type = "application/json";
    std::shared_ptr<Flow> flow = nullptr; // in place of `body`
};

/// How large the body of a request may be.
enum class BodyRoom : std::uint8_t { usual, record, database };

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

    /// Asked by the head of a request, before its body is read.
    virtual BodyRoom room_for(std::string_view method, std::string_view target) const = 0;

protected:
    Handler() = default;
    Handler(const Handler&) = default;
    Handler& operator=(const Handler&) = default;
};

} // namespace kith::api
