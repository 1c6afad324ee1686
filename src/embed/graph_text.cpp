#include "embed/graph_text.hpp"

#include "base/overload.hpp"
#include "embed/guarded.hpp"
#include "graph/quotas.hpp"
#include "graph/record_codec.hpp"
#include "store/attributes.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <ratio>
#include <utility>

namespace kith::embed {

namespace {

constexpr std::uint32_t kNoPresenceMax = 0xFFFFFFFF;

std::unexpected<Error> not_taken(const char* message) {
    return std::unexpected(Error{Errc::bad_argument, message});
}

// Dates that no clock has come from peers: they are kept within what the type can say.
GraphTime to_time(store::PeerTime time) {
    constexpr auto kMax = static_cast<std::uint64_t>(INT64_MAX) / 100;
    const auto epoch = static_cast<std::uint64_t>(kUnixEpochAfter1601.count()) * 10'000'000U;
    const bool is_before = time.ticks < epoch;
    const std::uint64_t gap = std::min(is_before ? epoch - time.ticks : time.ticks - epoch, kMax);
    const store::PeerTime::Ticks since(static_cast<std::int64_t>(gap));
    return GraphTime(std::chrono::duration_cast<GraphTime::duration>(is_before ? -since : since));
}

std::string to_text(graph::FailureReason why) {
    switch (why) {
    case graph::FailureReason::none:
        return "";
    case graph::FailureReason::unreachable:
        return "no answer, or the connection broke";
    case graph::FailureReason::refused:
        return "the node refused";
    case graph::FailureReason::not_authenticated:
        return "one end did not accept the other";
    case graph::FailureReason::protocol:
        return "the other end broke the rules";
    case graph::FailureReason::duplicate:
        return "already connected with that node";
    case graph::FailureReason::other_rules:
        return "one end's graph has published rules, the other's modern ones";
    }
    return "";
}

class Session final : public graph::SecuritySession {
public:
    explicit Session(std::unique_ptr<kith::SecuritySession> inside) : inside_(std::move(inside)) {}

    graph::SecurityStep begin(Now) override {
        return to_step(asked(kFailed, [&] { return inside_->begin(); }));
    }
    graph::SecurityStep feed(Now, ByteView bytes) override {
        return to_step(asked(kFailed, [&] { return inside_->feed(bytes); }));
    }
    bool is_peer(const std::string& peer_id) override {
        return asked(false, [&] { return inside_->is_peer(peer_id); });
    }
    std::optional<Bytes> protect(ByteView plain) override {
        return asked(std::nullopt, [&] { return inside_->protect(plain); });
    }
    std::optional<Bytes> unprotect(ByteView wire) override {
        return asked(std::nullopt, [&] { return inside_->unprotect(wire); });
    }

private:
    static inline const SecurityStep kFailed{.reply = {}, .is_done = false, .has_failed = true};

    static graph::SecurityStep to_step(SecurityStep step) {
        return {std::move(step.reply), step.is_done, step.has_failed};
    }

    std::unique_ptr<kith::SecuritySession> inside_;
};

class Provider final : public graph::SecurityProvider {
public:
    explicit Provider(std::shared_ptr<kith::SecurityProvider> inside)
        : inside_(std::move(inside)) {}

    std::unique_ptr<graph::SecuritySession>
    start(Now, bool is_initiator, const graph::AuthInfo& announced) override {
        PeerAnnounced peer;
        peer.is_initiator = is_initiator;
        peer.is_direct = announced.kind == graph::LinkKind::direct;
        peer.peer_id = is_initiator ? announced.destination.value_or("") : announced.source;
        auto session = asked(nullptr, [&] { return inside_->start(peer); });
        if (!session) return nullptr;
        return std::make_unique<Session>(std::move(session));
    }

    std::optional<Bytes> secure(const store::Record& record) override {
        return asked(std::nullopt, [&] {
            return graph::is_internal(record.type) ? inside_->secure_internal(to_record(record))
                                                   : inside_->secure(to_record(record));
        });
    }

