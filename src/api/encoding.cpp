#include "api/encoding.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <sodium.h>

namespace kith::api {

std::string to_base64(ByteView bytes) {
    constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
    std::string out(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
    sodium_bin2base64(
        out.data(),
        out.size(),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        bytes.size(),
        kVariant);
    out.pop_back(); // the terminating NUL
    return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
    Bytes out(text.size() / 4 * 3 + 1); // never empty: libsodium wants an address
    std::size_t size = 0;
    const char* end = nullptr;
    const int result = sodium_base642bin(
        reinterpret_cast<unsigned char*>(out.data()),
        out.size(),
        text.data(),
        text.size(),
        nullptr,
        &size,
        &end,
        sodium_base64_VARIANT_ORIGINAL);
    if (result != 0 || end != text.data() + text.size()) return std::nullopt;
    out.resize(size);
    return out;
}

std::string to_rfc3339(WallTime time) {
    using namespace std::chrono; // NOLINT(google-build-using-namespace): dates read as dates
    constexpr sys_days kLastDay = year{9999} / December / 31;
    const sys_seconds since_1970{seconds{unix_seconds(time)}};
    const sys_seconds shown = std::min(since_1970, sys_seconds{kLastDay} + 86399s);
    const sys_days day = floor<days>(shown);
    const year_month_day date{day};
    const hh_mm_ss clock{shown - day};
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count());
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        const auto byte = from_hex(text.substr(i + 1, 2));
        if (!byte) return std::nullopt;
        out.push_back(static_cast<char>(byte->front()));
        i += 2;
    }
    return out;
}

} // namespace kith::api
