// `kith chat`: records of the type `chat`, and presence.

#include "cli/complaint.hpp"
#include "cli/event_lines.hpp"
#include "cli/graph_commands.hpp"
#include "cli/graph_render.hpp"
#include "cli/interrupt.hpp"
#include "cli/standard_output.hpp"
#include "cli/terminal_text.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <map>
#include <set>
#include <utility>

namespace kith::cli {

namespace {

// The name under which this node is present; other programs may have other attributes there.
constexpr std::string_view kNickAttribute = "chat";
constexpr std::string_view kType = "chat";

// Bytes of what somebody says at once: what events show of a payload (docs/api.md).
constexpr std::size_t kLineMax = 4096;

class Room {
public:
    Room(const Session& session, const Chat& command, std::string nick)
        : session_(session),
          command_(command),
          nick_(std::move(nick)),
          is_terminal_(::isatty(STDIN_FILENO) == 1 && session.env().out_is_terminal) {}

    Result run() {
        // Who reads us no longer must not end us before we have left.
        std::signal(SIGPIPE, SIG_IGN);
        // Before anything else: what happens from now on is not missed.
        auto events = EventLines::open(session_, command_.graph, {std::string(kType)});
        if (!events) return std::unexpected(events.error());
        if (const auto joined = join(); !joined) return std::unexpected(joined.error());
        Result result = talk(*events);
        // Nobody should seem to be here who is not.
        static_cast<void>(be_present(Json::array()));
        return result;
    }

private:
    std::expected<void, Failure> join() {
        const auto before = call_when_ready(
            session_,
            {.target = fmt::format(
                 "{}/records?type={}&order=newest&limit={}&payload_max={}",
                 graph_target(command_.graph),
                 kType,
                 std::max(command_.last, 1U),
                 kLineMax)},
            "reading what was said",
            command_.timeout);
        if (!before) return std::unexpected(before.error());
        if (const auto present = be_here(); !present) return std::unexpected(present.error());
        const Json& records = list_of(*before, "records");
        for (std::size_t i = records.size(); i > 0; --i) {
            if (command_.last > 0) show_message(records[i - 1]);
        }
        if (const auto known = look_around(Telling::nothing); !known) {
            return std::unexpected(known.error());
        }
        return tell_who();
    }

    std::expected<void, Failure> be_here() {
        return be_present(Json::array({fmt::format("{}={}", kNickAttribute, nick_)}));
    }

    std::expected<void, Failure> be_present(Json attributes) {
        const auto done = call_when_ready(
            session_,
            {.method = Method::post,
             .target = graph_target(command_.graph) + "/presence",
             .body = {{"attributes", std::move(attributes)}}},
            "joining",
            command_.timeout);
        if (!done) return std::unexpected(done.error());
        return {};
    }

    enum class Telling : std::uint8_t { nothing, changes };

    // Who is here now, and what changed since.
    std::expected<void, Failure> look_around(Telling telling) {
        const auto nodes = session_.get(graph_target(command_.graph) + "/nodes");
        if (!nodes) return std::unexpected(nodes.error());
        std::map<std::string, std::string> here;
        bool is_seen = false;
        for (const Json& node : list_of(*nodes, "nodes")) {
            const std::string nick = attribute_of(node, kNickAttribute);
            const bool is_own = flag_of(node, "own");
            is_seen = is_seen || (is_own && !nick.empty());
            if (!nick.empty() && !is_own) here[text_of(node, "node")] = nick;
        }
        if (telling == Telling::changes) {
            for (const auto& [node, nick] : here) {
                if (!here_.contains(node)) say(fmt::format("{} is here", nick), "joined");
            }
            for (const auto& [node, nick] : here_) {
                if (!here.contains(node)) say(fmt::format("{} has left", nick), "left");
            }
        }
        here_ = std::move(here);
        // A graph that was opened again has forgotten us.
        return telling == Telling::changes && !is_seen ? be_here() : std::expected<void, Failure>{};
    }

    std::expected<void, Failure> tell_who() {
        std::string names = nick_ + " (you)";
        for (const auto& [node, nick] : here_)
            names += ", " + nick;
        say("here: " + names, "who");
        return {};
    }

    // The first failure stays: what was said while nobody could see it is not told twice.
    void print(const std::string& text) {
        if (shows_) shows_ = cli::print(text);
    }

