#include "identity/der.hpp"

#include "base/check.hpp"

#include <charconv>
#include <vector>

namespace kith::identity::der {

namespace {

constexpr std::size_t kSizeMax = 0xffff;

void push(Bytes& out, std::size_t value) {
    out.push_back(static_cast<std::byte>(value & 0xffU));
}

} // namespace

Bytes element(std::uint8_t tag, std::initializer_list<ByteView> parts) {
    std::size_t size = 0;
    for (const ByteView part : parts)
        size += part.size();
    KITH_CHECK(size <= kSizeMax);
    Bytes out;
    out.reserve(size + 4);
    push(out, tag);
    if (size > 0xff) {
        push(out, 0x82);
        push(out, size >> 8U);
    } else if (size > 0x7f) {
        push(out, 0x81);
    }
    push(out, size);
    for (const ByteView part : parts)
        out.insert(out.end(), part.begin(), part.end());
    return out;
}

Bytes oid(std::string_view dotted) {
    std::vector<std::uint32_t> numbers;
    const char* at = dotted.data();
    const char* end = at + dotted.size();
    for (; at < end; ++at) {
        std::uint32_t number = 0;
        const auto [stop, error] = std::from_chars(at, end, number);
        KITH_CHECK(error == std::errc{} && (stop == end || *stop == '.'));
        numbers.push_back(number);
        at = stop;
    }
    KITH_CHECK(numbers.size() >= 2 && numbers[0] < 3 && numbers[1] < 40);
    Bytes content;
    push(content, 40 * numbers[0] + numbers[1]);
    for (std::size_t i = 2; i < numbers.size(); ++i) {
        // Base 128, the highest digit first, all but the last with the high bit set.
        for (unsigned shift = 28; shift > 0; shift -= 7) {
            if (numbers[i] >> shift != 0) push(content, 0x80U | (numbers[i] >> shift & 0x7fU));
        }
        push(content, numbers[i] & 0x7fU);
    }
    return element(kOid, {content});
}

std::optional<std::uint8_t> Reader::peek() const {
    if (failed_ || rest_.empty()) return std::nullopt;
    return std::to_integer<std::uint8_t>(rest_.front());
}

std::optional<Element> Reader::fail(bool is_truncated) {
    failed_ = true;
    is_truncated_ = is_truncated;
    return std::nullopt;
}

std::optional<Element> Reader::next() {
    if (failed_ || rest_.empty()) return std::nullopt;
    if (rest_.size() < 2) return fail(true);
    const auto byte = [&](std::size_t at) { return std::to_integer<std::size_t>(rest_[at]); };
    if ((byte(0) & 0x1fU) == 0x1fU) return fail(false); // no tag here is that long
    std::size_t header = 2;
    std::size_t size = byte(1);
    if (size == 0x81 || size == 0x82) {
        const bool is_two = size == 0x82;
        header = is_two ? 4 : 3;
        if (rest_.size() < header) return fail(true);
        size = is_two ? byte(2) << 8U | byte(3) : byte(2);
        if (size <= (is_two ? 0xffU : 0x7fU)) return fail(false); // a longer spelling than needed
    } else if (size > 0x7f) {
        return fail(false); // indefinite, or larger than anything here
    }
    if (rest_.size() - header < size) return fail(true);
    const Element found{
        static_cast<std::uint8_t>(byte(0)),
        rest_.subspan(header, size),
        rest_.first(header + size)};
    rest_ = rest_.subspan(header + size);
    return found;
}

std::optional<Element> Reader::next(std::uint8_t tag) {
    auto found = next();
    if (failed_) return std::nullopt;
    if (!found) return fail(true);
    if (found->tag != tag) return fail(false);
    return found;
}

} // namespace kith::identity::der
