// DER, as much of it as certificates need (ITU-T X.690): one tag, one length, one content. What is
// read is refused where DER has another spelling for the same.

#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace kith::identity::der {

// Tags (X.680 8.4), with the bit for constructed ones where they are.
inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kNull = 0x05;
inline constexpr std::uint8_t kOid = 0x06;
inline constexpr std::uint8_t kUtf8String = 0x0c;
inline constexpr std::uint8_t kUtcTime = 0x17;
inline constexpr std::uint8_t kGeneralizedTime = 0x18;
inline constexpr std::uint8_t kUniversalString = 0x1c;
inline constexpr std::uint8_t kBmpString = 0x1e;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kSet = 0x31;

/// [number], constructed. Requires: number < 31.
constexpr std::uint8_t context(unsigned number) {
    return static_cast<std::uint8_t>(0xa0U | number);
}

/// One element with the concatenation of `parts` as its content. Requires: below 64 KiB.
Bytes element(std::uint8_t tag, std::initializer_list<ByteView> parts);

/// An OBJECT IDENTIFIER. Requires: dotted numbers, each below 2^32, as in "1.3.101.112".
Bytes oid(std::string_view dotted);

struct Element {
    std::uint8_t tag = 0;
    ByteView content;
    ByteView whole; // with tag and length
};

/// Walks over the elements of a content. Failure is sticky: then there is no next one.
class Reader {
public:
    explicit Reader(ByteView bytes) : rest_(bytes) {}

    bool empty() const { return rest_.empty(); }
    bool failed() const { return failed_; }
    /// True if the reader failed because the bytes ended too soon.
    bool is_truncated() const { return is_truncated_; }
    ByteView rest() const { return rest_; }

    std::optional<std::uint8_t> peek() const;

    /// Nothing at the end, and after a failure.
    std::optional<Element> next();

    /// The next one if it has `tag`; anything else is a failure.
    std::optional<Element> next(std::uint8_t tag);

private:
    std::optional<Element> fail(bool is_truncated);

    ByteView rest_;
    bool failed_ = false;
    bool is_truncated_ = false;
};

} // namespace kith::identity::der
