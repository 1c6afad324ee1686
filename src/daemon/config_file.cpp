#include "daemon/config.hpp"
#include "daemon/setting_text.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <toml++/toml.h>
#include <utility>

namespace kith::daemon {

namespace {

// One file while it is read: knows its name for the messages, and remembers the first error.
class FileReader {
public:
    FileReader(const toml::table& table, const std::string& name) : table_(table), name_(name) {}

    template<class T, class Parse>
    void text(std::string_view key, Parse parse, std::optional<T>& out) {
        const toml::node* node = table_.get(key);
        if (node == nullptr) return;
        const auto value = node->value_exact<std::string>();
        if (!value) return fail(key, "has to be a text");
        set(key, parse(*value), out);
    }

    template<class T, class Parse>
    void texts(std::string_view key, Parse parse, std::vector<T>& out) {
        const toml::node* node = table_.get(key);
        if (node == nullptr) return;
        const toml::array* array = node->as_array();
        if (array == nullptr) return fail(key, "has to be a list of texts");
        for (const toml::node& item : *array) {
            const auto value = item.value_exact<std::string>();
            if (!value) return fail(key, "has to be a list of texts");
            std::optional<T> parsed;
            set(key, parse(*value), parsed);
            if (parsed) out.push_back(std::move(*parsed));
        }
    }

    // A list of one may be that text.
    template<class T, class Parse>
    void text_or_texts(std::string_view key, Parse parse, std::vector<T>& out) {
        const toml::node* node = table_.get(key);
        if (node == nullptr || !node->is_string()) return texts(key, parse, out);
        std::optional<T> parsed;
        text(key, parse, parsed);
        if (parsed) out.push_back(std::move(*parsed));
    }

    void flag(std::string_view key, std::optional<bool>& out) {
        const toml::node* node = table_.get(key);
        if (node == nullptr) return;
        const auto value = node->value_exact<bool>();
        if (!value) return fail(key, "has to be true or false");
        out = value;
    }

    const std::optional<ConfigError>& error() const { return error_; }

private:
    template<class T>
    void set(std::string_view key, std::expected<T, ConfigError> value, std::optional<T>& out) {
        if (value) {
            out = std::move(*value);
        } else if (!error_) {
            error_ = ConfigError{fmt::format("{}: {}: {}", name_, key, value.error().message)};
        }
    }

    void fail(std::string_view key, std::string_view what) {
        if (!error_) error_ = ConfigError{fmt::format("{}: {} {}", name_, key, what)};
    }

    const toml::table& table_;
    const std::string& name_;
    std::optional<ConfigError> error_;
};

constexpr std::array<std::string_view, 11> kKeys{
    "data",
    "api",
    "listen",
    "graph_listen",
    "seed",
    "cloud",
    "profile",
    "seed_node",
    "ssdp",
    "port_mapping",
    "log_level"};

std::optional<ConfigError> unknown_key(const toml::table& table, const std::string& name) {
    for (const auto& [key, value] : table) {
        if (std::ranges::find(kKeys, key.str()) != kKeys.end()) continue;
        return ConfigError{fmt::format("{}: there is no setting called {}", name, key.str())};
    }
    return std::nullopt;
}

} // namespace

std::expected<Settings, ConfigError> parse_config(std::string_view toml, const std::string& name) {
    toml::table table;
    // toml++ speaks in exceptions; they end here.
    try {
        table = toml::parse(toml);
    } catch (const toml::parse_error& error) {
        return refuse(
            fmt::format("{}:{}: {}", name, error.source().begin.line, error.description()));
    }
    if (const auto unknown = unknown_key(table, name)) return std::unexpected(*unknown);
    Settings out;
    FileReader reader(table, name);
    reader.text("data", parse_path, out.data);
    reader.text("api", parse_socket_path, out.api);
    reader.texts("listen", parse_listen, out.listen);
    reader.texts("graph_listen", parse_listen, out.graph_listen);
    reader.texts("seed", parse_seed_setting, out.seeds);
    reader.text_or_texts("cloud", parse_cloud, out.clouds);
    reader.text("profile", parse_profile, out.profile);
    reader.flag("seed_node", out.seed_node);
    reader.flag("ssdp", out.ssdp);
    reader.flag("port_mapping", out.port_mapping);
    reader.text("log_level", parse_log_level, out.log_level);
    if (reader.error()) return std::unexpected(*reader.error());
    return out;
}

std::expected<Settings, ConfigError> read_config_file(const std::filesystem::path& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        return refuse(fmt::format("{} is a folder, not a configuration file", path.native()));
    }
    if (!std::filesystem::is_regular_file(path, error)) {
        return refuse(fmt::format("there is no configuration file {}", path.native()));
    }
    std::ifstream file(path, std::ios::binary);
    std::string content(kConfigSizeMax + 1, '\0');
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    if (file.bad() || !file.is_open()) {
        return refuse(fmt::format("the configuration file {} cannot be read", path.native()));
    }
    content.resize(static_cast<std::size_t>(file.gcount()));
    if (content.size() > kConfigSizeMax) {
        return refuse(fmt::format(
            "the configuration file {} is larger than {} bytes", path.native(), kConfigSizeMax));
    }
    return parse_config(content, path.native());
}

} // namespace kith::daemon
