#include "store_bench.hpp"

#include "base/random.hpp"
#include "measure.hpp"
#include "store/sqlite_store.hpp"

#include <system_error>

#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kith::bench {
namespace {

constexpr std::size_t kBatch = 1000;

/// A file that is not there before and after.
class ScratchFile {
public:
    explicit ScratchFile(const std::string& folder) : path_(folder + "/kith-bench-store.db") {
        remove();
    }
    ~ScratchFile() { remove(); }
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;

    const std::string& path() const { return path_; }
    double mib() const {
        std::error_code ignored;
        return static_cast<double>(std::filesystem::file_size(path_, ignored)) / (1 << 20);
    }

private:
    void remove() const {
        std::error_code ignored;
        for (const char* suffix : {"", "-wal", "-shm"}) {
            std::filesystem::remove(path_ + suffix, ignored);
        }
    }

    std::string path_;
};

std::unique_ptr<store::SqliteStore>
open_store(const ScratchFile& file, store::Durability durability) {
    store::SqliteSettings settings;
    settings.path = file.path();
    settings.graph = "bench";
    settings.peer = "bench";
    settings.durability = durability;
    settings.cache_bytes = 64U << 20U; // as peers/store_floor
    auto opened = store::SqliteStore::open(settings);
    return opened ? std::move(*opened) : nullptr;
}

store::Record make_record(PlainRandom& random, std::uint64_t number, std::size_t payload) {
    store::Record record;
    record.type = Guid::from_halves(1, 2);
    record.id = Guid::from_halves(random.next(), random.next());
    record.creator = "06e3fd8fda29bb60ab59557de61edb0aecdb2311";
    record.created = record.modified = {number};
    record.expires = store::PeerTime::max();
    record.payload.assign(payload, static_cast<std::byte>(number));
    return record;
}

bool run_inserts(const StoreOptions& options, store::Durability durability) {
    const ScratchFile file(options.folder);
    const auto store = open_store(file, durability);
    if (!store) return false;
    SeededRandom random(1);
    std::uint64_t count = 0;
    const double started = now_s();
    const double cpu_before = cpu_s();
    while (now_s() - started < options.seconds) {
        for (std::size_t i = 0; i < kBatch; ++i, ++count) {
            if (!store->put(make_record(random, count, 256))) return false;
        }
        if (!store->commit()) return false;
    }
    const double elapsed = now_s() - started;
    const bool is_full = durability == store::Durability::full;
    print_line(fmt::format(
        R"({{"phase":"{}","synchronous":"{}","records_per_batch":{},"records":{},)"
        R"("records_per_s":{:.0f},"cpu_us_per_record":{:.1f}}})",
        is_full ? "insert_durable" : "insert_batch",
        is_full ? "FULL" : "NORMAL",
        kBatch,
        count,
        static_cast<double>(count) / elapsed,
        (cpu_s() - cpu_before) * 1e6 / static_cast<double>(count)));
    return true;
}

/// `wide` is shared by a tenth of all records, `narrow` by a thousand: 100 have both.
std::string attributes_of(std::uint64_t number, std::uint64_t narrow_values) {
    const auto one = [](std::string_view name, std::string_view type, const std::string& value) {
        return fmt::format(R"(<attribute name="{}" type="{}">{}</attribute>)", name, type, value);
    };
    return "<attributes>" + one("narrow", "string", fmt::format("n{}", number % narrow_values)) +
           one("wide", "int", std::to_string(number / narrow_values % 10)) +
           one("title", "string", fmt::format("record {}", number)) +
           one("size", "int", std::to_string(number * 7919 % 100'000)) +
           one("day", "date", fmt::format("20{:02}-01-{:02}", number % 100, 1 + number % 28)) +
           "</attributes>";
}

bool run_fill(const StoreOptions& options, const ScratchFile& file, std::uint64_t narrow_values) {
    const auto store = open_store(file, store::Durability::relaxed);
    if (!store) return false;
    SeededRandom random(2);
    const double started = now_s();
    for (std::uint64_t number = 0; number < options.records; ++number) {
        store::Record record = make_record(random, number, 256);
        record.attributes = attributes_of(number, narrow_values);
        if (!store->put(record)) return false;
        if (number % kBatch == kBatch - 1 && !store->commit()) return false;
    }
    if (!store->commit()) return false;
    const double elapsed = now_s() - started;
    print_line(fmt::format(
        R"({{"phase":"fill","records":{},"attributes":5,"records_per_s":{:.0f},)"
        R"("index_bytes_per_record":{:.0f},"file_mib":{:.0f}}})",
        options.records,
        static_cast<double>(options.records) / elapsed,
        static_cast<double>(store->index().memory()) / static_cast<double>(options.records),
        file.mib()));
    return true;
}

bool run_searches(
    const StoreOptions& options, const ScratchFile& file, std::uint64_t narrow_values) {
    const double started = now_s();
    const auto store = open_store(file, store::Durability::relaxed);
    if (!store) return false;
    print_line(fmt::format(
        R"({{"phase":"open","records":{},"s":{:.2f},"resident_mib":{:.0f}}})",
        store->index().size(),
        now_s() - started,
        resident_mib()));
    std::vector<double> taken_ms;
    std::size_t hits = 0;
    SeededRandom random(3);
    const double cpu_before = cpu_s();
    for (std::size_t i = 0; i < options.searches; ++i) {
        const auto query = store::parse_query(fmt::format(
            R"(<peersearch><and><clause attrib="wide" type="int">{}</clause>)"
            R"(<clause attrib="narrow" type="string">n{}</clause></and></peersearch>)",
            random.below(10),
            random.below(narrow_values)));
        if (!query) return false;
        const double before = now_s();
        const auto found = store->search(*query, {0}, 10'000);
        taken_ms.push_back((now_s() - before) * 1e3);
        if (!found) return false;
        hits += found->size();
    }
    print_line(fmt::format(
        R"({{"phase":"search","records":{},"searches":{},"hits_mean":{:.1f},)"
        R"("ms_p50":{:.2f},"ms_p99":{:.2f},"cpu_ms_mean":{:.2f}}})",
        store->index().size(),
        options.searches,
        static_cast<double>(hits) / static_cast<double>(options.searches),
        quantile(taken_ms, 0.5),
        quantile(taken_ms, 0.99),
        (cpu_s() - cpu_before) * 1e3 / static_cast<double>(options.searches)));
    return true;
}

} // namespace

int run_store(const StoreOptions& options) {
    bool good = run_inserts(options, store::Durability::relaxed) &&
                run_inserts(options, store::Durability::full);
    if (good && options.records > 0) {
        const ScratchFile file(options.folder);
        const std::uint64_t narrow_values = (options.records + 999) / 1000;
        good = run_fill(options, file, narrow_values) && run_searches(options, file, narrow_values);
    }
    return good ? 0 : 1;
}

} // namespace kith::bench
