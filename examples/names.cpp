// Publishes a name at one node and resolves it at another.
#include <cstdio>
#include <cstdlib>
#include <kith/names.hpp>

template<class T>
T need(kith::Result<T> result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
}

int main() {
    kith::Names home = need(kith::Names::open({.listen = {"127.0.0.1:0"}}));
    kith::Names away =
        need(kith::Names::open({.listen = {"127.0.0.1:0"}, .seeds = {home.listening().front()}}));

    const kith::Identity alice = need(kith::Identity::create("alice"));
    const std::string name = need(
        home.publish({.owner = alice, .classifier = "web", .addresses = {"127.0.0.1:8080/tcp"}}));

    need(away.resolve({.name = name}));
    const auto resolved = away.wait(std::chrono::seconds(15));
    if (!resolved) return 1;
    const kith::Found found = need(resolved->outcome);
    std::printf("%s is at %s\n", found.name.c_str(), found.addresses.front().c_str());
}
