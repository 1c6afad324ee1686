#include "pnrp/questions.hpp"
#include "pnrp/test_stage.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::endpoint_of_byte;

class QuestionsTest : public testing::Test {
protected:
    // Everything is asked at the beginning, and late after a second.
    void look_up(unsigned byte) {
        questions.add(
            AskedLookup{MessageId{byte}, Hop{Bench::entry_of_byte(byte)}, at({}).instant, 1s});
    }

    void inquire(unsigned byte) {
        questions.add(AskedInquire{
            .id = MessageId{byte},
            .hop = Hop{Bench::entry_of_byte(byte)},
            .late_at = at(1s).instant});
    }

    Questions questions;
};

TEST_F(QuestionsTest, AreTakenByTheirId) {
    look_up(1);
    inquire(2);
    EXPECT_FALSE(questions.take_lookup(MessageId{2}));
    EXPECT_FALSE(questions.take_inquire(MessageId{1}));
    EXPECT_EQ(questions.find_inquire(MessageId{1}), nullptr);
    EXPECT_NE(questions.find_inquire(MessageId{2}), nullptr);
    EXPECT_TRUE(questions.asks(Bench::entry_of_byte(1)));
    EXPECT_FALSE(questions.inquires(Bench::entry_of_byte(1)));
    EXPECT_TRUE(questions.inquires(Bench::entry_of_byte(2)));
    EXPECT_EQ(questions.take_lookup(MessageId{1})->hop.entry, Bench::entry_of_byte(1));
    EXPECT_EQ(questions.take_inquire(MessageId{2})->hop.entry, Bench::entry_of_byte(2));
    EXPECT_FALSE(questions.asks(Bench::entry_of_byte(1)));
    EXPECT_TRUE(questions.lookups().empty() && questions.inquiries().empty());
}

TEST_F(QuestionsTest, AreLateOnceAndThenWrittenOff) {
    look_up(1);
    EXPECT_EQ(questions.next_late(), at(1s).instant);
    EXPECT_TRUE(questions.note_late_lookups(at(999ms)).empty());
    EXPECT_EQ(questions.note_late_lookups(at(1s)).size(), 1U);
    EXPECT_TRUE(questions.note_late_lookups(at(1s)).empty());
    EXPECT_EQ(questions.next_late(), at(2s).instant);
    EXPECT_EQ(questions.lookups_in_flight(), 1U);
    EXPECT_EQ(questions.write_off(at(1s)), 0U);
    EXPECT_EQ(questions.write_off(at(2s)), 1U);
    EXPECT_EQ(questions.write_off(at(2s)), 0U);
    EXPECT_EQ(questions.lookups_in_flight(), 0U);
    EXPECT_EQ(questions.lookups().size(), 1U);
    EXPECT_FALSE(questions.next_late());
}

TEST_F(QuestionsTest, WaitForNoSecondAnswerWhereOneWasNotValid) {
    inquire(1);
    EXPECT_TRUE(questions.awaits_inquiry() && questions.has_timely_inquiry());
    EXPECT_EQ(questions.next_late(), at(1s).instant);
    questions.find_inquire(MessageId{1})->is_late = true;
    EXPECT_TRUE(questions.awaits_inquiry());
    EXPECT_FALSE(questions.has_timely_inquiry());
    questions.find_inquire(MessageId{1})->refused = 1;
    EXPECT_FALSE(questions.awaits_inquiry());
    EXPECT_FALSE(questions.next_late());
    EXPECT_TRUE(questions.inquires(Bench::entry_of_byte(1)));
}

TEST_F(QuestionsTest, TestTheWordOfAnInformant) {
    inquire(1);
    EXPECT_FALSE(questions.tests_word_of(Hop{Bench::entry_of_byte(2)}));
    questions.find_inquire(MessageId{1})->hop.informant = endpoint_of_byte(2);
    EXPECT_TRUE(questions.tests_word_of(Hop{Bench::entry_of_byte(2)}));
    EXPECT_FALSE(questions.tests_word_of(Hop{Bench::entry_of_byte(3)}));
    questions.find_inquire(MessageId{1})->refused = 1; // then it is known
    EXPECT_FALSE(questions.tests_word_of(Hop{Bench::entry_of_byte(2)}));
}

TEST_F(QuestionsTest, KnowWhetherAPublisherIsAsked) {
    look_up(1);
    EXPECT_FALSE(questions.asks_publisher());
    Hop publisher{Bench::entry_of_byte(2)};
    publisher.is_publisher = true;
    questions.add(AskedLookup{MessageId{2}, publisher, at({}).instant, 1s});
    EXPECT_TRUE(questions.asks_publisher());
    questions.clear();
    EXPECT_FALSE(questions.asks_publisher());
}

} // namespace
} // namespace kith::pnrp
