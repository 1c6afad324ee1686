#include "embed/test_executor.hpp"

#include <algorithm>
#include <future>
#include <gtest/gtest.h>
#include <kith/names.hpp>
#include <set>
#include <thread>

namespace kith {
namespace {

using namespace std::chrono_literals;

Names open(std::vector<std::string> seeds = {}, NodeOptions options = {}) {
    options.listen = {"127.0.0.1:0"};
    options.seeds = std::move(seeds);
    options.discover_on_link = false; // other tests that run now publish the same names
    auto names = Names::open(std::move(options));
    if (!names) throw std::runtime_error(names.error().message);
    return std::move(*names);
}

class NamesTest : public testing::Test {
protected:
    Names home_ = open();
    Names away_ = open({home_.listening().front()});
    Identity alice_ = *Identity::create("alice");
};

TEST_F(NamesTest, are_found_at_another_node) {
    const std::vector<std::byte> payload(700, std::byte{7});
    const auto name = home_.publish(
        {.owner = alice_,
         .classifier = "web",
         .addresses = {"127.0.0.1:80/tcp", "127.0.0.1:53/udp"},
         .comment = "hello",
         .payload = payload});
    ASSERT_TRUE(name) << name.error().message;
    EXPECT_EQ(*name, alice_.authority() + ".web");
    EXPECT_EQ(*name, *alice_.name("web"));

    const auto ticket = away_.resolve({.name = *name, .timeout = 10s});
    ASSERT_TRUE(ticket);
    const auto resolved = away_.wait(15s);
    ASSERT_TRUE(resolved);
    EXPECT_EQ(resolved->ticket, *ticket);
    ASSERT_TRUE(resolved->outcome) << resolved->outcome.error().message;
    const Found& found = *resolved->outcome;
    EXPECT_EQ(found.name, *name);
    EXPECT_EQ(found.addresses, (std::vector<std::string>{"127.0.0.1:80/tcp", "127.0.0.1:53/udp"}));
    EXPECT_EQ(found.comment, "hello");
    EXPECT_EQ(found.payload, payload);
    EXPECT_TRUE(found.is_secure);
    EXPECT_FALSE(away_.poll());
}

TEST_F(NamesTest, change_and_end) {
    const auto publish = [&](const char* comment) {
        return home_.publish({.owner = {}, .classifier = "news", .comment = comment});
    };
    const auto ask = [&] {
        EXPECT_TRUE(away_.resolve({.name = "0.news", .timeout = 5s}));
        return away_.wait(10s)->outcome;
    };
    ASSERT_TRUE(publish("one"));
    EXPECT_EQ(ask()->comment, "one");
    ASSERT_TRUE(publish("two"));
    const auto second = ask();
    EXPECT_EQ(second->comment, "two");
    EXPECT_FALSE(second->is_secure);
    ASSERT_TRUE(home_.unpublish("0.news"));
    const auto gone = ask();
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, Errc::not_found);
    EXPECT_EQ(home_.unpublish("0.news").error().code, Errc::not_found);
}

TEST_F(NamesTest, tell_on_the_callers_executor) {
    PutBy waiting;
    NodeOptions options;
    options.executor = waiting.executor();
    ASSERT_TRUE(home_.publish({.owner = alice_, .classifier = "x"}));
    Names third = open({home_.listening().front()}, std::move(options));
    std::optional<Resolved> told;
    ASSERT_TRUE(third.resolve({.name = *alice_.name("x"), .timeout = 10s}, [&](Resolved resolved) {
        told = std::move(resolved);
    }));
    for (int tries = 0; tries < 1500 && !told; ++tries) {
        std::this_thread::sleep_for(10ms);
        waiting.run();
    }
    ASSERT_TRUE(told);
    EXPECT_TRUE(told->outcome);
    EXPECT_FALSE(third.poll());
}

TEST_F(NamesTest, may_be_asked_from_inside_a_callback) {
    ASSERT_TRUE(home_.publish({.owner = alice_, .classifier = "x"}));
    std::promise<bool> again;
    const Names::Question question{.name = *alice_.name("x"), .timeout = 10s};
    ASSERT_TRUE(away_.resolve(question, [&](const Resolved& first) {
        const auto asked =
            away_.resolve(question, [&, found = first.outcome.has_value()](const Resolved& second) {
                again.set_value(found && second.outcome);
            });
        if (!asked) again.set_value(false);
    }));
    auto done = again.get_future();
    ASSERT_EQ(done.wait_for(15s), std::future_status::ready);
    EXPECT_TRUE(done.get());
}

TEST_F(NamesTest, are_found_at_every_node_that_publishes_them) {
    const auto publish = [](Names& node, const char* comment) {
        const auto name =
            node.publish({.owner = {}, .classifier = "news", .addresses = {}, .comment = comment});
        ASSERT_TRUE(name) << name.error().message;
    };
    publish(home_, "one");
    publish(away_, "two");
    const auto ask = [&](Which which) {
        const Names::Question question{
            .name = "0.news", .timeout = 10s, .cloud = {}, .which = which};
        EXPECT_TRUE(away_.resolve(question));
        return away_.wait(15s);
    };
    const auto all = ask(Which::all);
    ASSERT_TRUE(all && all->outcome);
    ASSERT_EQ(all->others.size(), 1U);
    const std::set<std::string> comments{all->outcome->comment, all->others.front().comment};
    EXPECT_EQ(comments, (std::set<std::string>{"one", "two"}));
    EXPECT_TRUE(all->is_complete);
    const auto nearest = ask(Which::nearest);
    ASSERT_TRUE(nearest && nearest->outcome);
    EXPECT_EQ(nearest->outcome->comment, "two");
    EXPECT_TRUE(nearest->others.empty());
}

TEST_F(NamesTest, are_waited_for_as_long_as_asked) {
    constexpr auto kForever = std::chrono::milliseconds::max();
    ASSERT_TRUE(home_.publish({.owner = alice_, .classifier = "x"}));
    ASSERT_TRUE(away_.resolve({.name = *alice_.name("x"), .timeout = kForever}));
    const auto resolved = away_.wait(kForever);
    ASSERT_TRUE(resolved);
    EXPECT_TRUE(resolved->outcome);
}

TEST_F(NamesTest, tell_nothing_after_their_end) {
    PutBy waiting;
    bool is_told = false;
    {
        NodeOptions options;
        options.executor = waiting.executor();
        Names third = open({home_.listening().front()}, std::move(options));
        ASSERT_TRUE(third.resolve(
            {.name = *alice_.name("x"), .timeout = 1s}, [&](const Resolved&) { is_told = true; }));
        for (int tries = 0; tries < 1500 && waiting.size() == 0; ++tries)
            std::this_thread::sleep_for(10ms);
    }
    ASSERT_EQ(waiting.size(), 1U);
    waiting.run();
    EXPECT_FALSE(is_told);
}

TEST(Names, refuse_what_cannot_be) {
    EXPECT_EQ(Names::open({.listen = {"nowhere"}}).error().code, Errc::bad_argument);
    EXPECT_EQ(Names::open({.listen = {"192.0.2.1:4000"}}).error().code, Errc::cannot_listen);
    for (const std::vector<std::string>& listen :
         {std::vector<std::string>{"127.0.0.1:4601", "127.0.0.2:4602"},
          {"127.0.0.1:0", "0.0.0.0:0"}}) {
        EXPECT_EQ(Names::open({.listen = listen}).error().code, Errc::bad_argument);
    }
    for (const char* cloud : {"", "Glboal_", "Global_1"}) {
        const auto opened = Names::open({.listen = {"127.0.0.1:0"}, .clouds = {cloud}});
        EXPECT_EQ(opened.error().code, Errc::bad_argument) << cloud;
    }
    NodeOptions options;
    options.seeds = {"host:port:x"};
    EXPECT_EQ(Names::open(options).error().code, Errc::bad_argument);
    Names names = open();
    EXPECT_EQ(names.resolve({.name = "web"}).error().code, Errc::bad_argument);
    Publication wish;
    EXPECT_EQ(names.publish(wish).error().code, Errc::bad_argument);
    wish.classifier = "web";
    wish.addresses = {"127.0.0.1:80"};
    EXPECT_EQ(names.publish(wish).error().code, Errc::bad_argument);
    wish.addresses = {};
    wish.comment = std::string(40, 'x');
    EXPECT_EQ(names.publish(wish).error().code, Errc::bad_argument);
}

TEST(Identity, comes_back_from_its_document) {
    EXPECT_EQ(Identity::create("").error().code, Errc::bad_argument);
    const auto alice = Identity::create("alice");
    ASSERT_TRUE(alice);
    const auto document = alice->seal("correct horse");
    ASSERT_TRUE(document);
    const auto back = Identity::open(*document, "correct horse");
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->label(), "alice");
    EXPECT_EQ(back->authority(), alice->authority());
    EXPECT_EQ(Identity::open(*document).error().code, Errc::password_needed);
    EXPECT_EQ(Identity::open(*document, "wrong").error().code, Errc::wrong_password);
    EXPECT_EQ(Identity::open("{}").error().code, Errc::bad_document);
    EXPECT_EQ(alice->seal("").error().code, Errc::password_needed);
    EXPECT_EQ(alice->name(std::string(150, 'x')).error().code, Errc::bad_argument);
}

} // namespace
} // namespace kith
