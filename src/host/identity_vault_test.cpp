#include "host/entropy.hpp"
#include "host/identity_vault.hpp"
#include "host/temporary_directory_test.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace kith::host {
namespace {

using identity::VaultErrc;

struct IdentityVaultTest : testing::Test {
    TemporaryDirectory folder;
    EntropySource entropy;

    IdentityVault open() const {
        auto vault = IdentityVault::open(folder.path());
        EXPECT_TRUE(vault);
        return std::move(*vault);
    }

    identity::Identity make(const std::string& label, const std::string& classifier = "") {
        auto key = std::make_shared<const crypto::PrivateKey>(
            crypto::PrivateKey::generate(crypto::KeyAlgorithm::ed25519, entropy));
        auto name =
            identity::PeerName::secure(identity::authority_of(key->public_key()), classifier);
        return {
            .label = label,
            .name = *name,
            .key = key,
            .created = wall_from_unix(std::chrono::seconds(1'700'000'000))};
    }

    std::string document(const std::string& label) {
        return identity::to_clear_document(make(label));
    }

    std::vector<std::string> labels(const IdentityVault& vault) {
        std::vector<std::string> out;
        for (const auto& stored : vault.list())
            out.push_back(stored.card.label);
        return out;
    }

    // The file that holds the identity `label`.
    std::filesystem::path file_of(const std::string& label) const {
        for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
            std::ifstream in(entry.path());
            const std::string content(std::istreambuf_iterator<char>(in), {});
            const auto card = identity::read_card(content);
            if (card && card->label == label) return entry.path();
        }
        ADD_FAILURE() << "no file holds " << label;
        return {};
    }

    static void overwrite(const std::filesystem::path& path, const std::string& content) {
        std::ofstream(path, std::ios::trunc) << content;
        ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    }
};

TEST_F(IdentityVaultTest, keeps_identities_across_a_restart) {
    const std::string alice = document("alice");
    {
        IdentityVault vault = open();
        ASSERT_TRUE(vault.add(alice));
        ASSERT_TRUE(vault.add(document("bob")));
    }
    const IdentityVault vault = open();
    EXPECT_EQ(labels(vault), (std::vector<std::string>{"alice", "bob"}));
    EXPECT_EQ(vault.document("alice").value(), alice);
    EXPECT_EQ(vault.default_identity()->card.label, "alice");
    EXPECT_TRUE(vault.problems().empty());
}

TEST_F(IdentityVaultTest, keeps_files_that_only_their_owner_can_read) {
    IdentityVault vault = open();
    ASSERT_TRUE(vault.add(document("alice")));
    struct stat status{};
    ASSERT_EQ(::stat(file_of("alice").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(IdentityVaultTest, has_every_label_and_every_peer_name_once) {
    IdentityVault vault = open();
    const std::string alice = document("alice");
    ASSERT_TRUE(vault.add(alice));
    EXPECT_EQ(vault.add(document("alice")).error(), VaultErrc::already_exists);
    const std::string relabelled = *identity::relabel_document(alice, "other");
    EXPECT_EQ(vault.add(relabelled).error(), VaultErrc::already_exists);
    EXPECT_EQ(vault.add("{}").error(), VaultErrc::bad_document);
    EXPECT_EQ(labels(vault), std::vector<std::string>{"alice"});
}

TEST_F(IdentityVaultTest, renames_and_moves_the_default) {
    {
        IdentityVault vault = open();
        ASSERT_TRUE(vault.add(document("alice")));
        ASSERT_TRUE(vault.add(document("bob")));
        ASSERT_TRUE(vault.rename("alice", "carol"));
        EXPECT_EQ(vault.rename("carol", "bob").error(), VaultErrc::already_exists);
        EXPECT_EQ(vault.rename("alice", "dave").error(), VaultErrc::not_found);
        ASSERT_TRUE(vault.set_default("bob"));
        EXPECT_EQ(vault.set_default("alice").error(), VaultErrc::not_found);
    }
    const IdentityVault vault = open();
    EXPECT_EQ(labels(vault), (std::vector<std::string>{"bob", "carol"}));
    EXPECT_TRUE(vault.find("bob")->is_default);
    EXPECT_FALSE(vault.find("carol")->is_default);
}

TEST_F(IdentityVaultTest, has_no_default_after_that_was_removed) {
    {
        IdentityVault vault = open();
        ASSERT_TRUE(vault.add(document("alice")));
        ASSERT_TRUE(vault.add(document("bob")));
        ASSERT_TRUE(vault.remove("alice"));
        EXPECT_EQ(vault.remove("alice").error(), VaultErrc::not_found);
        EXPECT_FALSE(vault.default_identity());
    }
    const IdentityVault vault = open();
    EXPECT_FALSE(vault.default_identity());
    EXPECT_EQ(labels(vault), std::vector<std::string>{"bob"});
}

TEST_F(IdentityVaultTest, serves_the_others_beside_a_damaged_file) {
    {
        IdentityVault vault = open();
        for (const char* label : {"alice", "bob", "carol"})
            ASSERT_TRUE(vault.add(document(label)));
    }
    const auto damaged = file_of("bob");
    overwrite(damaged, "{ half a docu");
    {
        const IdentityVault vault = open();
        EXPECT_EQ(labels(vault), (std::vector<std::string>{"alice", "carol"}));
        ASSERT_EQ(vault.problems().size(), 1U);
        EXPECT_EQ(vault.problems()[0].file, damaged);
        EXPECT_EQ(std::get<IdentityFault>(vault.problems()[0].reason), IdentityFault::malformed);
    }
    // It is left for its owner to look at.
    EXPECT_TRUE(std::filesystem::exists(damaged));
}

TEST_F(IdentityVaultTest, does_not_write_over_a_damaged_file) {
    const std::string alice = document("alice");
    {
        IdentityVault vault = open();
        ASSERT_TRUE(vault.add(alice));
    }
    const auto path = file_of("alice");
    overwrite(path, "damaged, and perhaps the only copy");
    IdentityVault vault = open();
    EXPECT_EQ(vault.add(alice).error(), VaultErrc::already_exists);
    std::ifstream in(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}).substr(0, 7), "damaged");
}

TEST_F(IdentityVaultTest, tells_what_it_does_not_serve) {
    {
        IdentityVault vault = open();
        ASSERT_TRUE(vault.add(document("alice")));
        ASSERT_TRUE(vault.add(document("bob")));
    }
    const auto alice = file_of("alice");
    std::filesystem::copy_file(alice, folder / "copy.json");
    ASSERT_EQ(::chmod((folder / "copy.json").c_str(), 0600), 0);
    ASSERT_EQ(::chmod(file_of("bob").c_str(), 0644), 0);
    const IdentityVault vault = open();
    EXPECT_EQ(labels(vault), std::vector<std::string>{"alice"});
    ASSERT_EQ(vault.problems().size(), 2U);
    std::vector<std::variant<IdentityFault, FileErrc>> reasons;
    for (const auto& problem : vault.problems())
        reasons.push_back(problem.reason);
    EXPECT_NE(
        std::ranges::find(reasons, decltype(reasons)::value_type(IdentityFault::misplaced)),
        reasons.end());
    EXPECT_NE(
        std::ranges::find(reasons, decltype(reasons)::value_type(FileErrc::open_to_others)),
        reasons.end());
}

TEST_F(IdentityVaultTest, tells_that_the_default_names_nobody) {
    {
        IdentityVault vault = open();
        ASSERT_TRUE(vault.add(document("alice")));
    }
    for (const char* content : {"", "garbage", "\1\n", "../identities/alice.json\n"}) {
        overwrite(folder / "default", content);
        const IdentityVault vault = open();
        EXPECT_EQ(labels(vault), std::vector<std::string>{"alice"});
        EXPECT_FALSE(vault.default_identity());
        ASSERT_EQ(vault.problems().size(), 1U) << content;
        EXPECT_EQ(vault.problems()[0].file, folder / "default");
        EXPECT_EQ(std::get<IdentityFault>(vault.problems()[0].reason), IdentityFault::dangling);
    }
}

// A crash at any byte of a rename leaves the old document or the new one.
TEST_F(IdentityVaultTest, survives_a_crash_in_the_middle_of_a_write) {
    std::string document_of_alice;
    {
        IdentityVault vault = open();
        document_of_alice = document("alice");
        ASSERT_TRUE(vault.add(document_of_alice));
    }
    const auto path = file_of("alice");
    const std::string renamed = *identity::relabel_document(document_of_alice, "carol");
    for (std::size_t size = 0; size < renamed.size(); size += 16) {
        const auto unfinished = folder / (".unfinished-" + path.filename().string());
        overwrite(unfinished, renamed.substr(0, size));
        const IdentityVault vault = open();
        ASSERT_EQ(labels(vault), std::vector<std::string>{"alice"}) << size;
        ASSERT_TRUE(vault.problems().empty());
        ASSERT_FALSE(std::filesystem::exists(unfinished));
    }
}

TEST_F(IdentityVaultTest, refuses_one_above_its_limit) {
    IdentityVault vault = open();
    for (std::size_t i = 0; i < identity::kIdentitiesMax; ++i)
        ASSERT_TRUE(vault.add(document("n" + std::to_string(i))));
    EXPECT_EQ(vault.add(document("last")).error(), VaultErrc::too_many);
    EXPECT_EQ(vault.list().size(), identity::kIdentitiesMax);
}

} // namespace
} // namespace kith::host