    graph::Verdict validate(const store::Record& record) override {
        using Verdict = kith::SecurityProvider::Verdict;
        const Verdict verdict = asked(Verdict::defer, [&] { // so nothing is lost
            return graph::is_internal(record.type) ? inside_->validate_internal(to_record(record))
                                                   : inside_->validate(to_record(record));
        });
        switch (verdict) {
        case Verdict::valid:
            return graph::Verdict::valid;
        case Verdict::invalid:
            return graph::Verdict::invalid;
        case Verdict::defer:
            return graph::Verdict::defer;
        }
        return graph::Verdict::invalid;
    }

private:
    std::shared_ptr<kith::SecurityProvider> inside_;
};

} // namespace

Error to_error(graph::GraphErrc code) {
    using enum graph::GraphErrc;
    switch (code) {
    case not_ready:
        return {Errc::not_ready, "the graph has never been synchronised: connect to a member"};
    case closed:
        return {Errc::closed, "the graph is closed"};
    case not_found:
        return {Errc::not_found, "there is no such record, node or connection"};
    case bad_type:
        return {Errc::bad_argument, "this type is kept for the graph itself"};
    case bad_expiration:
        return {Errc::bad_argument, "the lifetime is not above zero, or too long"};
    case bad_attributes:
        return {Errc::bad_argument, "the attributes are not allowed"};
    case too_large:
        return {Errc::too_many, "the record is larger than the graph takes"};
    case refused:
        return {Errc::not_allowed, "the security provider did not secure the record"};
    case too_many:
        return {Errc::too_many, "a limit of the graph is reached"};
    case not_allowed:
        return {Errc::not_allowed, "only the graph's creator may do this"};
    case bad_argument:
        return {Errc::bad_argument, "a text is too long or not UTF-8, or a number out of range"};
    case store_full:
        return {Errc::disk, "the disk is full"};
    case store_read_only:
        return {Errc::disk, "the graph's file may not be written"};
    case store_corrupt:
        return {Errc::disk, "the graph's file is damaged"};
    case store_failed:
        return {Errc::disk, "the system refused the graph's file"};
    }
    return {Errc::bad_argument, "the graph refused"};
}

Error to_error(node::GraphsErrc code) {
    using enum node::GraphsErrc;
    switch (code) {
    case bad_name:
        return {Errc::bad_argument, "a graph's name is 1 to 255 characters"};
    case bad_argument:
        return {Errc::bad_argument, "the graph's properties or options are not allowed"};
    case already_open:
    case already_exists:
        return {Errc::already_exists, "there is a graph of this name already"};
    case not_open:
        return {Errc::closed, "the graph is closed"};
    case too_many:
        return {Errc::too_many, "too many graphs are open"};
    case store_full:
        return to_error(graph::GraphErrc::store_full);
    case store_read_only:
        return to_error(graph::GraphErrc::store_read_only);
    case store_corrupt:
        return to_error(graph::GraphErrc::store_corrupt);
    case store_locked:
        return {Errc::disk, "another process has the graph's file open"};
    case store_newer:
        return {Errc::disk, "the graph's file was written by a later version"};
    case store_wrong_graph:
        return {Errc::disk, "the graph's file belongs to another graph or peer id"};
    case store_missing:
        return {Errc::disk, "the graph's file is empty"};
    case store_failed:
        return to_error(graph::GraphErrc::store_failed);
    }
    return {Errc::bad_argument, "the graph refused"};
}

Result<Guid> to_guid(const Id& id) {
    const auto guid = parse_guid(id);
    if (!guid) return not_taken("an id is 32 hexadecimal digits in five groups");
    return *guid;
}

Id to_id(const Guid& guid) {
    return guid.is_nil() ? Id{} : to_string(guid);
}

Record to_record(const store::Record& record) {
    Record out;
    out.id = to_id(record.id);
    out.type = to_id(record.type);
    out.version = record.version;
    out.creator = record.creator;
    out.modifier = record.modifier;
    out.is_deleted = record.is_deleted;
    out.created = to_time(record.created);
    out.modified = to_time(record.modified);
    out.expires = to_time(record.expires);
    out.payload = record.payload;
    out.security = record.security;
    out.attributes = to_attributes(record.attributes);
    return out;
}

std::vector<Attribute> to_attributes(std::string_view document) {
    std::vector<Attribute> out;
    const auto attributes = store::parse_attributes(document);
    if (!attributes) return out;
    for (const store::Attribute& one : *attributes)
        out.push_back({one.name, static_cast<Attribute::Type>(one.type), one.value});
    return out;
}

Result<std::string> to_document(const std::vector<Attribute>& attributes) {
    std::vector<store::Attribute> inside;
    inside.reserve(attributes.size());
    for (const Attribute& one : attributes)
        inside.push_back({one.name, static_cast<store::AttributeType>(one.type), one.value});
    auto document = store::attributes_document(inside);
    if (!document) return not_taken("an attribute's name or value is not allowed");
    return std::move(*document);
}

Result<graph::NewRecord> to_wish(const NewRecord& wish) {
    graph::NewRecord out;
    auto type = to_guid(wish.type);
    if (!type) return std::unexpected(type.error());
    auto attributes = to_document(wish.attributes);
    if (!attributes) return std::unexpected(attributes.error());
    out.type = *type;
    out.lifetime = wish.lifetime;
    out.refreshes = wish.refreshes;
    out.payload = wish.payload;
    out.attributes = std::move(*attributes);
    return out;
}

Result<graph::RecordChange> to_change(const RecordChange& change) {
    graph::RecordChange out;
    out.payload = change.payload;
    out.lifetime = change.lifetime;
    if (change.attributes) {
        auto attributes = to_document(*change.attributes);
        if (!attributes) return std::unexpected(attributes.error());
        out.attributes = std::move(*attributes);
    }
    return out;
}

graph::GraphInfo to_info(const GraphProperties& properties) {
    graph::GraphInfo out;
    out.friendly_name = properties.friendly_name;
    out.comment = properties.comment;
    // Beyond what the number holds is beyond what the graph takes.
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    out.presence_lifetime = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(properties.presence_lifetime.count(), 1, kMost));
    out.presence_max = properties.presence_max.value_or(kNoPresenceMax);
    out.record_max = properties.record_size_max;
    graph::Quotas quotas;
    quotas.records = properties.records_max;
    quotas.records_each = properties.records_each_max;
    quotas.bytes_each = properties.bytes_each_max;
    if (quotas.any()) out.extras.push_back(graph::write_quotas(quotas));
    return out;
}

