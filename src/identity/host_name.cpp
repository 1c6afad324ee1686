#include "identity/host_name.hpp"

#include "identity/base32.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace kith::identity {

namespace {

constexpr std::string_view kSuffix = ".kith.alt";
constexpr std::string_view kPublishedSuffix = ".pnrp.net";
constexpr std::string_view kEncodedPrefix = "k--";
constexpr std::size_t kEncodedDigitsMax = kHostNameLabelMax - kEncodedPrefix.size();
constexpr std::string_view kUnsecuredLabel = "p0";

bool is_letter(char c) {
    return c >= 'a' && c <= 'z';
}

bool is_letter_or_digit(char c) {
    return is_letter(c) || (c >= '0' && c <= '9');
}

bool is_hex_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_plain_label(std::string_view label) {
    return !label.empty() && label.size() <= kHostNameLabelMax &&
           !label.starts_with(kEncodedPrefix) && is_letter_or_digit(label.front()) &&
           is_letter_or_digit(label.back()) &&
           std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

// The labels between the dots. The empty text is one empty label, and a dot at an end makes one
// too.
std::vector<std::string_view> labels_of(std::string_view text) {
    std::vector<std::string_view> labels;
    std::size_t begin = 0;
    for (std::size_t dot = text.find('.'); dot != std::string_view::npos;
         dot = text.find('.', begin)) {
        labels.push_back(text.substr(begin, dot - begin));
        begin = dot + 1;
    }
    labels.push_back(text.substr(begin));
    return labels;
}

std::string_view last_label(std::string_view text) {
    const std::size_t dot = text.rfind('.');
    return dot == std::string_view::npos ? text : text.substr(dot + 1);
}

bool is_plain_text(std::string_view classifier) {
    return std::ranges::all_of(labels_of(classifier), is_plain_label);
}

// The digits of a label `p<40 hex>`, or of `<40 hex>` that begins with a letter: nothing otherwise.
std::optional<std::string_view> authority_digits(std::string_view label) {
    if (label.size() == kAuthorityDigits + 1 && label.front() == 'p') {
        label.remove_prefix(1);
    } else if (label.size() != kAuthorityDigits || !is_letter(label.front())) {
        return std::nullopt;
    }
    if (!std::ranges::all_of(label, is_hex_digit)) return std::nullopt;
    return label;
}

bool is_authority_label(std::string_view label) {
    return label == kUnsecuredLabel || authority_digits(label).has_value();
}

std::string encode_labels(std::string_view classifier) {
    const std::string digits = to_base32(as_bytes(classifier));
    std::string labels;
    for (std::size_t i = 0; i < digits.size(); i += kEncodedDigitsMax) {
        if (i > 0) labels += '.';
        labels += kEncodedPrefix;
        labels += digits.substr(i, kEncodedDigitsMax);
    }
    return labels;
}

// Nothing unless every label is `k--` and some base32. Whether this is the one spelling of what
// comes out is for the caller to see, by spelling it again.
std::optional<std::string> decode_labels(std::string_view labels) {
    std::string digits;
    for (std::string_view label : labels_of(labels)) {
        if (!label.starts_with(kEncodedPrefix)) return std::nullopt;
        label.remove_prefix(kEncodedPrefix.size());
        if (label.empty()) return std::nullopt;
        digits += label;
    }
    const auto bytes = from_base32(digits);
    if (!bytes) return std::nullopt;
    return std::string(as_text(*bytes));
}

// The classifier as labels: the one spelling that it has. Not for an empty one.
std::expected<std::string, HostNameErrc> spell_classifier(const PeerName& name) {
    const std::string& classifier = name.classifier();
    if (!is_plain_text(classifier)) return encode_labels(classifier);
    if (name.is_secure() || !is_authority_label(last_label(classifier))) return classifier;
    // A bare authority may be somebody's attempt to pass for its owner; it has no host name at all.
    const bool is_bare = classifier.size() == kAuthorityDigits + 1 && authority_digits(classifier);
    if (is_bare) return std::unexpected(HostNameErrc::ambiguous);
    return encode_labels(classifier);
}

std::string to_lower(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

// A host name without its suffix.
struct Stem {
    std::string authority;                      // as a peer name has it
    std::optional<std::string_view> classifier; // its labels, if it has any
};

Stem split_stem(std::string_view stem) {
    const std::string_view label = last_label(stem);
    const auto digits = authority_digits(label);
    if (!digits && label != kUnsecuredLabel) return {"0", stem};
    std::string authority(digits.value_or("0"));
    if (label.size() == stem.size()) return {std::move(authority), std::nullopt};
    return {std::move(authority), stem.substr(0, stem.size() - label.size() - 1)};
}

// The peer name of a classifier's labels, which are in lower case.
std::expected<PeerName, HostNameErrc>
read_classifier(const std::string& authority, std::string_view labels) {
    std::optional<std::string> classifier;
    if (labels.starts_with(kEncodedPrefix)) {
        classifier = decode_labels(labels);
    } else if (is_plain_text(labels)) {
        classifier = labels;
    }
    if (!classifier) return std::unexpected(HostNameErrc::malformed);
    const auto name = PeerName::parse(authority + "." + *classifier);
    if (!name) return std::unexpected(HostNameErrc::bad_peer_name);

    // Only the one spelling is taken, so that whoever compares host names compares peer names.
    const auto spelling = spell_classifier(*name);
    if (!spelling) return std::unexpected(spelling.error());
    if (*spelling != labels) return std::unexpected(HostNameErrc::malformed);
    return *name;
}

} // namespace

std::expected<std::string, HostNameErrc> to_host_name(const PeerName& name) {
    std::string host;
    if (!name.classifier().empty()) {
        auto labels = spell_classifier(name);
        if (!labels) return std::unexpected(labels.error());
        host = std::move(*labels);
    }
    if (name.is_secure()) {
        if (!host.empty()) host += '.';
        host += 'p';
        host += to_hex(name.authority().bytes);
    }
    host += kSuffix;
    if (host.size() > kHostNameMax) return std::unexpected(HostNameErrc::too_long);
    return host;
}

std::expected<PeerName, HostNameErrc> from_host_name(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.size() > kHostNameMax) return std::unexpected(HostNameErrc::too_long);
    const std::string lower = to_lower(host);
    std::string_view stem = lower;
    if (!stem.ends_with(kSuffix) && !stem.ends_with(kPublishedSuffix)) {
        return std::unexpected(HostNameErrc::unknown_suffix);
    }
    static_assert(kSuffix.size() == kPublishedSuffix.size());
    stem.remove_suffix(kSuffix.size());

    const auto [authority, labels] = split_stem(stem);
    if (labels) return read_classifier(authority, *labels);
    const auto name = PeerName::parse(authority);
    if (!name) return std::unexpected(HostNameErrc::bad_peer_name);
    return *name;
}

} // namespace kith::identity
