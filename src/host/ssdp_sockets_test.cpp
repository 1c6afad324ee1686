#include "host/network_namespace_test.hpp"
#include "host/ssdp_sockets.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <string>
#include <vector>

namespace kith::host {
namespace {

const Endpoint kGroups[] = {
    *parse_endpoint("[ff02::c]:1900"), *parse_endpoint("239.255.255.250:1900")};

struct Heard {
    Endpoint from;
    std::string text;
};

std::vector<Interface> the_link() {
    std::vector<Interface> all = up_interfaces().value();
    std::erase_if(all, [](const Interface& i) { return i.name != "kith0"; });
    return all;
}

// What arrives within a short while; on loopback that is at once.
std::vector<Heard> hear(SsdpSockets& sockets) {
    std::vector<pollfd> waiting;
    for (const int fd : sockets.native_handles())
        waiting.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    std::vector<Heard> out;
    while (::poll(waiting.data(), waiting.size(), 200) > 0 && out.size() < 16) {
        for (const pollfd& ready : waiting) {
            if ((ready.revents & POLLIN) == 0) continue;
            sockets.receive(ready.fd, [&](const ReceivedDatagram& datagram) {
                out.push_back({datagram.remote, std::string(as_text(datagram.payload))});
            });
        }
    }
    return out;
}

// PNRP-251
TEST(SsdpSockets, search_the_link_and_hear_the_answer) {
    const bool ran = in_network_namespace([] {
        ASSERT_TRUE(make_link());
        const std::vector<Interface> link = the_link();
        ASSERT_EQ(link.size(), 1U);
        SsdpSockets asks;
        SsdpSockets answers;
        ASSERT_TRUE(asks.problems().empty()) << asks.problems()[0].message();
        ASSERT_TRUE(answers.problems().empty()) << "the port is not shared";
        asks.set_interfaces(link);
        answers.set_interfaces(link);
        for (const Endpoint& group : kGroups) {
            asks.send(group, 0, as_bytes("M-SEARCH"));
            const auto question = hear(answers);
            ASSERT_EQ(question.size(), 1U) << to_string(group);
            EXPECT_EQ(question[0].text, "M-SEARCH");
            EXPECT_NE(question[0].from.port, kSsdpPort) << "answers would go to another program";
            EXPECT_TRUE(hear(asks).empty()) << "it hears itself";
            answers.send(question[0].from, 0, as_bytes("HTTP/1.1 200 OK"));
            const auto answer = hear(asks);
            ASSERT_EQ(answer.size(), 1U) << to_string(group);
            EXPECT_EQ(answer[0].text, "HTTP/1.1 200 OK");
        }
    });
    if (!ran) GTEST_SKIP() << "needs the right to make a network namespace";
}

TEST(SsdpSockets, leave_out_interfaces_that_cannot_multicast) {
    const bool ran = in_network_namespace([] {
        ASSERT_TRUE(make_link());
        const std::vector<Interface> link = the_link();
        ASSERT_EQ(link.size(), 1U);
        SsdpSockets asks;
        SsdpSockets answers;
        answers.set_interfaces(link);
        asks.set_interfaces(link);
        asks.send(kGroups[1], 0, as_bytes("M-SEARCH"));
        ASSERT_EQ(hear(answers).size(), 1U);
        std::vector<Interface> without = link;
        without[0].is_multicast = false;
        asks.set_interfaces(without);
        asks.send(kGroups[1], 0, as_bytes("M-SEARCH"));
        EXPECT_TRUE(hear(answers).empty());
    });
    if (!ran) GTEST_SKIP() << "needs the right to make a network namespace";
}

// PNRP-238
TEST(AddressWatch, tells_of_a_new_address) {
    const bool ran = in_network_namespace([] {
        auto watch = AddressWatch::open();
        ASSERT_TRUE(watch);
        watch->drain();
        pollfd waiting{.fd = watch->native_handle(), .events = POLLIN, .revents = 0};
        EXPECT_EQ(::poll(&waiting, 1, 0), 0);
        const std::size_t before = local_addresses().value().size();
        ASSERT_TRUE(add_address("lo:1", "203.0.113.7"));
        EXPECT_EQ(::poll(&waiting, 1, 2000), 1);
        watch->drain();
        EXPECT_EQ(::poll(&waiting, 1, 0), 0);
        EXPECT_GT(local_addresses().value().size(), before);
    });
    if (!ran) GTEST_SKIP() << "needs the right to make a network namespace";
}

} // namespace
} // namespace kith::host
