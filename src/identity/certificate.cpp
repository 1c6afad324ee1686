#include "identity/certificate.hpp"

#include "base/check.hpp"
#include "base/unicode.hpp"
#include "identity/date.hpp"
#include "identity/der.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace kith::identity {

namespace {

using crypto::KeyAlgorithm;
using der::element;
using der::Element;
using der::Reader;

template<class T>
using Parsed = std::expected<T, ChainErrc>;
constexpr std::unexpected<ChainErrc> kBadSyntax{ChainErrc::bad_syntax};

constexpr std::size_t kTextUnitsMax = 255;             // 2.2.3.5, 2.2.3.5.1
constexpr std::size_t kNameBytesMax = 4 * 255 + 64;    // of any spelling of such a text
constexpr std::size_t kPeerNameUnitsMax = 192;         // 2.2.3.5.1.3
constexpr std::size_t kClassifierStringUnitsMax = 150; // 2.2.3.5.1.5

// Decision A28.
constexpr std::string_view kTypeOid = "1.3.6.1.4.1.311.44.0.1";
constexpr std::string_view kPeerNameStringOid = "1.3.6.1.4.1.311.44.0.2";
constexpr std::string_view kClassifierStringOid = "1.3.6.1.4.1.311.44.0.3";
constexpr std::string_view kVersionOid = "1.3.6.1.4.1.311.44.0.4";
constexpr std::string_view kPeerNameOid = "1.3.6.1.4.1.311.44.3.1";
constexpr std::string_view kRoleOid = "1.3.6.1.4.1.311.44.3.3";
constexpr std::string_view kClassifiersOid = "1.3.6.1.4.1.311.44.3.5";
constexpr std::string_view kSubjectAltNameOid = "2.5.29.17";
constexpr std::string_view kIssuerAltNameOid = "2.5.29.18";
constexpr std::string_view kCommonNameOid = "2.5.4.3";
constexpr std::string_view kSignedDataOid = "1.2.840.113549.1.7.2";
constexpr std::string_view kDataOid = "1.2.840.113549.1.7.1";

struct RoleBytes {
    Role role;
    std::string_view hex;
};
// As printed, then what else is taken: decision A29.
constexpr std::array kRoles{
    RoleBytes{Role::admin, "04387127aa56450a8ce54f565c6790f4"},
    RoleBytes{Role::member, "f12dc4c708574ca093fcb1bb19a3d8c2"},
    RoleBytes{Role::inviting_member, "dd15f41ffc4e4922b0354c06a754d01d"},
    RoleBytes{Role::inviting_member, "4370fd89dc184cfb8dbf9853a8a9f905"},
    RoleBytes{Role::admin, "2771380456aa0a458ce54f565c6790f4"},
    RoleBytes{Role::member, "c7c42df15708a04c93fcb1bb19a3d8c2"},
    RoleBytes{Role::inviting_member, "1ff415dd4efc2249b0354c06a754d01d"},
    RoleBytes{Role::inviting_member, "89fd704318dcfb4c8dbf9853a8a9f905"}};

Bytes bytes_of(std::initializer_list<unsigned char> values) {
    Bytes out;
    for (const unsigned char value : values)
        out.push_back(std::byte{value});
    return out;
}

Bytes algorithm_identifier(KeyAlgorithm algorithm) {
    if (algorithm == KeyAlgorithm::rsa1024) { // sha1WithRSAEncryption, 2.2.3.5
        return element(der::kSequence, {der::oid("1.2.840.113549.1.1.5"), element(der::kNull, {})});
    }
    return element(der::kSequence, {der::oid("1.3.101.112")}); // RFC 8410 3
}

// ---- Texts

Bytes ucs4(std::u16string_view units) {
    Bytes out;
    for (std::size_t i = 0; i < units.size(); ++i) {
        std::uint32_t point = units[i];
        const bool is_pair = point >= 0xd800 && point < 0xdc00 && i + 1 < units.size();
        if (is_pair) point = 0x10000 + ((point - 0xd800) << 10U) + (units[++i] - 0xdc00U);
        for (const unsigned shift : {24U, 16U, 8U, 0U})
            out.push_back(static_cast<std::byte>(point >> shift & 0xffU));
    }
    return out;
}

std::u16string units_of(std::string_view utf8) {
    auto units = utf8_to_utf16(utf8);
    KITH_CHECK(units.has_value());
    return std::move(*units);
}

// UCS-4 with NUL: decision A27.
Bytes universal_string(std::string_view text) {
    std::u16string units = units_of(text);
    units.push_back(u'\0');
    return element(der::kUniversalString, {ucs4(units)});
}

std::optional<std::u16string> from_ucs4(ByteView bytes) {
    if (bytes.size() % 4 != 0) return std::nullopt;
    std::u16string units;
    for (std::size_t i = 0; i < bytes.size(); i += 4) {
        std::uint32_t point = 0;
        for (std::size_t k = 0; k < 4; ++k)
            point = point << 8U | std::to_integer<std::uint32_t>(bytes[i + k]);
        if (point > 0x10ffff) return std::nullopt;
        if (point > 0xffff) {
            units.push_back(static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10U)));
            units.push_back(static_cast<char16_t>(0xdc00 + ((point - 0x10000) & 0x3ffU)));
        } else {
            units.push_back(static_cast<char16_t>(point));
        }
    }
    return units;
}