GraphProperties to_properties(const graph::GraphInfo& info) {
    GraphProperties out;
    out.friendly_name = info.friendly_name;
    out.comment = info.comment;
    out.presence_lifetime = std::chrono::seconds(info.presence_lifetime);
    if (info.presence_max != kNoPresenceMax) out.presence_max = info.presence_max;
    out.record_size_max = info.record_max;
    const graph::Quotas quotas = graph::read_quotas(info.extras);
    out.records_max = quotas.records;
    out.records_each_max = quotas.records_each;
    out.bytes_each_max = quotas.bytes_each;
    out.creator = info.creator;
    return out;
}

GraphStatus to_status(const graph::StatusChanged& status) {
    return {status.is_listening, status.has_neighbours, status.is_synchronized};
}

GraphEvent to_event(const graph::Event& event) {
    using Out = GraphEvent;
    return std::visit(
        Overload{
            [](const graph::StatusChanged& it) -> Out { return to_status(it); },
            [](const graph::PropertiesChanged&) -> Out { return PropertiesChanged{}; },
            [](const graph::RecordChanged& it) -> Out {
                const auto kind = static_cast<int>(it.kind) - 1;
                return RecordChanged{
                    static_cast<RecordChanged::Kind>(kind), to_id(it.id), to_id(it.type)};
            },
            [](const graph::ConnectionChanged& it) -> Out {
                using Why = ConnectionChanged::Why;
                static_assert(
                    static_cast<int>(Why::other_rules) ==
                    static_cast<int>(graph::FailureReason::other_rules));
                ConnectionChanged out;
                out.state = static_cast<ConnectionChanged::State>(static_cast<int>(it.status) - 1);
                out.link = it.link;
                out.is_direct = it.is_direct;
                out.node = it.node;
                out.next = it.next;
                out.why = static_cast<ConnectionChanged::Why>(it.reason);
                out.reason = to_text(it.reason);
                return out;
            },
            [](const graph::DataReceived& it) -> Out {
                return DataReceived{it.link, to_id(it.type), it.data};
            },
            [](const graph::PeersNeeded&) -> Out { return PeersNeeded{}; },
            [](const graph::NodeChanged& it) -> Out {
                const auto kind = static_cast<int>(it.kind) - 1;
                return NodeChanged{static_cast<NodeChanged::Kind>(kind), it.node, it.peer_id};
            },
            [](const graph::Synchronized& it) -> Out { return Synchronized{to_id(it.type)}; },
            [](const graph::StoreFailed& it) -> Out {
                return StoreFailed{to_error(graph::graph_error(it.why))};
            },
            [](const graph::EventsLost& it) -> Out { return EventsLost{it.count}; }},
        event);
}

std::shared_ptr<graph::SecurityProvider> adapt(std::shared_ptr<SecurityProvider> provider) {
    if (!provider) return nullptr;
    return std::make_shared<Provider>(std::move(provider));
}

} // namespace kith::embed

namespace kith {

bool SecuritySession::is_peer(const std::string&) {
    return true;
}

std::optional<std::vector<std::byte>> SecurityProvider::secure_internal(const Record&) {
    return std::vector<std::byte>{};
}

SecurityProvider::Verdict SecurityProvider::validate_internal(const Record&) {
    return Verdict::valid;
}

std::optional<std::vector<std::byte>> SecuritySession::protect(std::span<const std::byte> plain) {
    return to_owned(plain);
}

std::optional<std::vector<std::byte>> SecuritySession::unprotect(std::span<const std::byte> wire) {
    return to_owned(wire);
}

} // namespace kith
