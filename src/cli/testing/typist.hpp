// Somebody at a terminal: a real pseudo-terminal, and a thread that types an answer when it sees
// the prompt it is for.

#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <gtest/gtest.h>
#include <initializer_list>
#include <poll.h>
#include <pthread.h>
#include <string>
#include <termios.h>
#include <thread>
#include <vector>

namespace kith::cli::testing {

class Typist {
public:
    struct Answer {
        std::string prompt; // the end of what is on the screen
        std::string keys;
    };

    /// Types each answer in turn.
    Typist(std::initializer_list<Answer> answers)
        : answers_(answers),
          master_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        EXPECT_EQ(grantpt(master_), 0);
        EXPECT_EQ(unlockpt(master_), 0);
        std::array<char, 64> name{};
        EXPECT_EQ(ptsname_r(master_, name.data(), name.size()), 0);
        path_ = name.data();
        // Kept open, so that the terminal outlives each program that opens it.
        slave_ = open(path_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
        thread_ = std::thread([this] { type(); });
    }

    ~Typist() {
        if (thread_.joinable()) thread_.join();
        close(slave_);
        close(master_);
    }

    Typist(const Typist&) = delete;
    Typist& operator=(const Typist&) = delete;

    const std::string& path() const { return path_; }

    bool echoes() const {
        termios state{};
        EXPECT_EQ(tcgetattr(slave_, &state), 0);
        return (state.c_lflag & static_cast<tcflag_t>(ECHO)) != 0;
    }

    /// All that the screen showed. Waits for the last answer to be typed.
    std::string screen() {
        if (thread_.joinable()) thread_.join();
        while (read_some(kDrainMs)) {
        }
        return screen_;
    }

private:
    static constexpr int kPatienceMs = 10'000; // a prompt that never comes fails the test
    static constexpr int kDrainMs = 50;

    bool read_some(int patience_ms) {
        pollfd wait{.fd = master_, .events = POLLIN, .revents = 0};
        if (poll(&wait, 1, patience_ms) <= 0) return false;
        std::array<char, 512> chunk{};
        const ssize_t size = read(master_, chunk.data(), chunk.size());
        if (size <= 0) return false;
        screen_.append(chunk.data(), static_cast<std::size_t>(size));
        return true;
    }

    void type() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr);
        for (const Answer& answer : answers_) {
            while (!screen_.ends_with(answer.prompt)) {
                if (!read_some(kPatienceMs)) return; // the test sees a short screen
            }
            if (write(master_, answer.keys.data(), answer.keys.size()) < 0) return;
        }
    }

    std::vector<Answer> answers_;
    int master_;
    int slave_ = -1;
    std::string path_;
    std::string screen_;
    std::thread thread_;
};

} // namespace kith::cli::testing
