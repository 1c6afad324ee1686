#include "base/random.hpp"
#include "pnrp/ssdp.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

const Profile& kProfile = modern_profile();

std::expected<SsdpMessage, SsdpErrc> parse(std::string_view text) {
    return parse_ssdp(kProfile, as_bytes(text));
}

SsdpErrc why(std::string_view text) {
    const auto message = parse(text);
    EXPECT_FALSE(message.has_value()) << text;
    return message ? SsdpErrc{255} : message.error();
}

std::string answer(const std::string& headers) {
    return "HTTP/1.1 200 OK\r\n"
           "ST:urn:Microsoft Windows Peer Name Resolution Protocol: V5:IPV6:LinkLocal\r\n" +
           headers + "\r\n";
}

std::string search(const std::string& headers) {
    return "M-SEARCH * HTTP/1.1\r\n"
           "ST:urn:Microsoft Windows Peer Name Resolution Protocol: V5:IPV6:Global\r\n" +
           headers + "\r\n";
}

// PNRP-144; vectors 1.1: what Windows sends, byte for byte.
TEST(SsdpTest, PublishedSearchIsThatOfWindows) {
    const std::string windows =
        "M-SEARCH * HTTP/1.1\r\n"
        "Host:[FF02::C]:1900\r\n"
        "ST:urn:Microsoft Windows Peer Name Resolution Protocol: V4:IPV6:LinkLocal\r\n"
        "Man:\"ssdp:discover\"\r\n"
        "MX:3\r\n"
        "\r\n";
    ASSERT_EQ(windows.size(), 146U);
    const Profile published = windows_profile();
    EXPECT_EQ(encode_ssdp_search(published, Scope::link), windows);
    EXPECT_EQ(
        parse_ssdp(published, as_bytes(windows)), (SsdpMessage{Scope::link, std::nullopt, 3}));
    EXPECT_EQ(why(windows), SsdpErrc::not_ours);
}

// Vectors 1.2: the answer of a Windows machine, which has no empty last line.
TEST(SsdpTest, PublishedAnswerIsUnderstood) {
    const std::string windows =
        "HTTP/1.1 200 OK\r\n"
        "ST:urn:Microsoft Windows Peer Name Resolution Protocol: V4:IPV6:LinkLocal\r\n"
        "USN:[fe80::aaaa:bbbb:cccc:dddd]:3540\r\n"
        "Location:192.168.1.1\r\n"
        "AL:[fe80::aaaa:bbbb:cccc:dddd]:3540\r\n"
        "OPT:\"http://schemas.upnp.org/upnp/1/0/\"; ns=01\r\n"
        "01-NLS:abcdef0123456789abcdef012345678\r\n"
        "Cache-Control:max-age=14400\r\n"
        "Server:Microsoft-Windows-NT/5.1 UPnP/1.0 UPnP-Device-Host/1.0\r\n"
        "Ext:\r\n";
    const auto message = parse_ssdp(windows_profile(), as_bytes(windows));
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->scope, Scope::link);
    EXPECT_EQ(message->member, parse_endpoint("[fe80::aaaa:bbbb:cccc:dddd]:3540"));
}

TEST(SsdpTest, WhatIsWrittenIsRead) {
    for (const Scope scope : {Scope::global, Scope::site, Scope::link}) {
        for (const SsdpGroup group : {SsdpGroup::v6, SsdpGroup::v4}) {
            const auto read = parse(encode_ssdp_search(kProfile, scope, group));
            EXPECT_EQ(read, (SsdpMessage{scope, std::nullopt, 3}));
        }
        for (const char* where : {"[2001:db8::1]:3540", "203.0.113.7:1025", "[fe80::1]:65535"}) {
            const auto member = parse_endpoint(where);
            const std::string text = encode_ssdp_answer(kProfile, scope, *member);
            EXPECT_NE(text.find("\r\nAL:" + std::string(where) + "\r\n"), text.npos);
            EXPECT_NE(text.find("\r\nUSN:" + std::string(where) + "\r\n"), text.npos);
            EXPECT_LE(text.size(), kSsdpSizeMax);
            EXPECT_EQ(parse(text), (SsdpMessage{scope, member, 0}));
        }
    }
    EXPECT_NE(
        encode_ssdp_search(kProfile, Scope::site, SsdpGroup::v4)
            .find("Host:239.255.255.250:1900\r\n"),
        std::string::npos);
}

TEST(SsdpTest, HeaderNamesHaveNoCaseAndValuesNoBlanksAround) {
    const auto message =
        parse("HTTP/1.1 200 OK\r\n"
              "al: \t[2001:db8::1]:3540 \r\n"
              "sT: urn:Microsoft Windows Peer Name Resolution Protocol: V5:IPV6:SiteLocal\r\n"
              "\r\n");
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->scope, Scope::site);
    EXPECT_EQ(message->member, parse_endpoint("[2001:db8::1]:3540"));
}