    // A line of the room's own.
    void say(const std::string& text, std::string_view kind) {
        if (session_.prints_json()) {
            const Json line{{"kind", kind}, {"text", text}};
            return print(line.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n");
        }
        print(session_.page().paint("* " + printable(text), Tone::faint) + "\n");
    }

    void show_message(const Json& record) {
        const std::string id = text_of(record, "id");
        if (!shown_.insert(id).second) return;
        std::string nick = attribute_of(record, "nick");
        if (nick.empty()) nick = text_of(record, "creator");
        const std::string said = bytes_of(record, "payload_base64").value_or("(too long to show)");
        const std::string when = text_of(record, "created");
        if (session_.prints_json()) {
            const Json line{
                {"kind", "message"}, {"id", id}, {"created", when}, {"nick", nick}, {"text", said}};
            return print(line.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n");
        }
        const std::string clock = when.size() >= 16 ? when.substr(11, 5) : std::string{};
        print(fmt::format(
            "{} {} {}\n",
            session_.page().paint(printable(clock), Tone::faint),
            session_.page().paint(printable("<" + nick + ">"), Tone::heading),
            printable(said)));
    }

    std::expected<void, Failure> handle(const Json& event) {
        const std::string kind = text_of(event, "event");
        if (kind == "record_added") {
            const Json& record = object_of(event, "record");
            if (!record.empty()) show_message(record);
        } else if (kind.starts_with("node_") || kind == "status") {
            return look_around(Telling::changes);
        } else if (kind == "lost") {
            say("some of what was said is missing here", "lost");
        }
        return {};
    }

    std::expected<void, Failure> speak(const std::string& text) {
        if (text.size() > kLineMax) {
            say(fmt::format("a line has at most {} bytes; this one was not sent", kLineMax),
                "help");
            return {};
        }
        auto said = session_.call(
            {.method = Method::post,
             .target = graph_target(command_.graph) + "/records",
             .body =
                 {{"type", kType},
                  {"attributes", Json::array({"nick=" + nick_})},
                  {"lifetime_ms", command_.lifetime.count()}},
             .raw = text},
            "saying it");
        if (!said) return std::unexpected(said.error());
        // What was typed stands there already: its line gives way to the one with the name.
        if (is_terminal_) print("\x1b[1A\x1b[2K");
        // The answer shows less of a long one than the events do.
        (*said)["payload_base64"] = to_base64(text);
        show_message(*said);
        return {};
    }

    // False to leave.
    std::expected<bool, Failure> obey(const std::string& line) {
        if (line.empty()) return true;
        if (!line.starts_with('/')) {
            const auto said = speak(line);
            if (!said) return std::unexpected(said.error());
            return true;
        }
        if (line == "/quit") return false;
        if (line == "/who") {
            if (const auto known = look_around(Telling::nothing); !known) {
                return std::unexpected(known.error());
            }
            if (const auto told = tell_who(); !told) return std::unexpected(told.error());
            return true;
        }
        say("the commands are /who and /quit; everything else is said", "help");
        return true;
    }

    // False at the end of the input, or to leave.
    std::expected<bool, Failure> hear() {
        std::array<char, 4096> piece{};
        const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
        if (got > 0) typed_.append(piece.data(), static_cast<std::size_t>(got));
        if (got <= 0 && !typed_.empty()) typed_ += '\n';
        for (std::size_t end = typed_.find('\n'); end != std::string::npos;
             end = typed_.find('\n')) {
            std::string line = typed_.substr(0, end);
            typed_.erase(0, end + 1);
            if (line.ends_with('\r')) line.pop_back();
            const auto stays = obey(line);
            if (!stays || !*stays) return stays;
        }
        // Enough of a line without an end to know that it is too long.
        typed_.resize(std::min(typed_.size(), kLineMax + 1));
        return got > 0;
    }

    // Takes in what kithd tells.
    std::expected<void, Failure> listen(EventLines& events) {
        const auto received = events.receive();
        if (!received) return std::unexpected(received.error());
        for (const Json& event : *received) {
            if (const auto done = handle(event); !done) return done;
        }
        if (events.is_over()) return failed("kithd has ended the stream of events");
        return {};
    }

    Result talk(EventLines& events) {
        const InterruptWatch interrupts;
        unsigned ready = 1; // what came along with the answer's head makes nothing readable
        for (;; ready = wait_readable(
                    {events.fd(), STDIN_FILENO, interrupts.fd()}, std::chrono::seconds(10))) {
            if (const auto signal = interrupts.take()) return interrupted_by(*signal);
            if (!shows_) return std::unexpected(shows_.error());
            if ((ready & 1U) != 0) {
                if (const auto heard = listen(events); !heard) {
                    return std::unexpected(heard.error());
                }
            }
            if ((ready & 2U) != 0) {
                const auto stays = hear();
                if (!stays) return std::unexpected(stays.error());
                if (!*stays) break;
            }
        }
        if (!shows_) return std::unexpected(shows_.error());
        return Done{nullptr, {}};
    }

    const Session& session_;
    const Chat& command_;
    std::string nick_;
    bool is_terminal_;
    std::set<std::string> shown_;             // ids of messages
    std::map<std::string, std::string> here_; // by node; others than this one
    std::string typed_;                       // no whole line yet
    std::expected<void, Failure> shows_;      // whether standard output takes what is shown
};

} // namespace

Result execute(const Session& session, const Chat& command) {
    std::string nick = command.nick.empty() ? session.env().user : command.nick;
    if (nick.empty()) return misused("say who you are with --as NAME");
    return Room(session, command, std::move(nick)).run();
}

} // namespace kith::cli
