#include "cli/arguments.hpp"

#include "base/argument_words.hpp"
#include "base/unicode.hpp"
#include "cli/argument_parts.hpp"
#include "cli/graph_arguments.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Error.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <kith_version.hpp>
#include <memory>
#include <string_view>
#include <utility>

namespace kith::cli {

namespace {

constexpr double kTimeoutSecondsMin = 0.1;
constexpr double kTimeoutSecondsMax = 300;

// Seconds as the user wrote them, or nothing. Not CLI11's own number: that takes "nan" and "0x1p4".
std::optional<std::chrono::milliseconds> parse_timeout(std::string_view text) {
    double seconds = 0;
    const char* begin = text.data();
    const char* end = begin + text.size();
    const auto [stop, error] = std::from_chars(begin, end, seconds, std::chars_format::fixed);
    // Written so that what is not a number is refused, too.
    const bool fits = seconds >= kTimeoutSecondsMin && seconds <= kTimeoutSecondsMax;
    if (error != std::errc{} || stop != end || !fits) return std::nullopt;
    return std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
}

std::optional<std::chrono::milliseconds> parse_lifetime(std::string_view text) {
    return parse_span(text, "hd", std::chrono::days(3650));
}

std::optional<ColorChoice> parse_color(std::string_view text) {
    if (text == "auto") return ColorChoice::automatic;
    if (text == "always") return ColorChoice::always;
    if (text == "never") return ColorChoice::never;
    return std::nullopt;
}

CLI::Option* add_secret_file(
    CLI::App& command, const char* option, const char* description, SecretSource& source) {
    return command.add_option(option, source.path, description)
        ->option_text("FILE")
        ->check(is_path())
        ->each([&source](const std::string&) { source.kind = SecretSource::Kind::file; });
}

// How the key is kept on this machine.
void add_stored_passphrase(CLI::App& command, SecretSource& source) {
    CLI::Option* clear = command.add_flag_callback(
        "--no-passphrase",
        [&source] { source = {.kind = SecretSource::Kind::none, .path = {}}; },
        "Keep the key in clear, in a file that only you can read");
    add_secret_file(
        command,
        "--passphrase-file",
        "Read the passphrase that protects the key from the first line of FILE",
        source)
        ->excludes(clear);
}

void add_opening_passphrase(CLI::App& command, SecretSource& source) {
    add_secret_file(
        command,
        "--passphrase-file",
        "Read the passphrase that opens the stored key from the first line of FILE",
        source);
}

void add_cloud_option(
    CLI::App& command, const char* description, std::optional<std::string>& cloud) {
    command.add_option("--cloud", cloud, description)->option_text("CLOUD")->check(is_name());
}

void add_identity_files(CLI::App& group, Command& chosen) {
    auto [save, saved] = add_command<IdentityExport>(
        group, "export", "Write an identity to a file, protected by a password", chosen);
    add_name(*save, "NAME", saved->name);
    add_file_option(
        *save, "--out", saved->out, "The file to write; only you will be able to read it")
        ->required();
    save->add_flag("--force", saved->force, "Replace the file if it exists");
    add_secret_file(
        *save,
        "--password-file",
        "Read the password that will protect the document from the first line of FILE",
        saved->password);
    add_opening_passphrase(*save, saved->passphrase);

    auto [load, loaded] =
        add_command<IdentityImport>(group, "import", "Take in an exported identity", chosen);
    load->add_option("FILE", loaded->file, "An exported document, or - for standard input")
        ->required()
        ->check(is_path());
    load->add_option("--name", loaded->name, "Name it so here, not as it was named there")
        ->option_text("NAME")
        ->check(is_name());
    add_secret_file(
        *load,
        "--password-file",
        "Read the password that protects the document from the first line of FILE",
        loaded->password);
    add_stored_passphrase(*load, loaded->passphrase);
}

void add_identity_commands(CLI::App& root, Command& chosen) {
    CLI::App& group = add_group(root, "identity", "Keys that own names");

    auto [create, created] =
        add_command<IdentityCreate>(group, "create", "Make a new identity", chosen);
    create->add_option("NAME", created->name, "What to call it on this machine")
        ->required()
        ->check(is_name());
    create->add_option("--classifier", created->classifier, "The classifier of its own peer name")
        ->option_text("TEXT")
        ->check(is_text());
    create->add_option("--profile", created->profile, "For which names; else those of kithd")
        ->option_text("modern|windows")
        ->check(make_check("must be modern or windows", [](const std::string& text) {
            return text == "modern" || text == "windows";
        }));
    add_stored_passphrase(*create, created->passphrase);

    add_command<IdentityList>(group, "list", "List your identities", chosen);
    add_command_of_one(group, "show", "Show one identity", &IdentityShow::name, chosen);

    auto [rename, renamed] =
        add_command<IdentityRename>(group, "rename", "Call an identity otherwise", chosen);
    add_name(*rename, "NAME", renamed->name);
    add_name(*rename, "NEW", renamed->new_name);

    add_identity_files(group, chosen);

    auto [remove, removed] =
        add_command<IdentityDelete>(group, "delete", "Destroy an identity and its key", chosen);
    add_name(*remove, "NAME", removed->name);
    remove->add_flag("--yes", removed->yes, "Do not ask");

    add_command_of_one(
        group, "default", "Use an identity where none is given", &IdentityDefault::name, chosen);

    auto [card, carded] =
        add_command<IdentityCard>(group, "card", "What to hand to others: no secret", chosen);
    card->add_option("NAME", carded->name, "Else the default identity")->check(is_name());
    add_file_option(*card, "--out", carded->out, "Write the card to FILE");
}

void add_publish(CLI::App& group, Command& chosen) {
    auto [publish, values] = add_command<NamePublish>(
        group, "publish", "Publish a name, or change what is published with it", chosen);
    publish->add_option("CLASSIFIER", values->classifier, "The name's part after the authority")
        ->required()
        ->check(is_text());
    CLI::Option* unsecured = publish->add_flag(
        "--unsecured", values->unsecured, "Publish 0.CLASSIFIER, which no key owns");
    publish->add_option("--identity", values->identity, "Owner of the name; else the default one")
        ->option_text("NAME")
        ->check(is_name())
        ->excludes(unsecured);
    publish
        ->add_option(
            "--address",
            values->addresses,
            "Where the service is; may be repeated; else this node's own addresses")
        ->option_text("IP:PORT/PROTO")
        ->check(is_name())
        ->allow_extra_args(false);
    publish->add_option("--comment", values->comment, "A line for people")
        ->option_text("TEXT")
        ->check(is_text());
    add_file_option(
        *publish, "--payload", values->payload, "Publish the bytes of FILE (- reads them)");
    add_cloud_option(*publish, "Publish in this cloud only, not in every one", values->cloud);
    add_file_option(
        *publish,
        "--delegation",
        values->delegation,
        "Publish a name of somebody else, who gave FILE")
        ->excludes(unsecured);
    add_opening_passphrase(*publish, values->passphrase);
}

void add_delegate(CLI::App& group, Command& chosen) {
    auto [delegate, values] = add_command<NameDelegate>(
        group, "delegate", "Let another identity publish one of your names", chosen);
    delegate->add_option("PEERNAME", values->peer_name, "The name, owned by an identity here")
        ->required()
        ->check(is_name());
    delegate->add_option("--to", values->card, "The card of the other identity")
        ->option_text("CARD")
        ->required()
        ->check(is_path());
    add_file_option(*delegate, "--out", values->out, "The file to write, for the other side")
        ->required();
    add_parsed<parse_lifetime>(
        *delegate,
        "--expires",
        "For how long: days (30d, the default) or hours (12h), 10 years at most",
        {"TIME", "must be 1h to 3650d, as in 30d or 12h"},
        [target = values](std::chrono::milliseconds lifetime) { target->lifetime = lifetime; });
    delegate->add_flag("--force", values->force, "Replace the file if it exists");
    add_opening_passphrase(*delegate, values->passphrase);
}

void add_name_commands(CLI::App& root, Command& chosen) {
    CLI::App& group = add_group(root, "name", "Publish and resolve peer names");
    add_publish(group, chosen);
    add_delegate(group, chosen);
    add_command_of_one(group, "unpublish", "Take a name back", &NameUnpublish::peer_name, chosen);
    add_command<NameList>(group, "list", "List the names that this node publishes", chosen);

    auto [resolve, values] =
        add_command<NameResolve>(group, "resolve", "Find out what a name stands for", chosen);
    resolve->add_option("PEERNAME", values->peer_name, "A peer name or its host name")
        ->required()
        ->check(is_name());
    add_parsed<parse_timeout>(
        *resolve,
        "--timeout",
        "Give up after so long (0.1 to 300; default 10)",
        {"SECONDS", "must be 0.1 to 300 seconds"},
        [target = values](std::chrono::milliseconds timeout) { target->timeout = timeout; });
    add_cloud_option(*resolve, "Ask this cloud only, not every one", values->cloud);
    CLI::Option* payload_out = add_file_option(
        *resolve, "--payload-out", values->payload_out, "Write the payload's bytes to FILE");
    const auto choose = [target = values](NameResolve::Which which) {
        return [target, which] { target->which = which; };
    };
    CLI::Option* all = resolve->add_flag_callback(
        "--all",
        choose(NameResolve::Which::all),
        "Every registration, where several nodes publish the name");
    resolve
        ->add_flag_callback(
            "--nearest",
            choose(NameResolve::Which::nearest),
            "The nearest registration, where several nodes publish the name")
        ->excludes(all);
    all->excludes(payload_out); // of several, whose?
}

void add_cloud_commands(CLI::App& root, Command& chosen) {
    CLI::App& group = add_group(root, "cloud", "The clouds that this node takes part in");
    add_command<CloudList>(group, "list", "List the clouds", chosen);
    add_command_of_one(
        group, "status", "Show a cloud and its counters", &CloudStatus::cloud, chosen);
    add_command_of_one(
        group, "peers", "List the nodes known in a cloud", &CloudPeers::cloud, chosen);
}

void add_global_options(CLI::App& root, Invocation& invocation) {
    root.add_option("--api", invocation.api, "Where kithd listens (else $KITH_API)")
        ->option_text("SOCKET");
    root.add_flag("--json", invocation.json, "Print the API's JSON document");
    add_parsed<parse_color>(
        root,
        "--color",
        "Colours in the output; default auto: on a terminal, without NO_COLOR",
        {"auto|always|never", "must be auto, always or never"},
        [&invocation](ColorChoice color) { invocation.color = color; });
    root.set_version_flag("--version", fmt::format("kith {} ({})", kKithVersion, kKithCommit));
}

// What the embedded node is told, in the words of kithd's own command line, which judges them.
void add_embedded_options(CLI::App& root, EmbeddedOptions& options, bool& is_embedded) {
    CLI::Option* embedded = root.add_flag(
        "--embedded", is_embedded, "Without kithd: run a node for this command alone");
    struct Passed {
        const char* name;
        const char* text;
        const char* description;
    };
    static constexpr Passed kOnce[] = {
        {"--data", "DIR", "With --embedded: the folder of the identities"},
        {"--config", "FILE", "With --embedded: kithd's configuration file"},
        {"--profile", "modern|windows", "With --embedded: which names there are"},
    };
    static constexpr Passed kOften[] = {
        {"--seed", "HOST[:PORT]", "With --embedded: a node to begin with; may be repeated"},
        {"--listen", "ADDRESS:PORT", "With --embedded: where to listen; may be repeated"},
        {"--cloud", "NAME", "With --embedded, before the command: the clouds to take part in"},
    };
    const auto add = [&](const Passed& passed) {
        return root.add_option(passed.name)
            ->description(passed.description)
            ->option_text(passed.text)
            ->needs(embedded)
            ->expected(1)
            ->each([&options, name = passed.name](const std::string& text) {
                options.words.emplace_back(name);
                options.words.push_back(text);
            });
    };
    for (const Passed& passed : kOnce)
        add(passed);
    for (const Passed& passed : kOften)
        add(passed)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    root.add_flag_callback(
            "--no-ssdp",
            [&options] { options.words.emplace_back("--no-ssdp"); },
            "With --embedded: do not search on the link")
        ->option_text(" ")
        ->needs(embedded);
}

// The command that the user was writing when it went wrong: "kith identity create".
std::string innermost_command(const CLI::App& root) {
    std::string words = root.get_name();
    const CLI::App* app = &root;
    while (!app->get_subcommands().empty()) {
        app = app->get_subcommands().front();
        words += " " + app->get_name();
    }
    return words;
}

// What is wrong, without CLI11's own way of saying it where that is unclear.
std::string complaint_of(const CLI::ParseError& error, const CLI::App& root) {
    const std::vector<std::string> strangers = root.remaining(true);
    const bool lacks_command =
        error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) &&
        std::string_view(error.what()).contains("subcommand");
    const bool has_extras = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
    if (!strangers.empty() && (lacks_command || has_extras)) {
        const std::string first = strangers.front().empty() ? "\"\"" : strangers.front();
        if (first.starts_with('-')) return fmt::format("there is no option {}", first);
        return lacks_command ? fmt::format("there is no command {}", first)
                             : fmt::format("{} is one argument too many", first);
    }
    if (lacks_command) return "a command is missing";
    const std::string_view what = error.what();
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ArgumentMismatch)) {
        return fmt::format("{} takes exactly one value", what.substr(0, what.find(':')));
    }
    return std::string(what);
}

} // namespace

