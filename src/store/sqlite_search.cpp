#include "store/sqlite_search.hpp"

#include "store/condition.hpp"
#include "store/limits.hpp"
#include "store/sqlite.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace kith::store {
namespace {

struct Blob {
    std::string bytes;
};
struct SqlValue {
    explicit SqlValue(std::int64_t number) : content(number) {}
    explicit SqlValue(std::string text) : content(std::move(text)) {}
    explicit SqlValue(Blob blob) : content(std::move(blob)) {}

    std::variant<std::int64_t, std::string, Blob> content;
};

/// SQL text with its parameters, which are used in the order in which they stand.
struct Sql {
    std::string text;
    std::vector<SqlValue> values;

    Sql& operator<<(std::string_view more) {
        text += more;
        return *this;
    }
    Sql& operator<<(SqlValue value) {
        values.push_back(std::move(value));
        text += '?';
        return *this;
    }
    Sql& operator<<(Sql other) {
        text += other.text;
        std::move(other.values.begin(), other.values.end(), std::back_inserter(values));
        return *this;
    }
};

std::string_view operator_of(Comparison comparison) {
    constexpr std::array<std::string_view, 6> kOperators{"=", "<>", ">", "<", ">=", "<="};
    return kOperators[static_cast<std::size_t>(comparison)];
}

/// What is true or false whatever the record. A plain 0 would take all else that a condition says
/// with it, also what the index that it names wants to hear.
Sql constant(bool value) {
    return {value ? "1" : "1=0", {}};
}

/// The part of a condition on texts that an index can narrow down: what begins with the prefix.
Sql begins_with(std::string_view column, std::string_view prefix) {
    Sql sql;
    if (prefix.empty()) return constant(true);
    std::string end(prefix);
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1); // never 0xFF
    sql << column << ">=" << SqlValue(std::string(prefix)) << " AND " << column << "<"
        << SqlValue(std::move(end));
    return sql;
}

Sql text_condition(std::string_view column, const Term& term) {
    Sql sql;
    if (!term.text.has_wildcards()) {
        sql << column << operator_of(term.comparison) << SqlValue(std::string(term.text.prefix()));
        return sql;
    }
    if (term.comparison == Comparison::equal) {
        sql << begins_with(column, term.text.prefix()) << " AND ";
    } else {
        sql << "NOT ";
    }
    sql << "kith_matches(" << SqlValue(Blob{std::string(term.text.tokens())}) << "," << column
        << ")";
    return sql;
}

/// The part of it that says how many index entries have to be walked.
Sql text_range(std::string_view column, const Term& term) {
    if (!term.text.has_wildcards()) return text_condition(column, term);
    if (term.comparison == Comparison::equal) return begins_with(column, term.text.prefix());
    return constant(true);
}

Sql value_condition(std::string_view column, const Term& term) {
    Sql sql;
    switch (term.type) {
    case AttributeType::string:
        return text_condition(column, term);
    case AttributeType::integer:
        sql << column << operator_of(term.comparison) << SqlValue(Blob{term.number});
        break;
    case AttributeType::date:
        sql << column << operator_of(term.comparison) << SqlValue(term.date);
        break;
    }
    return sql;
}

Sql time_condition(std::string_view column, const Term& term) {
    if (term.date < 0) return constant(satisfies(std::strong_ordering::greater, term.comparison));
    Sql sql;
    sql << column << operator_of(term.comparison)
        << SqlValue(sql_time({static_cast<std::uint64_t>(term.date)}));
    return sql;
}

/// The id that a condition on ids asks for, if it asks for one.
std::optional<Guid> wanted_guid(const Term& term) {
    if (term.comparison != Comparison::equal || term.text.has_wildcards()) return std::nullopt;
    return parse_guid(term.text.prefix());
}

SqlValue guid_value(const Guid& guid) {
    return SqlValue(Blob{std::string(as_text(guid.bytes))});
}

Sql guid_condition(const std::string& column, const Term& term) {
    Sql sql;
    if (const auto guid = wanted_guid(term)) {
        sql << column << "=" << guid_value(*guid);
        return sql;
    }
    return text_condition("kith_guid(" + column + ")", term);
}

