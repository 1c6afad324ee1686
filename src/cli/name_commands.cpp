// `kith name ...`

#include "cli/commands.hpp"
#include "cli/complaint.hpp"
#include "cli/files.hpp"
#include "cli/render.hpp"
#include "identity/document.hpp"
#include "pnrp/limits.hpp"

#include <fmt/format.h>
#include <utility>

namespace kith::cli {

namespace {

/// What an answer to a resolve may take beyond the resolve's own time.
constexpr std::chrono::milliseconds kResolveAnswerMargin{5'000};

// The request but for its passphrase: asking for that may be needed, and then it is sent again.
std::expected<Json, Failure> publish_body(const NamePublish& command) {
    Json payload = nullptr;
    if (command.payload) {
        const auto bytes = read_file(*command.payload, pnrp::kPayloadBytesMax);
        if (!bytes) return std::unexpected(bytes.error());
        if (bytes->empty()) return misused("the payload is empty; leave --payload out instead");
        payload = to_base64(*bytes);
    }
    Json delegation = nullptr;
    if (command.delegation) {
        const auto document = read_file(*command.delegation, identity::kDocumentSizeMax);
        if (!document) return std::unexpected(document.error());
        delegation = *document;
    }
    Json body{{"classifier", command.classifier}};
    body["identity"] = command.identity ? Json(*command.identity) : Json(nullptr);
    body["unsecured"] = command.unsecured;
    body["addresses"] = command.addresses;
    body["comment"] = command.comment;
    body["payload_base64"] = std::move(payload);
    if (command.cloud) body["cloud"] = *command.cloud;
    if (command.delegation) body["delegation"] = std::move(delegation);
    body["passphrase"] = nullptr;
    return body;
}

std::expected<Json, Failure>
send(const Session& session, Json body, std::optional<std::string_view> passphrase) {
    if (passphrase) body["passphrase"] = std::string(*passphrase);
    return session.call(
        {.method = Method::post,
         .target = "/v1/names",
         .body = std::move(body),
         .time_max = kKeyTimeMax},
        "publishing");
}

std::expected<Secret, Failure> ask_passphrase(const Session& session, const NamePublish& command) {
    return ask_secret(
        command.passphrase,
        {.what = "passphrase",
         .for_whom = command.identity.value_or("the default identity"),
         .option = "--passphrase-file FILE"},
        session.env().terminal_path);
}

std::expected<Json, Failure> publish(const Session& session, const NamePublish& command) {
    const auto body = publish_body(command);
    if (!body) return std::unexpected(body.error());
    if (command.passphrase.kind == SecretSource::Kind::prompt) {
        // Only the daemon knows whether the key is protected, and whether it is open already.
        auto name = send(session, *body, std::nullopt);
        if (name || error_code_of(name.error().document) != "passphrase_needed") return name;
    }
    const auto passphrase = ask_passphrase(session, command);
    if (!passphrase) return std::unexpected(passphrase.error());
    return send(session, *body, passphrase->view());
}

Result with_headline(const Session& session, Json name, std::string_view headline) {
    std::string text = session.headline(headline) + render_name(name, session.page());
    return Done{std::move(name), std::move(text)};
}

std::expected<void, Failure> save_payload(const Json& resolution, const std::string& path) {
    const auto payload = bytes_of(resolution, "payload_base64");
    if (!payload) return failed("the name has no payload; nothing was written");
    return write_plain_file(path, *payload);
}

} // namespace

Result execute(const Session& session, const NamePublish& command) {
    auto name = publish(session, command);
    if (!name) return std::unexpected(name.error());
    const bool is_lost = name->contains("kept") && !flag_of(*name, "kept");
    auto done = with_headline(session, std::move(*name), "published");
    if (done && is_lost) {
        done->warning = "the disk refused to keep the name: it is published until kithd ends, and "
                        "publishing it again tries to keep it again";
    }
    return done;
}

Result execute(const Session& session, const NameDelegate& command) {
    if (const auto good = session.check_output(command.out); !good) {
        return std::unexpected(good.error());
    }
    if (!command.force) {
        if (const auto free = check_free(command.out); !free) {
            return std::unexpected(free.error());
        }
    }
    const auto card = read_file(command.card, identity::kDocumentSizeMax);
    if (!card) return std::unexpected(card.error());
    Json body{{"peer_name", command.peer_name}, {"card", *card}};
    body["lifetime_ms"] = command.lifetime.count();
    body["passphrase"] = nullptr;
    const auto post = [&](std::optional<std::string_view> passphrase) {
        Json sent = body; // the passphrase is in what is wiped
        if (passphrase) sent["passphrase"] = std::string(*passphrase);
        return session.call(
            {.method = Method::post,
             .target = "/v1/delegations",
             .body = std::move(sent),
             .time_max = kKeyTimeMax},
            "delegating");
    };
    // Only the daemon knows whether the key is protected.
    std::optional<std::expected<Json, Failure>> answer;
    if (command.passphrase.kind == SecretSource::Kind::prompt) answer = post(std::nullopt);
    const bool asks =
        !answer || (!*answer && error_code_of(answer->error().document) == "passphrase_needed");
    if (asks) {
        const auto passphrase = ask_secret(
            command.passphrase,
            {.what = "passphrase",
             .for_whom = command.peer_name,
             .option = "--passphrase-file FILE"},
            session.env().terminal_path);
        if (!passphrase) return std::unexpected(passphrase.error());
        answer = post(passphrase->view());
    }
    if (!*answer) return std::unexpected(answer->error());
    Json& delegation = **answer;
    const std::string document = text_of(delegation, "document");
    if (document.empty()) return failed("kithd answered without a document; nothing was written");
    const auto written = write_private_file(
        command.out, document, command.force ? Existing::replace : Existing::refuse);
    if (!written) return std::unexpected(written.error());
    if (command.out == kStandardOutput) return Done{nullptr, {}};
    std::string text = session.headline(fmt::format("delegated, written to {}", command.out)) +
                       render_delegation(delegation, session.page());
    return Done{std::move(delegation), std::move(text)};
}

Result execute(const Session& session, const NameUnpublish& command) {
    auto name = session.call(
        {.method = Method::remove, .target = "/v1/names/" + percent_encoded(command.peer_name)},
        "taking the name back");
    if (!name) return std::unexpected(name.error());
    return with_headline(session, std::move(*name), "no longer published");
}

Result execute(const Session& session, const NameList& /*command*/) {
    auto names = session.get("/v1/names");
    if (!names) return std::unexpected(names.error());
    std::string text = render_names(*names, session.page());
    return Done{std::move(*names), std::move(text)};
}

Result execute(const Session& session, const NameResolve& command) {
    using Which = NameResolve::Which;
    if (const auto good = session.check_output(command.payload_out); !good) {
        return std::unexpected(good.error());
    }
    Json body{{"peer_name", command.peer_name}};
    body["timeout_ms"] = command.timeout.count();
    if (command.cloud) body["cloud"] = *command.cloud;
    if (command.which != Which::first) {
        body["which"] = command.which == Which::all ? "all" : "nearest";
    }
    auto resolution = session.call(
        {.method = Method::post,
         .target = "/v1/resolve",
         .body = std::move(body),
         .time_max = command.timeout + kResolveAnswerMargin},
        "resolving");
    if (!resolution) return std::unexpected(resolution.error());
    if (command.payload_out) {
        const auto saved = save_payload(*resolution, *command.payload_out);
        if (!saved) return std::unexpected(saved.error());
        if (*command.payload_out == kStandardOutput) return Done{nullptr, {}};
    }
    if (command.which == Which::all) {
        std::string text = render_registrations(*resolution, session.page());
        return Done{std::move(*resolution), std::move(text)};
    }
    std::string text = render_resolution(*resolution, session.page());
    return Done{std::move(*resolution), std::move(text)};
}

} // namespace kith::cli
