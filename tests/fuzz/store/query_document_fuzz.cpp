// Queries: whatever reads as one is answered alike by the store in memory and by SQL.

#include "base/check.hpp"
#include "store/memory_store.hpp"
#include "store/sqlite_store.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace kith;

/// A few records that differ in all that a query can ask for.
struct Stores {
    store::MemoryStore memory{store::Rules::modern};
    std::unique_ptr<store::SqliteStore> sqlite;

    Stores() {
        store::SqliteSettings settings;
        settings.path = ":memory:";
        auto opened = store::SqliteStore::open(settings);
        KITH_CHECK(opened.has_value());
        sqlite = std::move(*opened);
        constexpr std::array<std::string_view, 5> kAttributes{
            "",
            R"(<attribute name="a" type="string">Scott</attribute>)",
            R"(<attribute name="a" type="string">a*b?\</attribute>)"
            R"(<attribute name="a" type="int">10</attribute>)",
            R"(<attribute name="b" type="date">2003-01-31</attribute>)",
            R"(<attribute name="b" type="date">2003-01-31T10:00:00.5+01:00</attribute>)"
            R"(<attribute name="a" type="string"></attribute>)"};
        for (std::uint64_t i = 0; i < 20; ++i) {
            store::Record record;
            record.type = Guid::from_halves(0, i % 3);
            record.id = Guid::from_halves(i, ~i);
            record.creator = i % 2 == 0 ? "alice" : "b\xC3\xB6";
            record.modifier = i % 4 == 0 ? "" : "alice";
            record.created = record.modified = {126'885'311'702'500'000 + i};
            record.expires = store::PeerTime::max();
            record.attributes = "<attributes>" + std::string(kAttributes[i % 5]) + "</attributes>";
            KITH_CHECK(memory.put(record).has_value() && sqlite->put(record).has_value());
        }
        KITH_CHECK(sqlite->commit().has_value());
    }
};

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Stores stores;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto query = store::parse_query(text);
    if (!query) return 0;
    for (const std::size_t limit : {std::size_t{3}, std::size_t{100}}) {
        const auto expected = stores.memory.search(*query, {0}, limit);
        const auto found = stores.sqlite->search(*query, {0}, limit);
        KITH_CHECK(expected.has_value() && found == expected);
    }
    return 0;
}
