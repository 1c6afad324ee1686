#include "daemon/config.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <initializer_list>
#include <string>
#include <vector>

namespace kith::daemon {
namespace {

const Environment kHome{.home = "/home/a", .data_home = "", .runtime_dir = ""};

std::expected<std::variant<CommandLine, Notice>, ConfigError>
parse(std::initializer_list<const char*> arguments) {
    std::vector<const char*> all{"kithd"};
    all.insert(all.end(), arguments);
    return parse_command_line(all);
}

Settings settings_of(std::initializer_list<const char*> arguments) {
    auto parsed = parse(arguments);
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    return std::get<CommandLine>(*parsed).settings;
}

Config config_of(std::initializer_list<const char*> arguments) {
    auto config = decide(settings_of(arguments), kHome);
    EXPECT_TRUE(config) << (config ? "" : config.error().message);
    return *config;
}

// What is said of these flags, whether they are wrong in themselves or together.
std::string complaint(std::initializer_list<const char*> arguments) {
    const auto parsed = parse(arguments);
    if (!parsed) return parsed.error().message;
    const auto config = decide(std::get<CommandLine>(*parsed).settings, kHome);
    return config ? "" : config.error().message;
}

std::string file_complaint(const std::string& toml) {
    const auto settings = parse_config(toml, "kithd.toml");
    return settings ? "" : settings.error().message;
}

bool says(const std::string& message, const std::string& word) {
    return message.find(word) != std::string::npos && message.find('\n') == std::string::npos;
}

TEST(Config, takes_a_profile) {
    EXPECT_EQ(config_of({}).profile, &pnrp::modern_profile());
    const Config windows = config_of({"--profile", "windows"});
    EXPECT_EQ(windows.profile, &pnrp::windows_profile());
    // PNRP 4.0 knows no IPv4.
    ASSERT_EQ(windows.listen.size(), 1U);
    EXPECT_EQ(to_string(windows.listen[0]), "[::]:3540");
    EXPECT_TRUE(says(complaint({"--profile", "windows", "--listen", "192.0.2.1:4000"}), "IPv6"));
    EXPECT_TRUE(says(complaint({"--profile", "Windows"}), "modern or windows"));
    EXPECT_EQ(
        parse_config("profile = \"windows\"", "kithd.toml")->profile, &pnrp::windows_profile());
    EXPECT_TRUE(says(file_complaint("profile = \"xp\""), "modern or windows"));
    const auto file = parse_config("profile = \"windows\"", "kithd.toml");
    const Settings flags = settings_of({"--profile", "modern"});
    EXPECT_EQ(combine(flags, *file).profile, &pnrp::modern_profile());
}

// PNRP-003
TEST(Config, has_defaults) {
    const Config config = config_of({});
    EXPECT_EQ(config.data, "/home/a/.local/share/kith");
    EXPECT_EQ(config.api, "/home/a/.local/share/kith/api.sock");
    ASSERT_EQ(config.listen.size(), 2U);
    EXPECT_EQ(to_string(config.listen[0]), "[::]:3540");
    EXPECT_EQ(to_string(config.listen[1]), "0.0.0.0:3540");
    EXPECT_TRUE(config.may_change_port);
    EXPECT_TRUE(config.clouds.empty());
    EXPECT_TRUE(config.use_ssdp);
    EXPECT_TRUE(config.use_port_mapping);
    EXPECT_FALSE(config.allow_loopback);
    EXPECT_FALSE(config.is_seed_node);
    EXPECT_EQ(config.log_level, LogLevel::info);
}

TEST(Config, follows_the_base_directories) {
    const auto config =
        decide({}, {.home = "/home/a", .data_home = "/data", .runtime_dir = "/run/user/1"});
    ASSERT_TRUE(config);
    EXPECT_EQ(config->data, "/data/kith");
    EXPECT_EQ(config->api, "/run/user/1/kith/api.sock");
    const auto relative = decide({}, {.home = "/home/a", .data_home = "data", .runtime_dir = "r"});
    EXPECT_EQ(relative->data, "/home/a/.local/share/kith");
    EXPECT_FALSE(decide({}, {}));
}

TEST(Config, an_empty_value_takes_nothing_from_what_follows) {
    EXPECT_TRUE(says(complaint({"--data=", "--no-ssdp"}), "a path may not be empty"));
    EXPECT_TRUE(says(complaint({"--listen=", "--no-ssdp"}), "\"\" is no address"));
    EXPECT_TRUE(says(complaint({"--log-level=", "--no-ssdp"}), "\"\" is no log level"));
}

TEST(Config, takes_every_flag) {
    const Config config = config_of(
        {"--data",
         "/d",
         "--api",
         "/s/api.sock",
         "--listen",
         "192.0.2.1:4000",
         "--listen",
         "[2001:db8::1]:4000",
         "--seed",
         "seed.example.net:3540",
         "--seed",
         "[2001:db8::2]:3540",
         "--cloud",
         "Global_",
         "--seed-node",
         "--no-ssdp",
         "--no-port-mapping",
         "--log-level",
         "debug"});
    EXPECT_EQ(config.data, "/d");
    EXPECT_EQ(config.api, "/s/api.sock");
    ASSERT_EQ(config.listen.size(), 2U);
    EXPECT_FALSE(config.may_change_port);
    ASSERT_EQ(config.seeds.size(), 2U);
    EXPECT_EQ(config.seeds[0], (host::Seed{"seed.example.net", 3540}));
    EXPECT_EQ(config.clouds, std::vector<std::string>{"Global_"});
    EXPECT_TRUE(config.is_seed_node);
    EXPECT_FALSE(config.use_ssdp);
    EXPECT_FALSE(config.use_port_mapping);
    EXPECT_EQ(config.log_level, LogLevel::debug);
}

TEST(Config, listens_for_graphs_where_it_listens_for_names_unless_told_otherwise) {
    const Config plain = config_of({"--listen", "127.0.0.1:4000"});
    ASSERT_EQ(plain.graph_listen.size(), 1U);
    EXPECT_EQ(plain.graph_listen[0].address, plain.listen[0].address);
    EXPECT_EQ(plain.graph_listen[0].port, 0) << "any, and the same again after a restart";
    const Config told =
        config_of({"--graph-listen", "0.0.0.0:4001", "--graph-listen", "[::]:4001"});
    ASSERT_EQ(told.graph_listen.size(), 2U);
    EXPECT_EQ(to_string(told.graph_listen[0]), "0.0.0.0:4001");
    EXPECT_EQ(told.listen.front().port, kDefaultPort);
    EXPECT_TRUE(says(complaint({"--graph-listen", "nowhere"}), "nowhere"));
    EXPECT_TRUE(says(
        complaint({"--graph-listen", "0.0.0.0:4001", "--graph-listen", "[::]:4002"}), "one port"));
    const auto file = parse_config("graph_listen = [\"127.0.0.1:4001\"]", "kithd.toml");
    ASSERT_TRUE(file);
    EXPECT_EQ(to_string(file->graph_listen.at(0)), "127.0.0.1:4001");
}

TEST(Config, allows_loopback_exactly_where_it_listens_there) {
    for (const char* address : {"127.0.0.1:4000", "[::1]:0"}) {
        const Config config = config_of({"--listen", address});
        EXPECT_TRUE(config.allow_loopback);
        EXPECT_FALSE(config.use_ssdp) << "the link has no business with it";
        EXPECT_FALSE(config.use_port_mapping);
    }
    EXPECT_FALSE(config_of({"--listen", "0.0.0.0:4000"}).allow_loopback);
}

TEST(Config, answers_help_and_version) {
    const auto help = parse({"--help"});
    ASSERT_TRUE(help);
    const std::string& text = std::get<Notice>(*help).text;
    for (const char* flag :
         {"--data",
          "--api",
          "--listen",
          "--seed",
          "--cloud",
          "--seed-node",
          "--no-ssdp",
          "--config",
          "--log-level",
          "--version"})
        EXPECT_NE(text.find(flag), std::string::npos) << flag;
    const auto version = parse({"--version"});
    ASSERT_TRUE(version);
    EXPECT_TRUE(std::get<Notice>(*version).text.starts_with("kithd "));
}

// PNRP-002
TEST(Config, complains_of_each_wrong_flag_in_one_sentence) {
    EXPECT_TRUE(says(complaint({"--listne", "x"}), "--listne"));
    EXPECT_TRUE(says(complaint({"extra"}), "extra"));
    EXPECT_TRUE(says(complaint({"--data"}), "--data"));
    EXPECT_TRUE(says(complaint({"--data", ""}), "path"));
    const std::string too_long = "/" + std::string(107, 'x');
    EXPECT_TRUE(says(complaint({"--api", too_long.c_str()}), "at most 107 bytes"));
    EXPECT_TRUE(says(complaint({"--data", "/a", "--data", "/b"}), "--data"));
    EXPECT_TRUE(says(complaint({"--listen", "here"}), "\"here\""));
    EXPECT_TRUE(says(complaint({"--listen", "2001:db8::1:4000"}), "ADDRESS:PORT"));
    EXPECT_TRUE(says(complaint({"--listen", "0.0.0.0:80"}), "above 1024"));
    EXPECT_TRUE(says(complaint({"--listen", "0.0.0.0:1024"}), "above 1024"));
    EXPECT_TRUE(says(complaint({"--listen", "0.0.0.0:65536"}), "65536"));
    EXPECT_TRUE(says(complaint({"--listen", "[ff02::c]:4000"}), "group"));
    EXPECT_TRUE(says(complaint({"--seed", "no where"}), "HOST:PORT"));
    EXPECT_TRUE(says(complaint({"--seed", "host:80"}), "above 1024"));
    EXPECT_TRUE(says(complaint({"--cloud", "Everywhere"}), "\"Everywhere\""));
    EXPECT_TRUE(says(complaint({"--log-level", "loud"}), "\"loud\""));
}

TEST(Config, complains_of_flags_that_do_not_go_together) {
    EXPECT_TRUE(
        says(complaint({"--listen", "0.0.0.0:4000", "--listen", "[::]:4001"}), "share one port"));
    EXPECT_TRUE(
        says(complaint({"--listen", "127.0.0.1:4000", "--listen", "[::]:4000"}), "loopback"));
    EXPECT_TRUE(says(complaint({"--listen", "0.0.0.0:4000", "--listen", "0.0.0.0:4000"}), "twice"));
    EXPECT_TRUE(says(complaint({"--cloud", "Global_", "--listen", "10.0.0.1:4000"}), "scope site"));
    EXPECT_TRUE(says(complaint({"--cloud", "SiteLocal_a", "--cloud", "SiteLocal_b"}), "one site"));
    EXPECT_TRUE(says(
        complaint({"--cloud", "Global_", "--cloud", "SiteLocal_", "--listen", "127.0.0.1:0"}),
        "on loopback"));
}

TEST(Config, bounds_its_lists) {
    Settings seeds;
    seeds.seeds.assign(host::kSeedsMax + 1, {"192.0.2.1", 3540});
    EXPECT_TRUE(says(decide(seeds, kHome).error().message, "seeds"));
    seeds.seeds.pop_back();
    EXPECT_TRUE(decide(seeds, kHome));
    Settings listens;
    for (unsigned i = 0; i <= kListenMax; ++i)
        listens.listen.push_back({Address::v4(0xc000'0201U + i), 4000});
    EXPECT_TRUE(says(decide(listens, kHome).error().message, "listened on"));
}

TEST(ConfigFile, has_the_keys_of_the_flags) {
    const auto settings = parse_config(
        R"(
data = "/d"
api = "/s/api.sock"
listen = ["192.0.2.1:4000", "[2001:db8::1]:4000"]
seed = ["seed.example.net:3540"]
cloud = ["SiteLocal_office", "LinkLocal_%eth0"]
seed_node = true
ssdp = false
port_mapping = false
log_level = "warn"
)",
        "kithd.toml");
    ASSERT_TRUE(settings) << settings.error().message;
    EXPECT_EQ(settings->data, "/d");
    EXPECT_EQ(settings->api, "/s/api.sock");
    EXPECT_EQ(settings->listen.size(), 2U);
    EXPECT_EQ(settings->seeds.size(), 1U);
    EXPECT_EQ(settings->clouds, (std::vector<std::string>{"SiteLocal_office", "LinkLocal_%eth0"}));
    EXPECT_EQ(settings->seed_node, true);
    EXPECT_EQ(settings->ssdp, false);
    EXPECT_EQ(settings->port_mapping, false);
    EXPECT_EQ(settings->log_level, LogLevel::warn);
}

TEST(ConfigFile, gives_way_to_flags) {
    Settings file = *parse_config(
        "data = \"/file\"\nlisten = [\"192.0.2.9:9999\"]\ncloud = \"Global_\"\n", "kithd.toml");
    const Settings both =
        combine(settings_of({"--data", "/flag", "--listen", "192.0.2.1:4000"}), std::move(file));
    EXPECT_EQ(both.data, "/flag");
    ASSERT_EQ(both.listen.size(), 1U);
    EXPECT_EQ(to_string(both.listen[0]), "192.0.2.1:4000");
    EXPECT_EQ(both.clouds, std::vector<std::string>{"Global_"});
}

TEST(ConfigFile, complains_of_each_mistake_with_the_name_of_file_and_key) {
    EXPECT_TRUE(says(file_complaint("data = \n"), "kithd.toml:1"));
    EXPECT_TRUE(says(file_complaint("dta = \"/x\""), "dta"));
    EXPECT_TRUE(says(file_complaint("data = 1"), "data has to be a text"));
    EXPECT_TRUE(says(file_complaint("listen = \"0.0.0.0:4000\""), "listen has to be a list"));
    EXPECT_TRUE(says(file_complaint("listen = [1]"), "listen has to be a list"));
    EXPECT_TRUE(says(file_complaint("listen = [\"here\"]"), "kithd.toml: listen: \"here\""));
    EXPECT_TRUE(says(file_complaint("seed = [\"ho st\"]"), "seed: \"ho st\""));
    EXPECT_TRUE(says(file_complaint("cloud = \"Here_\""), "cloud: \"Here_\""));
    EXPECT_TRUE(says(file_complaint("ssdp = \"no\""), "ssdp has to be true or false"));
    EXPECT_TRUE(says(file_complaint("seed_node = 1"), "seed_node has to be true or false"));
    EXPECT_TRUE(says(file_complaint("log_level = \"loud\""), "log_level: \"loud\""));
    EXPECT_TRUE(says(file_complaint("[node]\ndata = \"/x\""), "node"));
}

TEST(ConfigFile, has_to_be_there_and_of_a_reasonable_size) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("kith-config-" + std::to_string(::getpid()) + ".toml");
    EXPECT_TRUE(says(read_config_file(path).error().message, "there is no configuration file"));
    EXPECT_TRUE(says(read_config_file("/").error().message, "/ is a folder"));
    std::ofstream(path) << std::string(kConfigSizeMax + 1, '#');
    EXPECT_TRUE(says(read_config_file(path).error().message, "larger"));
    std::ofstream(path, std::ios::trunc) << "cloud = \"Global_\"\n";
    EXPECT_EQ(read_config_file(path)->clouds, std::vector<std::string>{"Global_"});
    std::filesystem::remove(path);
}

} // namespace
} // namespace kith::daemon
