#include "base/random.hpp"
#include "identity/host_name.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>
#include <utility>

namespace kith::identity {
namespace {

// One authority that begins with a digit and one that begins with a letter.
const std::string kDigitHex = "4562b4628ac54782dda52789038476237e7c7263";
const std::string kLetterHex = "ab20c005f63fc1864b7d8f3cabebd4916ae7f33d";

PeerName peer_name(const std::string& text) {
    return PeerName::parse(text).value();
}

std::string host_of(const std::string& peer_name_text) {
    const auto host = to_host_name(peer_name(peer_name_text));
    EXPECT_TRUE(host.has_value()) << peer_name_text;
    return host.value_or("");
}

// The peer name of `host` as text, or what is wrong with it.
std::string name_of(const std::string& host) {
    const auto name = from_host_name(host);
    if (name) return name->to_string();
    switch (name.error()) {
    case HostNameErrc::too_long:
        return "too_long";
    case HostNameErrc::ambiguous:
        return "ambiguous";
    case HostNameErrc::unknown_suffix:
        return "unknown_suffix";
    case HostNameErrc::malformed:
        return "malformed";
    case HostNameErrc::bad_peer_name:
        return "bad_peer_name";
    }
    return "";
}

struct HostVector {
    std::string peer_name;
    std::string host;
};

// The base32 is that of Python's base64.b32encode.
TEST(HostName, HasTheThreeForms) {
    const std::string digits_of_64_x =
        "pb4hq6dypb4hq6dypb4hq6dypb4hq6dypb4hq6dypb4hq6dypb4hq6dypb4h"
        "q6dypb4hq6dypb4hq6dypb4hq6dypb4hq6dypb4hq6a";
    for (const HostVector& vector :
         {HostVector{kDigitHex + ".johndoe", "johndoe.p" + kDigitHex + ".kith.alt"},
          HostVector{kDigitHex, "p" + kDigitHex + ".kith.alt"},
          HostVector{kLetterHex, "p" + kLetterHex + ".kith.alt"},
          HostVector{"0.johndoe", "johndoe.kith.alt"},
          HostVector{"0.johndoe.games", "johndoe.games.kith.alt"},
          HostVector{"0.x-1", "x-1.kith.alt"},
          HostVector{"0.John Doe", "k--jjxwq3rairxwk.kith.alt"},
          HostVector{"0.MyApplication", "k--jv4uc4dqnruwgylunfxw4.kith.alt"},
          HostVector{kLetterHex + ".Zo\xc3\xab", "k--ljx4hky.p" + kLetterHex + ".kith.alt"},
          HostVector{"0.k--abc", "k--nmws2ylcmm.kith.alt"},
          HostVector{
              "0." + std::string(64, 'x'),
              "k--" + digits_of_64_x.substr(0, 60) + ".k--" + digits_of_64_x.substr(60) +
                  ".kith.alt"}}) {
        EXPECT_EQ(host_of(vector.peer_name), vector.host);
        EXPECT_EQ(name_of(vector.host), vector.peer_name);
    }
}

// spec/vectors-pnrp 1.4 and spec/api 3.10: the forms that Microsoft's pages print.
TEST(HostName, ReadsThePublishedForms) {
    EXPECT_EQ(name_of("johndoe.pnrp.net"), "0.johndoe");
    EXPECT_EQ(name_of("pnrpsampletest.pnrp.net"), "0.pnrpsampletest");
    EXPECT_EQ(
        name_of("p.p4562b4628ac54782dda52789038476237e7c7263.pnrp.net"),
        "4562b4628ac54782dda52789038476237e7c7263.p");
}

TEST(HostName, ReadsWhatItDoesNotPrint) {
    EXPECT_EQ(name_of("web.p" + kDigitHex + ".pnrp.net"), kDigitHex + ".web");
    EXPECT_EQ(name_of("web." + kLetterHex + ".kith.alt"), kLetterHex + ".web");
    EXPECT_EQ(name_of(kLetterHex + ".pnrp.net"), kLetterHex);
    EXPECT_EQ(name_of("web.p0.kith.alt"), "0.web");
    EXPECT_EQ(name_of("web.P0.PNRP.Net"), "0.web");
    EXPECT_EQ(name_of("Web.P" + kDigitHex + ".Kith.ALT"), kDigitHex + ".web");
    EXPECT_EQ(name_of("K--LJX4HKY.kith.alt"), "0.Zo\xc3\xab");
    EXPECT_EQ(name_of("web.kith.alt."), "0.web");
    EXPECT_EQ(name_of("web.pnrp.net."), "0.web");
}

// Without the p only an authority that begins with a letter is one: the other is a classifier.
TEST(HostName, AnAuthorityWithoutThePBeginsWithALetter) {
    EXPECT_EQ(name_of("web." + kDigitHex + ".kith.alt"), "0.web." + kDigitHex);
    EXPECT_EQ(name_of(kDigitHex + ".kith.alt"), "0." + kDigitHex);
    EXPECT_EQ(host_of("0." + kDigitHex), kDigitHex + ".kith.alt");
}

TEST(HostName, RefusesAnUnsecuredClassifierThatWouldReadAsAnAuthority) {
    for (const std::string& hex : {kDigitHex, kLetterHex, std::string(40, '0')}) {
        EXPECT_EQ(to_host_name(peer_name("0.p" + hex)).error(), HostNameErrc::ambiguous) << hex;
        EXPECT_EQ(name_of("p" + hex + ".p0.kith.alt"), "ambiguous");
    }
    // In base32 it would be the same trick. These are the digits of "p" and 40 times "a".
    const std::string head = "obqwcylbmfqwcylbmfqwcylbmfqwcylbmfqwcylbmfqwcylbmfqwcylbmfqw";
    EXPECT_EQ(name_of("k--" + head + ".k--cylbme.kith.alt"), "ambiguous");
    EXPECT_EQ(name_of("k--" + head + ".k--cylbme.p" + kDigitHex + ".kith.alt"), "malformed");
}

// Every other unsecured classifier whose last label reads as an authority goes into base32, and so
// still has a host name.
TEST(HostName, WritesAClassifierThatEndsLikeAnAuthorityInBase32) {
    EXPECT_EQ(host_of("0.p0"), "k--oaya.kith.alt");
    EXPECT_EQ(host_of("0.foo.p0"), "k--mzxw6ltqga.kith.alt");
    for (const std::string& classifier :
         {std::string("p0"),
          std::string("foo.p0"),
          kLetterHex,
          "foo." + kLetterHex,
          "foo.p" + kDigitHex}) {
        const std::string host = host_of("0." + classifier);
        EXPECT_TRUE(host.starts_with("k--")) << host;
        EXPECT_EQ(name_of(host), "0." + classifier);
    }
    // Before an authority there is nothing to take it for.
    for (const std::string& classifier : {std::string("p0"), kLetterHex, "p" + kDigitHex}) {
        const PeerName name =
            PeerName::secure(peer_name(kDigitHex).authority(), classifier).value();
        const auto host = to_host_name(name);
        EXPECT_EQ(host.value(), fmt::format("{}.p{}.kith.alt", classifier, kDigitHex));
        EXPECT_EQ(from_host_name(host.value()).value(), name);
    }
}

TEST(HostName, WritesInBase32WhatAreNoLabels) {
    for (const std::string& classifier :
         {std::string("."),
          std::string(".x"),
          std::string("x."),
          std::string("a..b"),
          std::string("-x"),
          std::string("x-"),
          std::string("a.-b"),
          std::string("a_b"),
          std::string("a.B"),
          std::string("a.k--b"),
          std::string("\x01"),
          std::string("x y"),
          std::string(64, 'x'),
          "a." + std::string(64, 'x')}) {
        const std::string host = host_of("0." + classifier);
        EXPECT_TRUE(host.starts_with("k--")) << host;
        EXPECT_EQ(name_of(host), "0." + classifier);
    }
    for (const std::string& classifier :
         {std::string(63, 'x'),
          std::string("k-a"),
          std::string("xn--abc"),
          std::string("a.b.c"),
          std::string("1.2")}) {
        EXPECT_EQ(host_of("0." + classifier), classifier + ".kith.alt");
    }
}

TEST(HostName, RefusesOtherSuffixes) {
    for (const std::string host :
         {"",
          ".",
          "web",
          "web.alt",
          "web.kith",
          "web.kith.net",
          "web.pnrp.alt",
          "kith.alt",
          "webkith.alt",
          "web.kith.alt.example",
          "web.kith.alt..",
          "web.kith.al",
          "xkith.alt"}) {
        EXPECT_EQ(name_of(host), "unknown_suffix") << host;
    }
}

TEST(HostName, RefusesLabelsThatAreNone) {
    for (const std::string& host :
         {std::string(".kith.alt"),
          std::string("..kith.alt"),
          std::string(".web.kith.alt"),
          std::string("a..b.kith.alt"),
          ".p" + kDigitHex + ".kith.alt",
          "a..p" + kDigitHex + ".kith.alt",
          std::string("a b.kith.alt"),
          std::string("-a.kith.alt"),
          std::string("a-.kith.alt"),
          std::string("a_b.kith.alt"),
          std::string("\xc3\xab.kith.alt"),
          std::string("a\0b.kith.alt", 12),
          std::string(64, 'x') + ".kith.alt",
          std::string("a.k--nmws2ylcmm.kith.alt"),
          std::string("k--.kith.alt"),
          std::string("k--m.kith.alt"),
          std::string("k--m0.kith.alt"),
          std::string("k--ljx4hky.a.kith.alt")}) {
        EXPECT_EQ(name_of(host), "malformed") << host;
    }
}

// One name has one spelling, so that comparing host names compares peer names.
TEST(HostName, RefusesBase32WithoutNeedOrOtherwiseCut) {
    EXPECT_EQ(name_of("k--mzxw6.kith.alt"), "malformed");             // "foo" stands as it is
    EXPECT_EQ(name_of("k--jjxwq3.k--rairxwk.kith.alt"), "malformed"); // "John Doe" fits one label
    EXPECT_EQ(name_of("k--ljx4hkz.kith.alt"), "malformed");           // unused bits are set
    EXPECT_EQ(name_of("web.p0.p0.kith.alt"), "malformed");            // "web.p0" needs base32
}

TEST(HostName, RefusesWhatDecodesToNoPeerName) {
    EXPECT_EQ(name_of("p0.kith.alt"), "bad_peer_name");
    EXPECT_EQ(name_of("p" + std::string(40, '0') + ".kith.alt"), "bad_peer_name");
    EXPECT_EQ(name_of("web.p" + std::string(40, '0') + ".kith.alt"), "bad_peer_name");
    EXPECT_EQ(name_of("k--aa.kith.alt"), "bad_peer_name"); // U+0000
    EXPECT_EQ(name_of("k--74.kith.alt"), "bad_peer_name"); // 0xff is not UTF-8
    const std::string labels = std::string(63, 'a') + "." + std::string(63, 'a') + ".";
    EXPECT_EQ(
        name_of(labels + std::string(21, 'a') + ".kith.alt"), "0." + labels + std::string(21, 'a'));
    EXPECT_EQ(name_of(labels + std::string(22, 'a') + ".kith.alt"), "bad_peer_name");
}

// Of 253 characters, 9 are the suffix; 143 bytes are 229 digits in 4 labels, 244 characters.
TEST(HostName, FitsIn253CharactersOrSaysSo) {
    const std::string longest = "0." + std::string(143, 'X');
    EXPECT_EQ(host_of(longest).size(), kHostNameMax);
    EXPECT_EQ(name_of(host_of(longest)), longest);
    EXPECT_EQ(name_of(host_of(longest) + "."), longest);
    EXPECT_EQ(to_host_name(peer_name(longest + "X")).error(), HostNameErrc::too_long);
    EXPECT_EQ(name_of(std::string(254 - 9, 'x') + ".kith.alt"), "too_long");
    // A classifier that stands as it is always fits.
    const std::string plain =
        std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(21, 'c');
    EXPECT_EQ(name_of(host_of(kDigitHex + "." + plain)), kDigitHex + "." + plain);
}

// A classifier of random pieces that lie near every rule.
std::string random_classifier(SeededRandom& random) {
    const std::string pieces[] = {
        "a",
        "z9",
        "-",
        ".",
        "k--",
        "p0",
        "p" + kDigitHex,
        kLetterHex,
        kDigitHex,
        "X",
        " ",
        "\xc3\xab",
        "\xf0\x9f\x98\x80",
        std::string(60, 'q'),
        std::string(1, '\x01')};
    std::string classifier;
    const std::uint64_t count = 1 + random.below(6);
    for (std::uint64_t i = 0; i < count; ++i)
        classifier += pieces[random.below(std::size(pieces))];
    return classifier;
}

bool has_legal_labels(const std::string& host) {
    std::size_t label = 0;
    for (const char c : host) {
        if (c == '.' && label == 0) return false;
        label = c == '.' ? 0 : label + 1;
        const bool is_legal =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (!is_legal || label > kHostNameLabelMax) return false;
    }
    return label > 0 && host.size() <= kHostNameMax;
}

TEST(HostName, RoundTripsForEveryNameThatHasOne) {
    SeededRandom random(5);
    std::size_t printed = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::string authority =
            std::array{std::string("0"), kDigitHex, kLetterHex}[random.below(3)];
        const auto name = PeerName::parse(authority + "." + random_classifier(random));
        if (!name) continue;
        const auto host = to_host_name(*name);
        if (!host) {
            const bool is_bare =
                name->classifier() == "p" + kDigitHex || name->classifier() == "p" + kLetterHex;
            EXPECT_TRUE(host.error() == HostNameErrc::too_long || (is_bare && !name->is_secure()));
            continue;
        }
        ++printed;
        EXPECT_TRUE(has_legal_labels(*host)) << *host;
        const auto back = from_host_name(*host);
        ASSERT_TRUE(back.has_value()) << *host << " of " << name->to_string();
        EXPECT_EQ(*back, *name) << *host;
    }
    EXPECT_GT(printed, 10'000U);
}

} // namespace
} // namespace kith::identity
