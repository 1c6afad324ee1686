// What this user wants published, kept so that a restart does not take it back (docs/formats.md,
// Names).

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kith::api {

inline constexpr std::size_t kWishSizeMax = 64 * 1024; // bytes of one; a larger one is not kept

struct KeptWish {
    std::string place; // where it is kept, for people
    std::string wish;
};

class NameStore {
public:
    virtual ~NameStore() = default;

    /// Every wish that is kept and can be read, in no order that means anything.
    virtual std::vector<KeptWish> wishes() const = 0;

    /// What is kept at `place` makes no sense, and stays there.
    virtual void complain(std::string_view place, std::string_view why) const = 0;

    /// Keeps `wish` for `peer_name` in place of what was kept for it. False if the disk refused;
    /// then the old one is still there.
    virtual bool keep(std::string_view peer_name, std::string_view wish) = 0;

    /// No-op if nothing is kept for it.
    virtual void forget(std::string_view peer_name) = 0;

protected:
    NameStore() = default;
    NameStore(const NameStore&) = default;
    NameStore& operator=(const NameStore&) = default;
};

} // namespace kith::api
