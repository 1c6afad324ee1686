#include "cli/graph_arguments.hpp"

#include "base/unicode.hpp"
#include "cli/argument_parts.hpp"

#include <CLI/App.hpp>
#include <CLI/Error.hpp>
#include <CLI/Validators.hpp>
#include <charconv>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <utility>

namespace kith::cli {

namespace {

std::optional<std::chrono::milliseconds> parse_time(const std::string& text) {
    return parse_span(text);
}

// Sets `member` of the command's values.
template<class T, class Span>
void add_span(
    CLI::App& command,
    const char* option,
    const char* description,
    const std::shared_ptr<T>& values,
    Span T::* member) {
    add_parsed<parse_time>(
        command,
        option,
        description,
        {"TIME", "must be a number and a unit, as in 90s, 10m, 1h or 30d (366d at most)"},
        [values, member](std::chrono::milliseconds span) { (*values).*member = span; });
}

template<class T>
void add_timeout(CLI::App& command, const std::shared_ptr<T>& values) {
    add_span(
        command,
        "--timeout",
        "How long to wait for a graph that is not synchronized yet (default 30s)",
        values,
        &T::timeout);
}

CLI::Option* add_graph(CLI::App& command, std::string& graph) {
    return command.add_option("GRAPH", graph, "The name of the graph")
        ->required()
        ->check(is_name());
}

CLI::Option* add_type(CLI::App& command, std::string& type) {
    return command.add_option("--type", type, "A word, or a GUID")
        ->option_text("TYPE")
        ->check(is_name());
}

void add_attributes(CLI::App& command, std::vector<std::string>& attributes) {
    command
        .add_option(
            "--attr", attributes, "An attribute; may be repeated; types: string, int and date")
        ->option_text("NAME[:TYPE]=VALUE")
        ->check(is_name())
        ->allow_extra_args(false);
}

template<class T>
void add_id(CLI::App& command, const std::shared_ptr<T>& values) {
    command.add_option("ID", values->id, "The id of the record")->required()->check(is_name());
    command.add_option("--graph", values->graph, "In this graph; else in the one that has it")
        ->option_text("GRAPH")
        ->check(is_name());
}

void add_wish(CLI::App& command, GraphWish& wish) {
    command.add_option("NAME", wish.name, "The same for all who take part")
        ->required()
        ->check(is_name());
    command.add_option("--node-name", wish.node_name, "What others see this node called")
        ->option_text("TEXT")
        ->check(is_text());
    command.add_option("--peer-id", wish.peer_id, "The id of this node in the graph")
        ->option_text("TEXT")
        ->check(is_text());
    command.add_flag(
        "--relaxed", wish.is_relaxed, "Do not wait for the disk: the last changes may be lost");
    command.add_flag("--in-memory", wish.in_memory, "Keep nothing on the disk");
    command.add_flag("--no-listen", wish.never_listens, "Let nobody connect to this node");
    command.add_flag("--no-names", wish.uses_no_names, "Neither publish nor look for members");
    command.add_flag("--published-only", wish.published_only, "Speak the published protocol only");
    command.add_flag(
        "--published-rules",
        wish.published_rules,
        "Record rules that Windows shares; the same for all who take part");
    command.add_option("--sync-first", wish.sync_first, "A record type to fetch before others")
        ->option_text("TYPE")
        ->check(is_name())
        ->allow_extra_args(false);
}

void add_quotas(CLI::App& command, GraphCreate& values) {
    const auto is_quota = [](CLI::Option* option, const char* unit, auto most) {
        option->option_text(unit)->check(CLI::Range(decltype(most){1}, most));
    };
    constexpr auto kRecordsMost = std::numeric_limits<std::uint32_t>::max();
    constexpr std::uint64_t kBytesMost = std::uint64_t{1} << 62U;
    is_quota(
        command.add_option("--max-records", values.records_max, "Records of the graph, for good"),
        "COUNT",
        kRecordsMost);
    is_quota(
        command.add_option(
            "--max-records-each", values.records_each_max, "Records of one creator, for good"),
        "COUNT",
        kRecordsMost);
    is_quota(
        command.add_option(
            "--max-bytes-each", values.bytes_each_max, "Bytes of one creator, for good"),
        "BYTES",
        kBytesMost);
}

void add_graph_group(CLI::App& root, Command& chosen) {
    CLI::App& group = add_group(root, "graph", "Shared databases of records");
    auto [create, created] = add_command<GraphCreate>(group, "create", "Found a graph", chosen);
    add_wish(*create, created->wish);
    create->add_option("--title", created->title, "What the graph is called")
        ->option_text("TEXT")
        ->check(is_text());
    create->add_option("--comment", created->comment, "A line for people")
        ->option_text("TEXT")
        ->check(is_text());
    create->add_option("--scope", created->scope, "How far it reaches; default global")
        ->option_text("global|site|link")
        ->check(make_check("must be global, site or link", [](const std::string& text) {
            return text == "global" || text == "site" || text == "link";
        }));
    add_quotas(*create, *created);

    auto [open, opened] =
        add_command<GraphOpen>(group, "open", "Take part in a graph that exists", chosen);
    add_wish(*open, opened->wish);

    auto [connect, connected] =
        add_command<GraphConnect>(group, "connect", "Connect to a member of a graph", chosen);
    add_name(*connect, "NAME", connected->name);
    connect->add_option("--to", connected->to, "Where a member listens")
        ->option_text("IP:PORT")
        ->required()
        ->check(is_name());
    add_span(
        *connect,
        "--timeout",
        "How long to wait for the connection and until the graph is synchronized (default 30s)",
        connected,
        &GraphConnect::timeout);

    add_command_of_one(
        group, "close", "Leave a graph; its records stay", &GraphClose::name, chosen);
    auto [remove, removed] =
        add_command<GraphDelete>(group, "delete", "Leave a graph, and forget its records", chosen);
    add_name(*remove, "NAME", removed->name);
    remove->add_flag("--yes", removed->yes, "Do not ask");
    add_command<GraphList>(group, "list", "List the graphs that are open", chosen);
    add_command_of_one(group, "status", "Show one graph", &GraphStatus::name, chosen);
    add_command_of_one(
        group,
        "digest",
        "Print a digest of the records: equal databases have equal ones",
        &GraphDigest::name,
        chosen);
    add_command_of_one(group, "nodes", "List who takes part", &GraphNodes::name, chosen);
    add_command_of_one(
        group, "neighbours", "List the links of this node", &GraphNeighbours::name, chosen);
}

void add_changing_records(CLI::App& group, Command& chosen) {
    auto [add, added] = add_command<RecordAdd>(group, "add", "Add a record", chosen);
    add_graph(*add, added->graph);
    add_type(*add, added->type)->required();
    add_attributes(*add, added->attributes);
    add->add_option("FILE", added->file, "The payload, or - for standard input; else it is empty")
        ->check(is_path());
    add_span(*add, "--expires", "For how long (default 30d)", added, &RecordAdd::lifetime);
    add->add_flag("--refresh", added->refreshes, "Renew it as long as this kithd runs");
    add_timeout(*add, added);

    auto [update, updated] = add_command<RecordUpdate>(
        group, "update", "Change a record; what is not given stays", chosen);
    add_id(*update, updated);
    add_attributes(*update, updated->attributes);
    update->add_flag("--no-attrs", updated->clears_attributes, "Take all attributes away");
    update->add_option("FILE", updated->file, "The new payload, or - for standard input")
        ->check(is_path());
    add_span(
        *update,
        "--expires",
        "From now on; never earlier than before",
        updated,
        &RecordUpdate::lifetime);
    add_timeout(*update, updated);

    auto [remove, removed] = add_command<RecordDelete>(group, "delete", "Delete a record", chosen);
    add_id(*remove, removed);
    add_timeout(*remove, removed);
}

void add_archives(CLI::App& group, Command& chosen) {
    auto [save, saved] = add_command<RecordExport>(
        group, "export", "Write all records of a graph to a file", chosen);
    add_graph(*save, saved->graph);
    save->add_option("FILE", saved->file, "The file to write, or - for standard output")
        ->required()
        ->check(is_path());
    save->add_flag("--force", saved->force, "Replace the file if it exists");
    add_timeout(*save, saved);

    auto [load, loaded] = add_command<RecordImport>(
        group, "import", "Take in what export wrote; the newer of two records stays", chosen);
    add_graph(*load, loaded->graph);
    load->add_option("FILE", loaded->file, "What export wrote, or - for standard input")
        ->required()
        ->check(is_path());
}

void add_record_group(CLI::App& root, Command& chosen) {
    CLI::App& group = add_group(root, "record", "The records of graphs");
    add_changing_records(group, chosen);
    add_archives(group, chosen);

    auto [get, got] = add_command<RecordGet>(group, "get", "Show a record", chosen);
    add_id(*get, got);
    add_file_option(
        *get, "--payload-out", got->payload_out, "Write the payload to FILE (- prints it)");
    add_timeout(*get, got);

    const auto is_limit = [](CLI::Option* option) {
        option->option_text("COUNT")->check(CLI::Range(1U, 100'000U));
    };
    auto [list, listed] = add_command<RecordList>(group, "list", "List records", chosen);
    add_graph(*list, listed->graph);
    list->add_option("--type", listed->type, "Of this type only")
        ->option_text("TYPE")
        ->check(is_name());
    list->add_option("--creator", listed->creator, "Of this peer only")
        ->option_text("PEER")
        ->check(is_name());
    is_limit(list->add_option("--limit", listed->limit, "At most so many (default 1000)"));
    list->add_flag("--newest", listed->newest_first, "The newest first");
    add_timeout(*list, listed);

    auto [search, searched] = add_command<RecordSearch>(
        group, "search", "Find records: name=alice and age>30, or a <peersearch>", chosen);
    add_graph(*search, searched->graph);
    add_name(*search, "QUERY", searched->query);
    is_limit(search->add_option("--limit", searched->limit, "At most so many (default 1000)"));
    add_timeout(*search, searched);
}

void add_streams(CLI::App& root, Command& chosen) {
    auto [watch, watched] =
        add_command<Watch>(root, "watch", "Print every event of a graph as it happens", chosen);
    add_graph(*watch, watched->graph);
    watch->add_option("--type", watched->types, "Of records of this type only; may be repeated")
        ->option_text("TYPE")
        ->check(is_name())
        ->allow_extra_args(false);

    auto [send, sent] = add_command<Send>(
        root, "send", "Exchange streams of bytes with another node of a graph", chosen);
    add_graph(*send, sent->graph);
    send->add_option("--node", sent->node, "Which node (kith graph nodes)")
        ->option_text("ID")
        ->check(is_name());
    send->add_flag("--accept", sent->accepts, "Wait for the other node to connect");
    send->add_option("FILE", sent->file, "What to send; else standard input")->check(is_path());
    add_file_option(*send, "--out", sent->out, "Write what comes to FILE, not to standard output");

    auto [chat, chatted] = add_command<Chat>(root, "chat", "Talk with who is in a graph", chosen);
    add_graph(*chat, chatted->graph);
    chat->add_option("--as", chatted->nick, "Your name there; else that of your account")
        ->option_text("NAME")
        ->check(is_name());
    chat->add_option("--last", chatted->last, "How many messages of before to show (default 20)")
        ->option_text("COUNT")
        ->check(CLI::Range(0U, 1000U));
    add_span(
        *chat, "--expires", "How long your messages stay (default 7d)", chatted, &Chat::lifetime);
    add_timeout(*chat, chatted);
}

} // namespace

std::optional<std::chrono::milliseconds> parse_span(std::string_view text) {
    return parse_span(text, "smhd", std::chrono::days(366));
}

bool is_about_graphs(const Command& command) {
    // Theirs are the last ones of the variant.
    return command.index() > Command(DaemonStatus{}).index();
}

void add_graph_commands(CLI::App& root, Command& chosen) {
    add_graph_group(root, chosen);
    add_record_group(root, chosen);
    add_streams(root, chosen);
}

} // namespace kith::cli