std::optional<std::u16string> from_ucs2(ByteView bytes) {
    if (bytes.size() % 2 != 0) return std::nullopt;
    std::u16string units;
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        units.push_back(static_cast<char16_t>(
            std::to_integer<unsigned>(bytes[i]) << 8U | std::to_integer<unsigned>(bytes[i + 1])));
    }
    return units;
}

// A text of 1 to `units_max` units with its NUL, if it has one; without it in the result.
std::optional<std::string> text_in(const Element& string, std::size_t units_max) {
    std::optional<std::u16string> units;
    if (string.content.size() > 4 * units_max) return std::nullopt;
    if (string.tag == der::kUniversalString) units = from_ucs4(string.content);
    if (string.tag == der::kBmpString) units = from_ucs2(string.content);
    if (string.tag == der::kUtf8String) units = utf8_to_utf16(as_text(string.content));
    if (!units || units->empty() || units->size() > units_max) return std::nullopt;
    if (units->back() == u'\0') units->pop_back();
    if (units->find(u'\0') != std::u16string::npos) return std::nullopt;
    return utf16_to_utf8(*units);
}

// ---- Names of subject and issuer: decision A30

Bytes name_of(KeyAlgorithm algorithm, std::string_view text) {
    KITH_CHECK(utf16_length(text) <= kTextUnitsMax);
    Bytes string = element(der::kUtf8String, {as_bytes(text)});
    if (algorithm == KeyAlgorithm::rsa1024) {
        Bytes units;
        for (const char16_t unit : units_of(text)) {
            units.push_back(static_cast<std::byte>(unit >> 8U));
            units.push_back(static_cast<std::byte>(unit & 0xffU));
        }
        string = element(der::kBmpString, {units});
    }
    const Bytes attribute = element(der::kSequence, {der::oid(kCommonNameOid), string});
    return element(der::kSequence, {element(der::kSet, {attribute})});
}

// GeneralNames of one directoryName.
Bytes alt_name_of(KeyAlgorithm algorithm, std::string_view text) {
    return element(der::kSequence, {element(der::context(4), {name_of(algorithm, text)})});
}

// ---- Dates

// RFC 5280 4.1.2.5: two digits of the year until 2049, four from then on.
Bytes date_of(WallTime time) {
    std::string date = to_date(time); // 2026-01-31T23:59:59.0000000Z
    std::string digits;
    for (const char c : date.substr(0, date.find('.'))) {
        if (c >= '0' && c <= '9') digits.push_back(c);
    }
    const bool is_early = digits >= "1950" && digits < "2050";
    digits.push_back('Z');
    if (is_early) return element(der::kUtcTime, {as_bytes(digits).subspan(2)});
    return element(der::kGeneralizedTime, {as_bytes(digits)});
}