/// What `term` asks of the attribute rows in `attribute a`, but for the record that they are of.
Sql attribute_condition(const Term& term, std::string_view no_index) {
    Sql sql;
    sql << no_index << "a.name=" << SqlValue(term.name) << " AND " << no_index
        << "a.type=" << SqlValue(static_cast<std::int64_t>(term.type)) << " AND ";
    return sql;
}

/// True if the record whose number is in the column `row` has an attribute for which `term` holds.
Sql attribute_exists(const Term& term, std::string_view row) {
    const bool is_equality = term.comparison == Comparison::equal &&
                             (term.type != AttributeType::string || !term.text.has_wildcards());
    Sql sql;
    sql << "EXISTS(SELECT 1 FROM attribute a ";
    if (is_equality) {
        // Entries of one value lie side by side, in the order of records.
        sql << "INDEXED BY attribute_by_value WHERE " << attribute_condition(term, "");
    } else {
        // The few attributes of one record: no index is better than the table's own key.
        sql << "WHERE " << attribute_condition(term, "+");
    }
    sql << value_condition("a.value", term) << " AND a.record=" << row << ")";
    return sql;
}

/// True for the records in `record r` for which `term` holds; `row` has their numbers too.
Sql record_condition(const Term& term, std::string_view row) {
    Sql sql;
    switch (term.field) {
    case Field::creator:
        return text_condition("r.creator", term);
    case Field::modifier:
        sql << "(r.modifier<>'' AND " << text_condition("r.modifier", term) << ")";
        return sql;
    case Field::created:
        return time_condition("r.created", term);
    case Field::modified:
        return time_condition("r.modified", term);
    case Field::id:
        return guid_condition("r.id", term);
    case Field::type:
        return guid_condition("r.type", term);
    case Field::attribute:
        break;
    }
    return attribute_exists(term, row);
}

/// How to walk the rows of the records for which a term holds along an index.
struct Walk {
    Sql from;  // FROM and WHERE up to what follows
    Sql whole; // the rest of the condition
    Sql range; // that part of it that bounds the walk
};

Sql walk_start(std::string_view index, std::string_view condition) {
    Sql sql;
    sql << "r.row AS row FROM record r INDEXED BY " << index << " WHERE " << condition;
    return sql;
}

/// Nothing if there is no index for it.
std::optional<Walk> walk_of(const Term& term, const RecordIndex& index) {
    constexpr std::string_view kLive = "r.flags&1=0 AND "; // as those indexes have them
    Sql from;
    switch (term.field) {
    case Field::attribute:
        from << "a.record AS row FROM attribute a INDEXED BY attribute_by_value WHERE "
             << attribute_condition(term, "");
        return Walk{
            from,
            value_condition("a.value", term),
            term.type == AttributeType::string ? text_range("a.value", term)
                                               : value_condition("a.value", term)};
    case Field::creator:
        return Walk{
            walk_start("record_by_creator", kLive),
            text_condition("r.creator", term),
            text_range("r.creator", term)};
    case Field::modifier:
        return Walk{
            walk_start("record_by_modifier", "r.modifier<>'' AND "),
            text_condition("r.modifier", term),
            text_range("r.modifier", term)};
    case Field::created: {
        const Sql condition = time_condition("r.created", term);
        return Walk{walk_start("record_by_created", kLive), condition, condition};
    }
    case Field::modified: {
        const Sql condition = time_condition("r.modified", term);
        return Walk{walk_start("record_by_modified", ""), condition, condition};
    }
    case Field::type: {
        if (!wanted_guid(term)) return std::nullopt;
        const Sql condition = guid_condition("r.type", term);
        return Walk{walk_start("record_by_type", kLive), condition, condition};
    }
    case Field::id: {
        const auto id = wanted_guid(term);
        if (!id) return std::nullopt;
        const IndexEntry* entry = index.find(*id);
        Sql condition;
        condition << "r.row="
                  << SqlValue(entry == nullptr ? -1 : static_cast<std::int64_t>(entry->handle));
        from << "r.row AS row FROM record r WHERE ";
        return Walk{from, condition, condition};
    }
    }
    return std::nullopt;
}

