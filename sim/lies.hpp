// The ways in which an adversary lies; each can be switched off.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith::sim {

enum class Lie : std::uint8_t {
    forged,     // certified addresses of a name that is not his, with addresses of his own
    replayed,   // certified addresses that their owner gave to somebody else, or earlier
    expired,    // certified addresses of his own whose time is over
    neighbours, // whoever asks him is sent to other liars, and to nobody else
    dead_ends,  // whoever asks him is sent to where nobody is, or nowhere
    claims,     // "that id is mine"
    floods,     // invented route entries and revokes, many of them, unasked
    malformed,  // oversized and truncated messages
    silence,    // no word to chosen questions
    count,      // not a lie
};

inline constexpr std::size_t kLies = static_cast<std::size_t>(Lie::count);

std::string_view to_string(Lie lie);

class Lies {
public:
    static Lies all() {
        Lies lies;
        lies.bits_ = (1U << kLies) - 1;
        return lies;
    }
    static Lies none() { return {}; }

    /// `all`, `none`, or names of lies with commas between them.
    static std::optional<Lies> parse(std::string_view text);

    bool has(Lie lie) const { return (bits_ & bit(lie)) != 0; }
    void add(Lie lie) { bits_ |= bit(lie); }
    bool empty() const { return bits_ == 0; }

    bool operator==(const Lies&) const = default;

private:
    static unsigned bit(Lie lie) { return 1U << static_cast<unsigned>(lie); }

    unsigned bits_ = 0;
};

/// What `Lies::parse()` reads as the same.
std::string to_string(const Lies& lies);

} // namespace kith::sim
