// The store against what no process can do to itself: being killed, a file that may not be written,
// a device that is full.

#include "store/sqlite_store.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <sched.h>
#include <string>
#include <vector>

namespace kith::store {
namespace {

class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "kith-crash-XXXXXX").string();
        path_ = mkdtemp(name.data()) == nullptr ? "" : name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

SqliteSettings settings_in(const Folder& folder) {
    SqliteSettings settings;
    settings.path = folder.path() + "/records.db";
    settings.graph = "graph";
    settings.peer = "peer";
    return settings;
}

Record numbered_record(std::uint64_t number) {
    Record record;
    record.id = Guid::from_halves(number * 0x9E37'79B9'7F4A'7C15U, number);
    record.creator = "creator";
    record.created = record.modified = {number};
    record.expires = PeerTime::max();
    record.payload = Bytes(300, static_cast<std::byte>(number));
    record.attributes = "<attributes><attribute name='n' type='int'>" + std::to_string(number) +
                        "</attribute></attributes>";
    return record;
}

constexpr std::uint64_t kBatch = 7;

/// Puts records from `first` on for ever, and says after each batch how far it has come.
[[noreturn]] void put_for_ever(const SqliteSettings& settings, std::uint64_t first, int told) {
    auto store = SqliteStore::open(settings);
    if (!store) _exit(1);
    for (std::uint64_t number = first;; ++number) {
        // Every record is changed once more, so that rows are replaced as well.
        Record changed = numbered_record(number / 2);
        changed.version = number % 2 == 0 ? 1 : 2;
        if (!(*store)->put(changed)) _exit(2);
        if (number % kBatch != kBatch - 1) continue;
        if (!(*store)->commit()) _exit(3);
        const std::uint64_t done = number + 1;
        if (write(told, &done, sizeof done) != sizeof done) _exit(4);
    }
}

/// What a child that `run` runs in exits with.
int in_child(const std::function<int()>& run) {
    const pid_t child = fork();
    if (child == 0) _exit(run());
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(StoreCrash, LosesNothingThatWasCommittedWhenItIsKilled) {
    const Folder folder;
    const SqliteSettings settings = settings_in(folder);
    std::uint64_t done = 0; // what the children have said is committed
    for (int round = 0; round < 10; ++round) {
        std::array<int, 2> pipe_ends{};
        ASSERT_EQ(pipe(pipe_ends.data()), 0);
        const pid_t child = fork();
        if (child == 0) put_for_ever(settings, done, pipe_ends[1]);
        close(pipe_ends[1]);
        // Killed somewhere within a batch: the parent is woken by the commits before.
        for (int commits = 0; commits < 5 + 7 * round; ++commits) {
            std::uint64_t told = 0;
            if (read(pipe_ends[0], &told, sizeof told) != sizeof told) break;
            done = told;
        }
        kill(child, SIGKILL);
        for (std::uint64_t told = 0; read(pipe_ends[0], &told, sizeof told) == sizeof told;) {
            done = told;
        }
        close(pipe_ends[0]);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended with " << WEXITSTATUS(status);

        const auto store = SqliteStore::open(settings);
        ASSERT_TRUE(store) << "error " << static_cast<int>(store.error());
        ASSERT_TRUE((*store)->check());
        ASSERT_GE((*store)->index().size(), done / 2);
        for (std::uint64_t number = 0; number < done / 2; ++number) {
            const auto record = (*store)->get(numbered_record(number).id);
            ASSERT_TRUE(record && *record) << number << " of " << done;
            ASSERT_EQ((*record)->version, 2U);
        }
    }
    EXPECT_GT(done, 1000U);
}

TEST(StoreCrash, SaysThatAFileMayNotBeWritten) {
    const Folder folder;
    const SqliteSettings settings = settings_in(folder);
    ASSERT_TRUE(SqliteStore::open(settings));
    ASSERT_EQ(chmod(settings.path.c_str(), 0444), 0);
    ASSERT_EQ(chmod(folder.path().c_str(), 0555), 0);
    const int code = in_child([&] {
        // The superuser may write everything.
        if (geteuid() == 0 && setuid(65534) != 0) return 100;
        const auto store = SqliteStore::open(settings);
        if (store) return 101;
        SqliteSettings other = settings;
        other.path += "2";
        const auto created = SqliteStore::open(other);
        if (created) return 102;
        return created.error() == StoreErrc::read_only ? static_cast<int>(store.error()) : 103;
    });
    chmod(folder.path().c_str(), 0755);
    EXPECT_EQ(code, static_cast<int>(StoreErrc::read_only));
}

TEST(StoreCrash, SaysThatAnotherProcessHasIt) {
    const Folder folder;
    const SqliteSettings settings = settings_in(folder);
    const auto store = SqliteStore::open(settings);
    ASSERT_TRUE(store);
    const int code = in_child([&] {
        const auto second = SqliteStore::open(settings);
        return second ? 100 : static_cast<int>(second.error());
    });
    EXPECT_EQ(code, static_cast<int>(StoreErrc::locked));
}

/// Puts records until the store cannot, after `limit` has made room scarce: zero if the error was
/// one of `wanted`, and everything is as the last commit left it.
int fill_up(
    const SqliteSettings& settings,
    const std::function<bool()>& limit,
    const std::vector<StoreErrc>& wanted) {
    std::uint64_t committed = 100;
    {
        auto opened = SqliteStore::open(settings);
        if (!opened) return 100;
        SqliteStore& store = **opened;
        for (std::uint64_t i = 0; i < committed; ++i) {
            if (!store.put(numbered_record(i))) return 101;
        }
        if (!store.commit()) return 102;
        if (!limit()) return 103;
        StoreResult<void> outcome;
        for (std::uint64_t i = committed; i < 100'000 && outcome; ++i) {
            outcome = store.put(numbered_record(i));
            if (outcome && i % 50 == 49) {
                outcome = store.commit();
                if (outcome) committed = i + 1;
            }
        }
        if (outcome) return 104;
        if (std::find(wanted.begin(), wanted.end(), outcome.error()) == wanted.end()) return 105;
        if (store.index().size() != committed) return 106;
    }
    const auto store = SqliteStore::open(settings);
    if (!store || !(*store)->check()) return 107;
    if ((*store)->index().size() != committed) return 108;
    for (std::uint64_t i = 0; i < committed; ++i) {
        const auto record = (*store)->get(numbered_record(i).id);
        if (!record || *record != numbered_record(i)) return 109;
    }
    return 0;
}

TEST(StoreCrash, UndoesTheBatchWhenTheDeviceIsFull) {
    constexpr int kNoMounts = 77;
    const Folder folder;
    const int code = in_child([&] {
        // A device of its own, that goes away with the child.
        if (unshare(CLONE_NEWNS) != 0 ||
            mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=4m") != 0) {
            return kNoMounts;
        }
        return fill_up(settings_in(folder), [] { return true; }, {StoreErrc::full});
    });
    if (code == kNoMounts) GTEST_SKIP() << "mounting is not allowed here";
    EXPECT_EQ(code, 0);
}

TEST(StoreCrash, UndoesTheBatchThatTheSystemRefused) {
    const Folder folder;
    const int code = in_child([&] {
        const auto limit = [] {
            signal(SIGXFSZ, SIG_IGN);
            const rlimit most{1 << 20, 1 << 20};
            return setrlimit(RLIMIT_FSIZE, &most) == 0;
        };
        return fill_up(settings_in(folder), limit, {StoreErrc::full, StoreErrc::io});
    });
    EXPECT_EQ(code, 0);
}

} // namespace
} // namespace kith::store
