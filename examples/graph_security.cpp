// Who may connect and whose records count, by rules of one's own: a club with a word at the door,
// whose records carry its seal, and where what begins with a question mark waits for a reviewer.
//
// The word travels as it is and the seal is a checksum, which keeps nobody out who listens: a real
// provider proves a key and signs.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <kith/graph.hpp>
#include <memory>
#include <string>
#include <utility>

namespace {

using kith::Record;
using Bytes = std::vector<std::byte>;

const char* const kNotes = "8d2a2f0e-5a25-4f6c-9a55-1b6b1c6f0001";

Bytes bytes(const std::string& text) {
    Bytes out(text.size());
    std::memcpy(out.data(), text.data(), text.size());
    return out;
}

/// Both ends say the word; whoever hears another one hangs up.
class Door final : public kith::SecuritySession {
public:
    explicit Door(std::string word) : word_(std::move(word)) {}

    kith::SecurityStep begin() override { return {.reply = bytes(word_)}; }

    kith::SecurityStep feed(std::span<const std::byte> said) override {
        const bool is_it = std::ranges::equal(said, bytes(word_));
        return {.is_done = is_it, .has_failed = !is_it};
    }

private:
    std::string word_;
};

class Club final : public kith::SecurityProvider {
public:
    explicit Club(std::string word, bool seals = true) : word_(std::move(word)), seals_(seals) {}

    std::atomic<bool> is_reviewed{false};

    std::unique_ptr<kith::SecuritySession> start(const kith::PeerAnnounced&) override {
        return std::make_unique<Door>(word_);
    }

    std::optional<Bytes> secure(const Record& record) override {
        return seals_ ? seal(record) : bytes("no seal");
    }

    Verdict validate(const Record& record) override {
        if (record.security != seal(record)) return Verdict::invalid;
        const bool is_question = !record.payload.empty() && record.payload[0] == std::byte{'?'};
        return is_question && !is_reviewed ? Verdict::defer : Verdict::valid;
    }

private:
    Bytes seal(const Record& record) const {
        std::uint64_t sum = 14695981039346656037U; // FNV-1a
        const auto add = [&](std::byte byte) {
            sum = (sum ^ static_cast<std::uint64_t>(byte)) * 1099511628211U;
        };
        std::ranges::for_each(bytes(word_ + record.id), add);
        std::ranges::for_each(record.payload, add);
        return bytes(std::to_string(sum));
    }

    std::string word_;
    bool seals_;
};

template<class T>
T need(kith::Result<T> result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
}

/// Waits until `done`, at most 15 seconds; what happens meanwhile is nobody's concern.
template<class Done>
bool wait_until(kith::Graph& graph, Done done) {
    for (int i = 0; i < 300 && !done(); ++i)
        graph.wait(std::chrono::milliseconds(50));
    return done();
}

bool connects(kith::Graph& graph, const std::string& address) {
    need(graph.connect(address));
    for (int i = 0; i < 300; ++i) {
        const auto event = graph.wait(std::chrono::milliseconds(50));
        const auto* changed = event ? std::get_if<kith::ConnectionChanged>(&*event) : nullptr;
        if (changed == nullptr) continue;
        return changed->state == kith::ConnectionChanged::State::connected &&
               wait_until(graph, [&] { return graph.status().is_synchronized; });
    }
    return false;
}

kith::Id note(kith::Graph& graph, const std::string& text) {
    return need(
        graph.add({.type = kNotes, .lifetime = std::chrono::hours(1), .payload = bytes(text)}));
}

void expect(bool is_so, const char* what) {
    std::printf("%s: %s\n", what, is_so ? "yes" : "NO");
    if (!is_so) std::exit(1);
}

} // namespace

int main() {
    const auto club = std::make_shared<Club>("swordfish");
    kith::Graph home = need(
        kith::Graph::create({.name = "the club", .listen = {"127.0.0.1:0"}, .security = club}));
    const std::string door = home.listening().front();

    kith::Graph stranger =
        need(kith::Graph::open({.name = "the club", .security = std::make_shared<Club>("tuna")}));
    expect(!connects(stranger, door), "a stranger without the word is refused");

    kith::Graph member = need(
        kith::Graph::open({.name = "the club", .security = std::make_shared<Club>("swordfish")}));
    expect(connects(member, door), "a member is let in");
    kith::Graph forger = need(kith::Graph::open(
        {.name = "the club", .security = std::make_shared<Club>("swordfish", false)}));
    expect(connects(forger, door), "a member who forges is let in too");

    const kith::Id forged = note(forger, "free drinks");
    const kith::Id asked = note(member, "?who has the key");
    const kith::Id sealed = note(member, "meeting at eight");
    expect(
        wait_until(home, [&] { return home.get(sealed).has_value(); }), "a sealed record counts");
    expect(!home.get(asked), "a question waits");
    club->is_reviewed = true;
    home.validate_deferred();
    expect(wait_until(home, [&] { return home.get(asked).has_value(); }), "a reviewed one counts");
    expect(!home.get(forged), "a record without the seal is forgotten");
}
