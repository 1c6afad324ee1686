// A node, its vault and its API, all real, on loopback and in a folder of their own.

#pragma once

#include "api/api.hpp"
#include "daemon/driver_service.hpp"
#include "daemon/graph_keeper.hpp"
#include "host/clocks.hpp"
#include "host/entropy.hpp"
#include "host/identity_vault.hpp"
#include "host/node_driver.hpp"
#include "host/worker.hpp"

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::daemon {

using Json = nlohmann::json;

struct ApiAnswer {
    unsigned status = 0;
    Json document;
    std::string body;
    std::shared_ptr<api::Flow> flow = nullptr;

    std::string code() const {
        return document.contains("error") ? document["error"]["code"].get<std::string>() : "";
    }
};

/// One node with its API. Several share one loop and one machine.
class ApiWorld {
public:
    /// `seed`: another node to begin with. `folder`: of an earlier one, whose identities it has.
    ApiWorld(
        boost::asio::io_context& loop,
        const ApiWorld* seed,
        const pnrp::Profile& profile = pnrp::modern_profile(),
        const std::filesystem::path& folder = {},
        api::NameStore* store = nullptr)
        : loop_(loop),
          is_ours_(folder.empty()),
          folder_(folder.empty() ? make_folder() : folder),
          plain_(host::make_plain_random(entropy_)),
          driver_(loop, config(seed, profile), {}, entropy_, plain_),
          service_(driver_),
          graph_config_(graph_config(folder_)),
          data_(*host::PrivateDirectory::open(folder_)),
          graphs_(
              loop,
              graph_config_,
              data_,
              *take_graphs(graph_config_, data_, entropy_),
              driver_,
              entropy_,
              plain_),
          worker_(loop),
          api_(
              {.node = service_,
               .vault = vault_,
               .random = entropy_,
               .run_blocking =
                   [this](auto job, auto done) {
                       return worker_.run(std::move(job), std::move(done));
                   },
               .seal_cost = crypto::kSealCostTest,
               .facts =
                   {.version = "1.2.3",
                    .commit = "abc",
                    .pid = 7,
                    .started = wall_from_unix(std::chrono::seconds(0)),
                    .is_seed_node = true,
                    .data = "/data"},
               .profile = &profile,
               .store = store,
               .graphs = &graphs_}) {
        driver_.start();
        EXPECT_TRUE(graphs_.start());
        api_.resume_names();
    }

    ~ApiWorld() {
        std::error_code ignored;
        if (is_ours_) std::filesystem::remove_all(folder_, ignored);
    }

    ApiWorld(const ApiWorld&) = delete;
    ApiWorld& operator=(const ApiWorld&) = delete;

    /// Starts a request; the answer is there once the loop has had its turns.
    std::shared_ptr<std::optional<ApiAnswer>>
    start(const std::string& method, const std::string& target, const Json& body = {}) {
        return send({method, target, body.is_null() ? "" : body.dump()});
    }

    std::shared_ptr<std::optional<ApiAnswer>> send(const api::Request& request) {
        auto answer = std::make_shared<std::optional<ApiAnswer>>();
        cancel = api_.handle(request, [answer](const api::Reply& reply) {
            EXPECT_FALSE(*answer) << "answered twice";
            *answer = ApiAnswer{
                reply.status, Json::parse(reply.body, nullptr, false), reply.body, reply.flow};
        });
        return answer;
    }

    ApiAnswer call(const std::string& method, const std::string& target, const Json& body = {}) {
        return wait(start(method, target, body));
    }

    /// A request whose body is a payload.
    ApiAnswer post_raw(const std::string& target, const std::string& payload) {
        return wait(send({"POST", target, payload, "application/octet-stream"}));
    }

    /// A request whose body is the members of a record, and its payload.
    ApiAnswer post_both(const std::string& target, const Json& members, const std::string& rest) {
        return wait(
            send({"POST", target, members.dump() + "\n" + rest, "application/x-kith-record"}));
    }

    ApiAnswer wait(const std::shared_ptr<std::optional<ApiAnswer>>& answer) {
        for (int turn = 0; turn < 3000 && !*answer; ++turn)
            loop_.run_for(std::chrono::milliseconds(10));
        EXPECT_TRUE(*answer) << "never answered";
        return answer->value_or(ApiAnswer{});
    }

    ApiAnswer get(const std::string& target) { return call("GET", target); }
    ApiAnswer post(const std::string& target, const Json& body = Json::object()) {
        return call("POST", target, body);
    }

    Endpoint endpoint() const { return driver_.listening().front(); }
    host::NodeDriver& driver() { return driver_; }
    void resume_names() { api_.resume_names(); }
    GraphKeeper& graphs() { return graphs_; }
    host::IdentityVault& vault() { return vault_; }
    const std::filesystem::path& folder() const { return folder_; }

    api::Cancel cancel; // of the request started last

private:
    static std::filesystem::path make_folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "kith-XXXXXX").string();
        return ::mkdtemp(pattern.data());
    }

    static host::DriverConfig config(const ApiWorld* seed, const pnrp::Profile& profile) {
        host::DriverConfig out;
        out.clouds.node.profile = &profile;
        out.clouds.node.allow_loopback = true;
        out.clouds.node.use_ssdp = false;
        out.sockets.push_back(std::move(*host::UdpSocket::open(
            {.local = {*parse_address(profile.allows_v4 ? "127.0.0.1" : "::1"), 0}})));
        if (seed != nullptr) {
            const Endpoint there = seed->endpoint();
            out.seeds = {{to_string(there.address), there.port}};
        }
        return out;
    }

    static Config graph_config(const std::filesystem::path& folder) {
        Config out;
        out.data = folder;
        out.graph_listen = {{*parse_address("127.0.0.1"), 0}};
        return out;
    }

    boost::asio::io_context& loop_;
    bool is_ours_;
    std::filesystem::path folder_;
    host::EntropySource entropy_;
    host::IdentityVault vault_ = *host::IdentityVault::open(folder_ / "identities");
    SeededRandom plain_;
    host::NodeDriver driver_;
    DriverService service_;
    Config graph_config_;
    host::PrivateDirectory data_;
    GraphKeeper graphs_;
    host::Worker worker_;
    api::Api api_;
};

} // namespace kith::daemon