std::optional<WallTime> date_in(const Element& date) {
    std::string digits(as_text(date.content));
    if (date.tag == der::kUtcTime && digits.size() == 13) {
        digits.insert(0, digits >= "5" ? "19" : "20");
    } else if (date.tag != der::kGeneralizedTime) {
        return std::nullopt;
    }
    if (digits.size() != 15 || digits.back() != 'Z') return std::nullopt;
    const auto part = [&](std::size_t at, std::size_t size) { return digits.substr(at, size); };
    return parse_date(
        part(0, 4) + "-" + part(4, 2) + "-" + part(6, 2) + "T" + part(8, 2) + ":" + part(10, 2) +
        ":" + part(12, 2) + ".0000000Z");
}

// ---- Extensions

Bytes extension(std::string_view oid, bool is_critical, ByteView value) {
    const Bytes critical = is_critical ? element(der::kBoolean, {bytes_of({0xff})}) : Bytes{};
    return element(der::kSequence, {der::oid(oid), critical, element(der::kOctetString, {value})});
}

Bytes other_name(std::string_view type, std::string_view text) {
    return element(
        der::context(0), {der::oid(type), element(der::context(0), {universal_string(text)})});
}

Bytes type_value(CertificateType type) {
    return element(
        der::kOctetString, {bytes_of({static_cast<unsigned char>(type), 0, 0, 0})}); // 32 bits LE
}

Bytes roles_value(const std::vector<Role>& roles) {
    Bytes list;
    for (const Role role : roles) {
        const auto known = std::ranges::find(kRoles, role, &RoleBytes::role);
        const Bytes one = element(der::kOctetString, {*from_hex(known->hex)});
        list.insert(list.end(), one.begin(), one.end());
    }
    return element(der::kSequence, {list});
}

Bytes classifiers_value(const std::vector<std::string>& classifiers) {
    Bytes list;
    for (const std::string& classifier : classifiers) {
        const Bytes one = other_name(kClassifierStringOid, classifier);
        list.insert(list.end(), one.begin(), one.end());
    }
    return element(der::kSequence, {list});
}

Bytes extensions_of(const CertificateFields& fields, KeyAlgorithm algorithm) {
    Bytes all;
    const auto add = [&](std::string_view oid, bool is_critical, const Bytes& value) {
        const Bytes one = extension(oid, is_critical, value);
        all.insert(all.end(), one.begin(), one.end());
    };
    constexpr bool kCritical = true;
    add(kSubjectAltNameOid, !kCritical, alt_name_of(algorithm, fields.subject));
    add(kIssuerAltNameOid, !kCritical, alt_name_of(algorithm, fields.issuer));
    add(kTypeOid, kCritical, type_value(fields.type));
    add(kVersionOid, kCritical, element(der::kOctetString, {bytes_of({1, 0, 2, 0})}));
    if (!fields.peer_name.empty()) {
        add(kPeerNameOid,
            kCritical,
            element(der::kSequence, {other_name(kPeerNameStringOid, fields.peer_name)}));
    }
    if (fields.roles) add(kRoleOid, kCritical, roles_value(*fields.roles));
    if (fields.classifiers) add(kClassifiersOid, kCritical, classifiers_value(*fields.classifiers));
    return element(der::context(3), {element(der::kSequence, {all})});
}

// The text of an otherName of `type`, the only element of `general_name`.
std::optional<std::string>
other_name_in(const Element& general_name, std::string_view type, std::size_t units_max) {
    Reader parts(general_name.content);
    const auto oid = parts.next(der::kOid);
    const auto value = parts.next(der::context(0));
    if (general_name.tag != der::context(0) || !oid || !value || !parts.empty()) return {};
    if (!std::ranges::equal(oid->whole, der::oid(type))) return {};
    Reader inner(value->content);
    const auto string = inner.next();
    if (!string || !inner.empty()) return {};
    return text_in(*string, units_max);
}