StoreResult<Statement> prepare_bound(sqlite3* db, const Sql& sql) {
    auto statement = Statement::prepare(db, sql.text);
    if (!statement) return statement;
    int place = 0;
    for (const SqlValue& value : sql.values) {
        ++place;
        if (const auto* number = std::get_if<std::int64_t>(&value.content)) {
            statement->bind(place, *number);
        } else if (const auto* text = std::get_if<std::string>(&value.content)) {
            statement->bind_text(place, *text);
        } else {
            statement->bind_blob(place, as_bytes(std::get<Blob>(value.content).bytes));
        }
    }
    return statement;
}

constexpr std::int64_t kNoIndex = std::numeric_limits<std::int64_t>::max();

/// Finds out which clauses to walk along.
class Planner {
public:
    Planner(sqlite3* db, const RecordIndex& index) : db_(db), index_(index) {}

    struct Plan {
        std::int64_t cost = kNoIndex; // index entries to walk; `cap` or more: too many
        std::vector<const Query*> clauses;
    };

    // NOLINTNEXTLINE(misc-no-recursion): as deep as `parse_query` lets a query be
    StoreResult<Plan> plan(const Query& query, std::int64_t cap) {
        switch (query.kind) {
        case Query::Kind::any_of:
            return plan_any(query, cap);
        case Query::Kind::all_of:
            return plan_all(query, cap);
        case Query::Kind::clause:
            break;
        }
        return plan_clause(query, cap);
    }

private:
    StoreResult<Plan> plan_clause(const Query& clause, std::int64_t cap) {
        const auto term = make_term(clause);
        if (!term) return Plan{0, {&clause}};
        const auto walk = walk_of(*term, index_);
        if (!walk) return Plan{};
        Sql sql;
        sql << "SELECT count(*) FROM (SELECT " << walk->from << walk->range << " LIMIT "
            << SqlValue(cap) << ")";
        auto statement = prepare_bound(db_, sql);
        if (!statement) return std::unexpected(statement.error());
        const int code = statement->step();
        if (code != SQLITE_ROW) return std::unexpected(store_errc(db_, code));
        return Plan{statement->integer(0), {&clause}};
    }

    /// All parts have to be walked.
    // NOLINTNEXTLINE(misc-no-recursion): the same
    StoreResult<Plan> plan_any(const Query& query, std::int64_t cap) {
        Plan all{0, {}};
        for (const Query& part : query.parts) {
            auto one = plan(part, cap - all.cost);
            if (!one) return one;
            if (one->cost >= cap - all.cost) return Plan{};
            all.cost += one->cost;
            all.clauses.insert(all.clauses.end(), one->clauses.begin(), one->clauses.end());
        }
        return all;
    }

    /// The cheapest part is enough. Looking for it with a growing cap costs little more than it.
    // NOLINTNEXTLINE(misc-no-recursion): the same
    StoreResult<Plan> plan_all(const Query& query, std::int64_t cap) {
        for (std::int64_t low = std::min<std::int64_t>(64, cap);; low = std::min(16 * low, cap)) {
            Plan best;
            for (const Query& part : query.parts) {
                auto one = plan(part, std::min(low, best.cost));
                if (!one) return one;
                if (one->cost < std::min(low, best.cost)) best = std::move(*one);
            }
            if (best.cost < low || low == cap) return best;
        }
    }

    sqlite3* db_;
    const RecordIndex& index_;
};

/// `query` as a condition on `record r`, whose numbers are in the column `row` as well; `walked` is
/// a clause that need not be asked again.
// NOLINTNEXTLINE(misc-no-recursion): as deep as `parse_query` lets a query be
Sql condition_of(const Query& query, const Query* walked, std::string_view row) {
    if (query.kind == Query::Kind::clause) {
        const auto term = make_term(query);
        if (&query == walked || !term) return constant(term.has_value());
        return record_condition(*term, row);
    }
    Sql sql;
    std::string_view joint = "(";
    for (const Query& part : query.parts) {
        sql << joint << condition_of(part, walked, row);
        joint = query.kind == Query::Kind::all_of ? " AND " : " OR ";
    }
    sql << ")";
    return sql;
}

