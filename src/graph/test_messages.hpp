// Random messages and records for property tests: every field and count takes many values.

#pragma once

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "graph/frame.hpp"
#include "graph/message.hpp"
#include "graph/record_codec.hpp"
#include "store/attributes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kith::graph {

class RandomMessages {
public:
    explicit RandomMessages(std::uint64_t seed) : random_(seed) {}

    std::uint64_t number() { return random_.next(); }
    std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_.below(limit)); }
    bool coin() { return below(2) == 0; }

    Bytes bytes(std::size_t size) {
        Bytes out(size);
        for (std::byte& b : out)
            b = static_cast<std::byte>(random_.next());
        return out;
    }
    Guid guid() { return Guid::from_halves(number(), number()); }

    /// 1 to `units_max - 1` units.
    std::string text(std::size_t units_max) {
        static const std::vector<std::string> kPieces{"a", "Z", "7", "ö", "語", "-", "𝄞"};
        const std::size_t size = 1 + below(units_max / 2 - 1);
        std::string out;
        for (std::size_t i = 0; i < size; ++i)
            out += kPieces[below(kPieces.size())];
        return out;
    }
    std::optional<std::string> name() { return coin() ? std::optional(text(256)) : std::nullopt; }

    std::vector<Endpoint> endpoints(std::size_t least, std::size_t limit) {
        std::vector<Endpoint> out(least + below(limit - least));
        for (Endpoint& endpoint : out) {
            for (std::byte& b : endpoint.address.bytes)
                b = static_cast<std::byte>(random_.next());
            endpoint.port = static_cast<std::uint16_t>(random_.next());
        }
        return out;
    }

    std::vector<Capability> capabilities() {
        std::vector<Capability> out(coin() ? 0 : below(6));
        for (Capability& capability : out)
            capability = {static_cast<std::uint16_t>(random_.next()), bytes(below(40))};
        return out;
    }

    TypeFilter types(std::size_t included_limit) {
        TypeFilter out;
        auto& list = coin() ? out.included : out.excluded;
        const std::size_t limit = &list == &out.included ? included_limit : 5;
        list.resize(below(limit));
        for (auto& type : list)
            type = guid();
        return out;
    }

    store::SyncKey key() { return {{number()}, guid()}; }

    std::vector<SyncRange> ranges(RangeUse use) {
        std::vector<store::SyncKey> uppers(below(8));
        for (store::SyncKey& upper : uppers) {
            upper = coin() ? key() : separator(store::SyncKey::lowest(), key());
            if (below(20) == 0) upper = store::SyncKey::highest();
        }
        std::ranges::sort(uppers);
        uppers.erase(std::ranges::unique(uppers).begin(), uppers.end());
        std::vector<SyncRange> out;
        for (const store::SyncKey& upper : uppers) {
            SyncRange& range = out.emplace_back(static_cast<RangeKind>(below(3)), upper);
            if (range.kind == RangeKind::sum) range.hash = guid().bytes;
            if (range.kind == RangeKind::list && use == RangeUse::answer)
                range.count = static_cast<std::uint32_t>(random_.next());
        }
        return out;
    }

    std::vector<RecordAbstract> abstracts(bool wide) {
        std::vector<RecordAbstract> out(below(8));
        for (RecordAbstract& abstract : out) {
            abstract.id = guid();
            abstract.version = static_cast<std::uint32_t>(random_.next());
            if (wide) abstract.digest = guid().bytes;
        }
        return out;
    }

    /// Of the kind with this number, 0 to 13.
    Message message(std::size_t kind) {
        switch (kind) {
        case 0:
            return AuthInfo{
                coin() ? LinkKind::neighbour : LinkKind::direct, text(256), text(256), name()};
        case 1: {
            const bool is_update = coin();
            return Connect{
                is_update,
                coin(),
                coin(),
                number(),
                endpoints(is_update ? 1 : 0, 12),
                name(),
                capabilities()};
        }
        case 2:
            return Welcome{
                number(), {number()}, endpoints(0, 12), text(256), name(), capabilities()};
        case 3:
            return Refuse{static_cast<RefuseCode>(1 + below(4)), endpoints(0, 12)};
        case 4:
            return Disconnect{static_cast<DisconnectReason>(1 + below(3)), endpoints(0, 12)};
        case 5:
            return SolicitNew{types(2)};
        case 6:
            return SolicitTime{types(2), {number()}};
        case 7: {
            SolicitHash m{types(5), {}};
            if (coin()) {
                m.flags = kSumsFlag;
                m.ranges = ranges(RangeUse::question);
                return m;
            }
            m.entries.resize(below(8));
            for (HashEntry& entry : m.entries)
                entry = {guid().bytes, key()};
            return m;
        }
        case 8: {
            const bool wide = coin();
            Advertise m{{}, abstracts(wide), wide ? kWideFlag : std::uint16_t{0}};
            if (coin()) {
                m.flags = static_cast<std::uint16_t>(m.flags | kRangesFlag);
                m.ranges = ranges(RangeUse::answer);
                return m;
            }
            m.boundaries.resize(below(8));
            for (Boundary& boundary : m.boundaries)
                boundary = {key(), key(), static_cast<std::uint32_t>(random_.next())};
            return m;
        }
        case 9:
            return Request{abstracts(false), coin()};
        case 10:
            return Flood{bytes(4 + below(300))};
        case 11:
            return SyncEnd{coin()};
        case 12:
            return Pt2pt{guid(), bytes(below(300))};
        default: {
            Ack m;
            m.entries.resize(below(8));
            for (AckEntry& entry : m.entries)
                entry = {guid(), coin(), coin()};
            return m;
        }
        }
    }

    std::string attributes() {
        std::vector<store::Attribute> list(1 + below(3));
        for (store::Attribute& attribute : list)
            attribute = {
                "name" + std::to_string(below(100)), store::AttributeType::string, text(60)};
        return store::attributes_document(list).value();
    }

    /// Keeps the rules of its kind and of `rules`.
    store::Record record(store::Rules rules) {
        store::Record r;
        r.type = guid();
        r.creator = text(256);
        r.id = make_record_id(r.creator, guid(), rules);
        r.version = static_cast<std::uint32_t>(random_.next());
        r.is_deleted = coin();
        r.security = bytes(coin() ? 0 : below(200));
        r.created.ticks = number() / 4;
        r.modified.ticks = r.created.ticks;
        if (coin()) {
            r.modifier = text(256);
            r.modified.ticks += 1 + below(1000);
        }
        r.expires.ticks = r.modified.ticks + 1 + below(1000);
        if (!r.is_deleted) r.payload = bytes(below(300));
        if (coin()) r.attributes = attributes();
        return r;
    }

private:
    SeededRandom random_;
};

} // namespace kith::graph