bool read_type(ByteView value, Certificate& out) {
    for (const CertificateType type : {CertificateType::member, CertificateType::root}) {
        if (!std::ranges::equal(value, type_value(type))) continue;
        out.type = type;
        return true;
    }
    return false;
}

bool read_peer_name(ByteView value, Certificate& out) {
    Reader outer(value);
    const auto names = outer.next(der::kSequence);
    if (!names || !outer.empty()) return false;
    Reader list(names->content);
    const auto name = list.next();
    if (!name || !list.empty()) return false;
    const auto text = other_name_in(*name, kPeerNameStringOid, kPeerNameUnitsMax);
    if (!text || text->empty()) return false;
    out.peer_name = *text;
    return true;
}

bool read_roles(ByteView value, Certificate& out) {
    Reader outer(value);
    const auto sequence = outer.next(der::kSequence);
    if (!sequence || !outer.empty()) return false;
    out.roles.emplace();
    Reader list(sequence->content);
    while (const auto item = list.next(der::kOctetString)) {
        const auto known = std::ranges::find(kRoles, to_hex(item->content), &RoleBytes::hex);
        if (known == kRoles.end() || out.roles->size() == kRoles.size()) return false;
        out.roles->push_back(known->role);
        if (list.empty()) break;
    }
    return !list.failed() && !out.roles->empty();
}

bool read_classifiers(ByteView value, Certificate& out) {
    Reader outer(value);
    const auto sequence = outer.next(der::kSequence);
    if (!sequence || !outer.empty()) return false;
    out.classifiers.emplace();
    Reader list(sequence->content);
    while (const auto item = list.next()) {
        const auto text = other_name_in(*item, kClassifierStringOid, kClassifierStringUnitsMax);
        if (!text || out.classifiers->size() == kClassifiersMax) return false;
        out.classifiers->push_back(*text);
    }
    return !list.failed();
}

bool read_alt_name(ByteView value, Bytes& out) {
    if (value.size() > kNameBytesMax) return false;
    out = to_owned(value);
    return true;
}

struct KnownExtension {
    std::string_view oid;
    bool (*read)(ByteView value, Certificate& out);
};
constexpr std::array kKnownExtensions{
    KnownExtension{
        kSubjectAltNameOid,
        [](ByteView v, Certificate& c) { return read_alt_name(v, c.subject_alt_name); }},
    KnownExtension{
        kIssuerAltNameOid,
        [](ByteView v, Certificate& c) { return read_alt_name(v, c.issuer_alt_name); }},
    KnownExtension{kTypeOid, read_type},
    KnownExtension{
        kVersionOid,
        [](ByteView v, Certificate&) {
            return std::ranges::equal(v, element(der::kOctetString, {bytes_of({1, 0, 2, 0})}));
        }},
    KnownExtension{kPeerNameOid, read_peer_name},
    KnownExtension{kRoleOid, read_roles},
    KnownExtension{kClassifiersOid, read_classifiers}};

Parsed<void> read_extensions(ByteView content, Certificate& out) {
    std::array<bool, kKnownExtensions.size()> seen{};
    Reader list(content);
    while (const auto item = list.next(der::kSequence)) {
        Reader parts(item->content);
        const auto oid = parts.next(der::kOid);
        bool is_critical = false;
        if (parts.peek() == der::kBoolean) {
            is_critical = parts.next()->content.size() == 1;
        }
        const auto value = parts.next(der::kOctetString);
        if (!oid || !value || !parts.empty()) return kBadSyntax;
        const auto known = std::ranges::find_if(kKnownExtensions, [&](const KnownExtension& each) {
            return std::ranges::equal(oid->whole, der::oid(each.oid));
        });
        if (known != kKnownExtensions.end()) {
            const auto index = static_cast<std::size_t>(known - kKnownExtensions.begin());
            if (seen[index] || !known->read(value->content, out)) return kBadSyntax;
            seen[index] = true;
        } else if (is_critical) {
            return std::unexpected(ChainErrc::unknown_critical);
        }
        if (list.empty()) break;
    }
    // Type and version are in every certificate.
    if (list.failed() || !seen[2] || !seen[3]) return kBadSyntax;
    return {};
}