/// The rows of all that the clauses may hold for, each once.
Sql walks_of(const std::vector<const Query*>& clauses, const RecordIndex& index) {
    Sql sql;
    std::string_view joint = clauses.size() == 1 ? "SELECT DISTINCT " : "SELECT ";
    for (const Query* clause : clauses) {
        const auto term = make_term(*clause);
        const auto walk = term ? walk_of(*term, index) : std::nullopt;
        if (walk) {
            sql << joint << walk->from << walk->whole;
        } else {
            sql << joint << "0 AS row WHERE 0";
        }
        joint = " UNION SELECT ";
    }
    return sql;
}

void matches_function(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
    auto* pattern = static_cast<TextPattern*>(sqlite3_get_auxdata(context, 0));
    std::unique_ptr<TextPattern> made;
    const auto text_of_value = [](sqlite3_value* value) {
        const auto* data = static_cast<const char*>(sqlite3_value_blob(value));
        const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
        return data == nullptr ? std::string_view{} : std::string_view{data, size};
    };
    if (pattern == nullptr) {
        made = std::make_unique<TextPattern>(TextPattern::from_tokens(text_of_value(values[0])));
        pattern = made.get();
    }
    sqlite3_result_int(context, pattern->matches(text_of_value(values[1])) ? 1 : 0);
    if (made) {
        sqlite3_set_auxdata(
            context, 0, made.release(), [](void* kept) { delete static_cast<TextPattern*>(kept); });
    }
}

void guid_function(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
    Guid guid;
    const auto* data = static_cast<const std::byte*>(sqlite3_value_blob(values[0]));
    const auto size = static_cast<std::size_t>(sqlite3_value_bytes(values[0]));
    std::copy_n(data, std::min(size, guid.bytes.size()), guid.bytes.begin());
    const std::string text = to_string(guid);
    sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

} // namespace

int add_search_functions(sqlite3* db) {
    constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    const int code = sqlite3_create_function_v2(
        db, "kith_matches", 2, kFlags, nullptr, matches_function, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return code;
    return sqlite3_create_function_v2(
        db, "kith_guid", 1, kFlags, nullptr, guid_function, nullptr, nullptr, nullptr);
}

StoreResult<std::vector<RecordId>> search_sqlite(
    sqlite3* db, const RecordIndex& index, const Query& query, PeerTime now, std::size_t limit) {
    // Walking every record in the order of creation, until enough are found, is never worse than
    // walking a third of them in another order.
    const auto cap = static_cast<std::int64_t>(index.size() / 3 + 64);
    const auto plan = Planner(db, index).plan(query, cap);
    if (!plan) return std::unexpected(plan.error());
    Sql sql;
    if (plan->cost < cap) {
        const Query* walked = plan->clauses.size() == 1 ? plan->clauses.front() : nullptr;
        sql << "SELECT r.id FROM (" << walks_of(plan->clauses, index)
            << ") w CROSS JOIN record r ON r.row=w.row WHERE "
            << condition_of(query, walked, "w.row"); // asked before the record is read
    } else {
        sql << "SELECT r.id FROM record r INDEXED BY record_by_created WHERE "
            << condition_of(query, nullptr, "r.row");
    }
    sql << " AND r.flags&1=0 AND r.expires>=" << SqlValue(sql_time(now))
        << " ORDER BY r.created, r.id LIMIT "
        << SqlValue(static_cast<std::int64_t>(
               std::min<std::size_t>(limit, std::numeric_limits<std::int32_t>::max())));
    auto statement = prepare_bound(db, sql);
    if (!statement) return std::unexpected(statement.error());
    std::vector<RecordId> ids;
    int code = statement->step();
    for (; code == SQLITE_ROW; code = statement->step()) {
        const ByteView bytes = statement->blob(0);
        RecordId id;
        if (bytes.size() != id.bytes.size()) return std::unexpected(StoreErrc::corrupt);
        std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
        ids.push_back(id);
    }
    if (code != SQLITE_DONE) return std::unexpected(store_errc(db, code));
    return ids;
}

} // namespace kith::store