TEST(SsdpTest, OtherPeoplesMessagesAreNotOurs) { // PNRP-145
    EXPECT_EQ(why("NOTIFY * HTTP/1.1\r\nNT:upnp:rootdevice\r\n\r\n"), SsdpErrc::not_ours);
    EXPECT_EQ(why("HTTP/1.1 404 Not Found\r\n\r\n"), SsdpErrc::not_ours);
    EXPECT_EQ(
        why("M-SEARCH * HTTP/1.1\r\nST:ssdp:all\r\nMAN:\"ssdp:discover\"\r\nMX:1\r\n\r\n"),
        SsdpErrc::not_ours);
    EXPECT_EQ(why("M-SEARCH * HTTP/1.1\r\n\r\n"), SsdpErrc::not_ours);
    for (const char* end :
         {"V4:IPV6:LinkLocal",
          "V5:IPV6:linklocal",
          "V5:IPV6:",
          "V5:IPV6:Global "
          "x"}) {
        EXPECT_EQ(
            why("HTTP/1.1 200 OK\r\nST:urn:Microsoft Windows Peer Name Resolution Protocol: " +
                std::string(end) + "\r\nAL:[2001:db8::1]:3540\r\n\r\n"),
            SsdpErrc::not_ours);
    }
}

// PNRP-146: the address is a stranger's word: it must at least be one.
TEST(SsdpTest, AnswerNeedsOneUsableLocation) {
    EXPECT_TRUE(parse(answer("AL:[2001:db8::1]:1025\r\n")).has_value());
    for (const char* headers : {
             "",
             "AL:\r\n",
             "AL:[2001:db8::1]:1024\r\n",
             "AL:[2001:db8::1]:0\r\n",
             "AL:[2001:db8::1]:65536\r\n",
             "AL:[2001:db8::1]\r\n",
             "AL:[fe80::1%3]:3540\r\n",
             "AL:2001:db8::1:3540\r\n",
             "AL:http://[2001:db8::1]:3540\r\n",
             "AL:host.example:3540\r\n",
             "AL:[2001:db8::1]:3540\r\nAL:[2001:db8::2]:3540\r\n",
         }) {
        EXPECT_EQ(why(answer(headers)), SsdpErrc::bad_syntax);
    }
}

TEST(SsdpTest, SearchNeedsManAndMx) {
    const std::string man = "MAN:\"ssdp:discover\"\r\n";
    const auto wait = [&](const char* mx) {
        return parse(search(man + "MX:" + mx + "\r\n"))->wait_seconds_max;
    };
    EXPECT_EQ(wait("1"), 1);
    EXPECT_EQ(wait("5"), 5);
    EXPECT_EQ(wait("120"), kSsdpWaitMax);
    for (const char* mx : {"0", "-1", "x", "3s", "99999999999"})
        EXPECT_EQ(why(search(man + "MX:" + mx + "\r\n")), SsdpErrc::bad_syntax);
    EXPECT_EQ(why(search(man)), SsdpErrc::bad_syntax);
    EXPECT_EQ(why(search("MX:3\r\n")), SsdpErrc::bad_syntax);
    EXPECT_EQ(why(search("MAN:ssdp:discover\r\nMX:3\r\n")), SsdpErrc::bad_syntax);
}

TEST(SsdpTest, FormIsStrictAndBounded) {
    const std::string al = "AL:[2001:db8::1]:3540\r\n";
    EXPECT_TRUE(parse(answer(al)).has_value());
    EXPECT_EQ(why(""), SsdpErrc::bad_syntax);
    EXPECT_EQ(why("HTTP/1.1 200 OK"), SsdpErrc::bad_syntax);
    EXPECT_EQ(why(answer(al) + "body"), SsdpErrc::bad_syntax);
    EXPECT_EQ(why(answer(al + "no colon\r\n")), SsdpErrc::bad_syntax);
    EXPECT_EQ(why(answer(al + ":nothing\r\n")), SsdpErrc::bad_syntax);
    EXPECT_EQ(why(answer(al + "a b:c\r\n")), SsdpErrc::bad_syntax);
    const std::string whole = answer(al);
    EXPECT_TRUE(parse(whole.substr(0, whole.size() - 2)).has_value()); // as Windows does
    EXPECT_EQ(why(whole.substr(0, whole.size() - 3)), SsdpErrc::bad_syntax);
    EXPECT_EQ(why(answer("AL:[2001:db8::1]\x01:3540\r\n")), SsdpErrc::bad_syntax);

    const auto long_line = [&](std::size_t size) {
        return answer(al + "X:" + std::string(size - 2, 'x') + "\r\n");
    };
    EXPECT_TRUE(parse(long_line(kSsdpLineSizeMax)).has_value());
    EXPECT_EQ(why(long_line(kSsdpLineSizeMax + 1)), SsdpErrc::bad_syntax);

    const auto many_lines = [&](std::size_t extra) {
        std::string headers = al;
        for (std::size_t i = 0; i < extra; ++i)
            headers += "X:y\r\n";
        return answer(headers);
    };
    EXPECT_TRUE(parse(many_lines(kSsdpLinesMax - 2)).has_value());
    EXPECT_EQ(why(many_lines(kSsdpLinesMax - 1)), SsdpErrc::bad_syntax);

    EXPECT_EQ(why(std::string(kSsdpSizeMax + 1, 'x')), SsdpErrc::oversized);
}

TEST(SsdpTest, DamageIsRefusedOrReadsAsSomethingThatCanBeWritten) {
    SeededRandom random(9);
    const std::string whole =
        encode_ssdp_answer(kProfile, Scope::link, *parse_endpoint("[fe80::1]:3540"));
    for (int i = 0; i < 20'000; ++i) {
        std::string damaged = whole;
        damaged[random.below(damaged.size())] = static_cast<char>(random.next());
        const auto message = parse(damaged);
        if (message && message->member) {
            ASSERT_EQ(
                parse(encode_ssdp_answer(kProfile, message->scope, *message->member)), message);
        }
    }
}

} // namespace
} // namespace kith::pnrp