// What is around the fields.
struct Envelope {
    Element signed_part;
    Element algorithm;
    ByteView signature;
};

Parsed<Envelope> read_envelope(ByteView bytes) {
    Reader outer(bytes);
    const auto certificate = outer.next(der::kSequence);
    if (!certificate) {
        return std::unexpected(outer.is_truncated() ? ChainErrc::truncated : ChainErrc::bad_syntax);
    }
    if (!outer.empty()) return std::unexpected(ChainErrc::trailing_bytes);
    Reader parts(certificate->content);
    const auto signed_part = parts.next(der::kSequence);
    const auto algorithm = parts.next(der::kSequence);
    const auto signature = parts.next(der::kBitString);
    if (!signed_part || !algorithm || !signature || !parts.empty()) return kBadSyntax;
    if (signature->content.empty() || signature->content.front() != std::byte{0}) return kBadSyntax;
    return Envelope{*signed_part, *algorithm, signature->content.subspan(1)};
}

struct Validity {
    WallTime not_before;
    WallTime not_after;
};

std::optional<Validity> read_validity(const Element& validity) {
    Reader dates(validity.content);
    const auto first = dates.next();
    const auto last = dates.next();
    if (!first || !last || !dates.empty()) return std::nullopt;
    const auto not_before = date_in(*first);
    const auto not_after = date_in(*last);
    if (!not_before || !not_after) return std::nullopt;
    return Validity{*not_before, *not_after};
}

std::optional<crypto::PublicKey> key_in(KeyAlgorithm algorithm, const Element& info) {
    const std::size_t size = crypto::public_key_size(algorithm);
    if (info.whole.size() < size) return std::nullopt;
    auto key = crypto::PublicKey::parse(algorithm, info.whole.last(size));
    if (!key || !std::ranges::equal(key->subject_public_key_info(), info.whole)) return {};
    return std::move(*key);
}

} // namespace

Bytes make_certificate(
    const CertificateFields& fields,
    const crypto::PublicKey& key,
    const crypto::PrivateKey& signer) {
    const KeyAlgorithm algorithm = key.algorithm();
    KITH_CHECK(signer.public_key().algorithm() == algorithm);
    const Bytes identifier = algorithm_identifier(algorithm);
    const Bytes to_be_signed = element(
        der::kSequence,
        {element(der::context(0), {element(der::kInteger, {bytes_of({2})})}),
         element(der::kInteger, {fields.serial}),
         identifier,
         name_of(algorithm, fields.issuer),
         element(der::kSequence, {date_of(fields.not_before), date_of(fields.not_after)}),
         name_of(algorithm, fields.subject),
         key.subject_public_key_info(),
         extensions_of(fields, algorithm)});
    const Bytes no_unused_bits = bytes_of({0});
    return element(
        der::kSequence,
        {to_be_signed,
         identifier,
         element(der::kBitString, {no_unused_bits, signer.sign(to_be_signed)})});
}