std::expected<std::variant<Invocation, Information>, Failure>
parse_arguments(std::span<const std::string> arguments) {
    Invocation invocation;
    CLI::App root("Names and shared data without servers.", "kith");
    root.require_subcommand(1);
    root.footer("Global options may stand before or after a command: --api, --json, --color.\n"
                "Every command has its own --help. Everything goes through kithd, or with "
                "--embedded\nthrough a node that lives as long as the command.");
    add_global_options(root, invocation);
    EmbeddedOptions embedded_options;
    bool is_embedded = false;
    add_embedded_options(root, embedded_options, is_embedded);
    add_command<DaemonStatus>(root, "status", "Show the daemon and its clouds", invocation.command);
    add_name_commands(root, invocation.command);
    add_identity_commands(root, invocation.command);
    add_cloud_commands(root, invocation.command);
    add_graph_commands(root, invocation.command);
    try {
        auto words = split_empty_values({arguments.begin(), arguments.end()});
        std::ranges::reverse(words); // CLI11 takes them last first
        root.parse(std::move(words));
    } catch (const CLI::CallForHelp&) {
        return Information{root.help()};
    } catch (const CLI::CallForVersion& version) {
        return Information{std::string(version.what()) + "\n"};
    } catch (const CLI::ParseError& error) {
        return misused(
            fmt::format("{}; see: {} --help", complaint_of(error, root), innermost_command(root)));
    }
    if (is_embedded && invocation.api) {
        return misused("--api is where kithd listens, and --embedded is for doing without it");
    }
    if (is_embedded) invocation.embedded = std::move(embedded_options);
    return invocation;
}

} // namespace kith::cli
