#include "pnrp/contacts.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

Endpoint contact(unsigned number, std::uint16_t port = 3540) {
    return {Address::v4(0x0500'0000U + number), port};
}

Now after(std::chrono::minutes since) {
    return {Instant(std::chrono::hours(1)) + since, {}};
}

TEST(Contacts, WithoutRecordingEverybodyMayBeOne) {
    Contacts contacts;
    contacts.note(contact(1));
    EXPECT_TRUE(contacts.has(contact(2).address));
    EXPECT_TRUE(contacts.latest().empty());
}

TEST(Contacts, KnowsAddressesAndForgetsThemInTime) {
    Contacts contacts;
    contacts.set_recording(true);
    contacts.handle_timeout(after(std::chrono::minutes(0)));
    contacts.note(contact(1));
    EXPECT_TRUE(contacts.has(contact(1, 9).address));
    EXPECT_FALSE(contacts.has(contact(2).address));
    contacts.handle_timeout(after(std::chrono::minutes(10)));
    EXPECT_TRUE(contacts.has(contact(1).address));
    contacts.handle_timeout(after(std::chrono::minutes(20)));
    EXPECT_FALSE(contacts.has(contact(1).address));
}

TEST(Contacts, BegunAnewItKnowsNoStrangersForAWhile) {
    Contacts contacts;
    contacts.set_recording(true);
    contacts.handle_timeout(after(std::chrono::minutes(0)));
    contacts.set_recording(true); // goes on
    EXPECT_FALSE(contacts.has(contact(1).address));
    contacts.set_recording(false);
    contacts.note(contact(1));
    contacts.set_recording(true);
    contacts.handle_timeout(after(std::chrono::minutes(5)));
    EXPECT_TRUE(contacts.has(contact(1).address));
    contacts.handle_timeout(after(std::chrono::minutes(15)));
    EXPECT_TRUE(contacts.has(contact(1).address));
    contacts.handle_timeout(after(std::chrono::minutes(25)));
    EXPECT_FALSE(contacts.has(contact(1).address));
}

TEST(Contacts, WithTooManyNobodyIsAStranger) {
    Contacts contacts;
    contacts.set_recording(true);
    for (unsigned i = 0; i <= kContactsMax; ++i)
        contacts.note(contact(i));
    EXPECT_TRUE(contacts.has(contact(100'000).address));
    EXPECT_LT(contacts.state_bytes(), 64U * 1024U);
}

TEST(Contacts, GivesTheLatestOnce) {
    Contacts contacts;
    contacts.set_recording(true);
    for (unsigned i = 0; i < 40; ++i)
        contacts.note(contact(i));
    contacts.note(contact(30));
    const auto latest = contacts.latest();
    EXPECT_EQ(latest.size(), kPathEndpointsMax);
    EXPECT_EQ(latest.back(), contact(30));
    EXPECT_EQ(std::count(latest.begin(), latest.end(), contact(30)), 1);
}

} // namespace
} // namespace kith::pnrp