Parsed<Certificate> parse_certificate(KeyAlgorithm algorithm, ByteView bytes) {
    const auto outer = read_envelope(bytes);
    if (!outer) return std::unexpected(outer.error());

    Reader fields(outer->signed_part.content);
    const auto version = fields.next(der::context(0));
    const auto serial = fields.next(der::kInteger);
    const auto inner_algorithm = fields.next(der::kSequence);
    const auto issuer = fields.next(der::kSequence);
    const auto validity = fields.next(der::kSequence);
    const auto subject = fields.next(der::kSequence);
    const auto info = fields.next(der::kSequence);
    const auto extensions = fields.next(der::context(3)); // no unique ids before it
    if (fields.failed() || !fields.empty()) return kBadSyntax;
    if (!std::ranges::equal(version->content, element(der::kInteger, {bytes_of({2})}))) {
        return kBadSyntax;
    }
    if (serial->content.size() != 16) return kBadSyntax;
    if (issuer->whole.size() > kNameBytesMax || subject->whole.size() > kNameBytesMax) {
        return kBadSyntax;
    }
    const Bytes identifier = algorithm_identifier(algorithm);
    if (!std::ranges::equal(outer->algorithm.whole, identifier) ||
        !std::ranges::equal(inner_algorithm->whole, identifier)) {
        return std::unexpected(ChainErrc::wrong_algorithm);
    }
    const auto dates = read_validity(*validity);
    auto key = key_in(algorithm, *info);
    if (!dates || !key) return kBadSyntax;

    Certificate out{
        .to_be_signed = to_owned(outer->signed_part.whole),
        .signature = to_owned(outer->signature),
        .not_before = dates->not_before,
        .not_after = dates->not_after,
        .key = std::move(*key),
        .subject_alt_name = {},
        .issuer_alt_name = {},
        .peer_name = {},
        .roles = {},
        .classifiers = {}};
    Reader list(extensions->content);
    const auto sequence = list.next(der::kSequence);
    if (!sequence || !list.empty()) return kBadSyntax;
    if (const auto read = read_extensions(sequence->content, out); !read) {
        return std::unexpected(read.error());
    }
    return out;
}

Bytes bundle(const std::vector<Bytes>& certificates) {
    KITH_CHECK(!certificates.empty() && certificates.size() <= kCertificatesMax);
    Bytes all;
    for (const Bytes& certificate : certificates)
        all.insert(all.end(), certificate.begin(), certificate.end());
    const Bytes signed_data = element(
        der::kSequence,
        {element(der::kInteger, {bytes_of({1})}),
         element(der::kSet, {}),
         element(der::kSequence, {der::oid(kDataOid)}),
         element(der::context(0), {all}),
         element(der::kSet, {})});
    return element(
        der::kSequence, {der::oid(kSignedDataOid), element(der::context(0), {signed_data})});
}

Parsed<std::vector<ByteView>> unbundle(ByteView bytes) {
    if (bytes.size() > kChainSizeMax) return std::unexpected(ChainErrc::too_long);
    Reader outer(bytes);
    const auto info = outer.next(der::kSequence);
    if (!info) {
        const bool is_short = outer.is_truncated() || bytes.empty();
        return std::unexpected(is_short ? ChainErrc::truncated : ChainErrc::bad_syntax);
    }
    if (!outer.empty()) return std::unexpected(ChainErrc::trailing_bytes);
    Reader content(info->content);
    const auto type = content.next(der::kOid);
    const auto wrapped = content.next(der::context(0));
    if (!type || !wrapped || !content.empty()) return kBadSyntax;
    if (!std::ranges::equal(type->whole, der::oid(kSignedDataOid))) return kBadSyntax;
    Reader inner(wrapped->content);
    const auto signed_data = inner.next(der::kSequence);
    if (!signed_data || !inner.empty()) return kBadSyntax;

    Reader fields(signed_data->content);
    fields.next(der::kInteger);
    fields.next(der::kSet);
    fields.next(der::kSequence);
    const auto certificates = fields.next(der::context(0));
    if (fields.peek() == der::context(1)) fields.next(); // revocation lists: of no use here
    fields.next(der::kSet);
    if (fields.failed() || !fields.empty()) return kBadSyntax;

    std::vector<ByteView> found;
    Reader list(certificates->content);
    while (const auto certificate = list.next(der::kSequence)) {
        if (found.size() == kCertificatesMax) return std::unexpected(ChainErrc::too_long);
        found.push_back(certificate->whole);
        if (list.empty()) break;
    }
    if (list.failed() || found.empty()) return kBadSyntax;
    return found;
}

} // namespace kith::identity
