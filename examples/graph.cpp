// Two nodes share a graph: what one adds the other has, and finds by its attributes.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <kith/graph.hpp>
#include <utility>

namespace {

const char* const kNotes = "8d2a2f0e-5a25-4f6c-9a55-1b6b1c6f0001";

template<class T>
T need(kith::Result<T> result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
}

std::vector<std::byte> bytes(const char* text) {
    std::vector<std::byte> out(std::strlen(text));
    std::memcpy(out.data(), text, out.size());
    return out;
}

} // namespace

int main() {
    kith::Graph home =
        need(kith::Graph::create({.name = "notes of the house", .listen = {"127.0.0.1:0"}}));
    kith::Graph away = need(kith::Graph::open({.name = "notes of the house"}));
    need(away.connect(home.listening().front()));

    need(home.add(
        {.type = kNotes,
         .lifetime = std::chrono::hours(24),
         .payload = bytes("buy milk"),
         .attributes = {{"room", kith::Attribute::Type::string, "kitchen"}}}));

    while (const auto event = away.wait(std::chrono::seconds(15))) {
        if (!away.status().is_synchronized) continue; // it hears of records while it catches up
        const auto found = need(away.search(
            "<peersearch><clause attrib=\"room\" type=\"string\" compare=\"equal\">kitchen</clause>"
            "</peersearch>"));
        if (found.empty()) continue;
        const kith::Record note = need(away.get(found.front()));
        std::printf(
            "in the kitchen: %.*s\n",
            static_cast<int>(note.payload.size()),
            reinterpret_cast<const char*>(note.payload.data()));
        return 0;
    }
    return 1;
}
