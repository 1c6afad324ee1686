// `kith identity ...`

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/render.hpp"
#include "identity/document.hpp"

#include <fmt/format.h>
#include <utility>

namespace kith::cli {

namespace {

constexpr std::string_view kPassphraseOption =
    "--passphrase-file FILE, or keep the key in clear with --no-passphrase";

Json body_text(std::string_view text) {
    return Json(std::string(text));
}

// What protects a key that is about to be stored: a string, or null for a key in clear.
std::expected<Json, Failure> stored_passphrase(
    const SecretSource& source, const std::string& name, const std::string& terminal_path) {
    if (source.kind == SecretSource::Kind::none) return Json(nullptr);
    const auto secret = ask_new_secret(
        source,
        {.what = "passphrase", .for_whom = name, .option = kPassphraseOption},
        terminal_path);
    if (!secret) return std::unexpected(secret.error());
    return body_text(secret->view());
}

// Asked before the user types a secret: it would be typed in vain.
std::expected<void, Failure> check_creatable(const Session& session, const std::string& name) {
    const auto found = session.get(identity_target(name));
    if (found) {
        return failed(
            fmt::format("there is an identity {} already; see: kith identity show {}", name, name));
    }
    // A refusal means that the daemon is there; whether it likes the name is the request's matter.
    if (found.error().document.is_null()) return std::unexpected(found.error());
    return {};
}

Result changed(const Session& session, Json identity, std::string_view headline) {
    std::string text = session.headline(headline) + render_identity(identity, session.page());
    return Done{std::move(identity), std::move(text)};
}

Result post(const Session& session, std::string target, Json body, std::string_view headline) {
    auto identity = session.call(
        {.method = Method::post,
         .target = std::move(target),
         .body = std::move(body),
         .time_max = kKeyTimeMax},
        "asking kithd");
    if (!identity) return std::unexpected(identity.error());
    return changed(session, std::move(*identity), headline);
}

} // namespace

Result execute(const Session& session, const IdentityCreate& command) {
    if (command.passphrase.kind == SecretSource::Kind::prompt) {
        if (const auto free = check_creatable(session, command.name); !free) {
            return std::unexpected(free.error());
        }
    }
    auto passphrase =
        stored_passphrase(command.passphrase, command.name, session.env().terminal_path);
    if (!passphrase) return std::unexpected(passphrase.error());
    Json body{{"name", command.name}, {"classifier", command.classifier}};
    if (command.profile) body["profile"] = *command.profile;
    body["passphrase"] = std::move(*passphrase);
    return post(session, "/v1/identities", std::move(body), "created");
}

Result execute(const Session& session, const IdentityList& /*command*/) {
    auto identities = session.get("/v1/identities");
    if (!identities) return std::unexpected(identities.error());
    std::string text = render_identities(*identities, session.page());
    return Done{std::move(*identities), std::move(text)};
}

Result execute(const Session& session, const IdentityShow& command) {
    auto identity = session.get(identity_target(command.name));
    if (!identity) return std::unexpected(identity.error());
    std::string text = render_identity(*identity, session.page());
    return Done{std::move(*identity), std::move(text)};
}

Result execute(const Session& session, const IdentityRename& command) {
    return post(
        session,
        identity_target(command.name) + "/rename",
        Json{{"name", command.new_name}},
        fmt::format("renamed from {}", command.name));
}

Result execute(const Session& session, const IdentityDefault& command) {
    return post(
        session,
        identity_target(command.name) + "/default",
        nullptr,
        "this is the default identity now");
}

Result execute(const Session& session, const IdentityExport& command) {
    const std::string& terminal = session.env().terminal_path;
    if (const auto good = session.check_output(command.out); !good) {
        return std::unexpected(good.error());
    }
    if (!command.force) {
        if (const auto free = check_free(command.out); !free) {
            return std::unexpected(free.error());
        }
    }
    auto identity = session.get(identity_target(command.name));
    if (!identity) return std::unexpected(identity.error());

    Json body{{"password", nullptr}, {"passphrase", nullptr}};
    // A file that was named is sent even where no passphrase is needed: the daemon says what it is.
    if (flag_of(*identity, "protected") || command.passphrase.kind == SecretSource::Kind::file) {
        const auto passphrase = ask_secret(
            command.passphrase,
            {.what = "passphrase", .for_whom = command.name, .option = "--passphrase-file FILE"},
            terminal);
        if (!passphrase) return std::unexpected(passphrase.error());
        body["passphrase"] = body_text(passphrase->view());
    }
    const auto password = ask_new_secret(
        command.password,
        {.what = "password", .for_whom = command.out, .option = "--password-file FILE"},
        terminal);
    if (!password) return std::unexpected(password.error());
    body["password"] = body_text(password->view());

    const auto answer = session.call(
        {.method = Method::post,
         .target = identity_target(command.name) + "/export",
         .body = std::move(body),
         .time_max = kKeyTimeMax},
        "exporting");
    if (!answer) return std::unexpected(answer.error());
    const std::string document = text_of(*answer, "document");
    if (document.empty()) return failed("kithd answered without a document; nothing was written");
    const auto written = write_private_file(
        command.out, document, command.force ? Existing::replace : Existing::refuse);
    if (!written) return std::unexpected(written.error());
    if (command.out == kStandardOutput) return Done{nullptr, {}};
    std::string text = session.headline(
        fmt::format("exported {} to {}, protected by the password", command.name, command.out));
    return Done{std::move(*identity), std::move(text)};
}

Result execute(const Session& session, const IdentityImport& command) {
    const std::string& terminal = session.env().terminal_path;
    const auto document = read_file(command.file, identity::kDocumentSizeMax);
    if (!document) return std::unexpected(document.error());
    if (command.name) {
        if (const auto free = check_creatable(session, *command.name); !free) {
            return std::unexpected(free.error());
        }
    } else if (const auto running = session.get("/v1/identities"); !running) {
        return std::unexpected(running.error());
    }
    const auto password = ask_secret(
        command.password,
        {.what = "password", .for_whom = command.file, .option = "--password-file FILE"},
        terminal);
    if (!password) return std::unexpected(password.error());
    auto passphrase =
        stored_passphrase(command.passphrase, command.name.value_or("the identity"), terminal);
    if (!passphrase) return std::unexpected(passphrase.error());

    Json body{{"document", *document}};
    body["password"] = body_text(password->view());
    body["name"] = command.name ? Json(*command.name) : Json(nullptr);
    body["passphrase"] = std::move(*passphrase);
    return post(session, "/v1/identities/import", std::move(body), "imported");
}

Result execute(const Session& session, const IdentityCard& command) {
    if (const auto good = session.check_output(command.out); !good) {
        return std::unexpected(good.error());
    }
    std::string name = command.name.value_or("");
    if (!command.name) {
        const auto identities = session.get("/v1/identities");
        if (!identities) return std::unexpected(identities.error());
        for (const Json& identity : list_of(*identities, "identities")) {
            if (flag_of(identity, "default")) name = text_of(identity, "name");
        }
        if (name.empty()) return failed("there is no default identity; name one");
    }
    auto card = session.get(identity_target(name) + "/card");
    if (!card) return std::unexpected(card.error());
    const std::string document = text_of(*card, "document");
    if (document.empty()) return failed("kithd answered without a card; nothing was written");
    std::string headline = fmt::format("the card of {}", name);
    if (command.out) {
        const auto written = write_plain_file(*command.out, document);
        if (!written) return std::unexpected(written.error());
        if (*command.out == kStandardOutput) return Done{nullptr, {}};
        headline += fmt::format(", written to {}", *command.out);
    }
    std::string text = session.headline(headline) + render_card(*card, session.page());
    if (!command.out) text += "\n" + document;
    return Done{std::move(*card), std::move(text)};
}

Result execute(const Session& session, const IdentityDelete& command) {
    if (!command.yes) {
        const auto identity = session.get(identity_target(command.name));
        if (!identity) return std::unexpected(identity.error());
        auto terminal = Terminal::open(session.env().terminal_path);
        if (!terminal) return misused("no terminal to ask on; say that you mean it with --yes");
        const auto sure = terminal->confirm(fmt::format(
            "Delete {} ({}) and its key for good? [y/N] ",
            command.name,
            text_of(*identity, "peer_name")));
        if (!sure) return std::unexpected(sure.error());
        if (!*sure) return failed("nothing was deleted");
    }
    auto gone = session.call(
        {.method = Method::remove, .target = identity_target(command.name)}, "asking kithd");
    if (!gone) return std::unexpected(gone.error());
    return changed(session, std::move(*gone), "deleted");
}

} // namespace kith::cli
