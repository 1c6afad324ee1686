#include "sim/graph_security.hpp"

#include "sim/seed.hpp"

#include <array>
#include <cstring>
#include <utility>

namespace kith::sim {

namespace {

Bytes bytes_of(std::uint64_t value) {
    Bytes bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

bool is_same(ByteView bytes, std::uint64_t value) {
    return bytes.size() == sizeof value && std::memcmp(bytes.data(), &value, sizeof value) == 0;
}

} // namespace

std::uint64_t SealProvider::seal_of(const store::Record& record) const {
    const ByteArray<32> digest = store::content_digest(record);
    std::uint64_t word = 0;
    std::memcpy(&word, digest.data(), sizeof word);
    return mix_bits(word ^ secret_);
}

std::unique_ptr<graph::SecuritySession>
SealProvider::start(Now /*now*/, bool is_initiator, const graph::AuthInfo& /*announced*/) {
    return std::make_unique<SealSession>(secret_, is_initiator);
}

std::optional<Bytes> SealProvider::secure(const store::Record& record) {
    const std::uint64_t seal = seal_of(record);
    valid_.insert(seal);
    return bytes_of(seal);
}

graph::Verdict SealProvider::validate(const store::Record& record) {
    const std::uint64_t seal = seal_of(record);
    if (!is_same(record.security, seal)) return graph::Verdict::invalid;
    const bool is_late = mix_bits(seal) % kDeferOneIn == 0;
    if (is_late && !ripe_.contains(seal) && !valid_.contains(seal)) {
        unripe_.insert(seal);
        return graph::Verdict::defer;
    }
    valid_.insert(seal);
    return graph::Verdict::valid;
}

bool SealProvider::ripen() {
    const auto unripe = std::exchange(unripe_, {});
    ripe_.insert(unripe.begin(), unripe.end());
    return !unripe.empty();
}

bool SealProvider::knows(const store::Record& record) const {
    return valid_.contains(seal_of(record));
}

graph::SecurityStep SealSession::begin(Now /*now*/) {
    if (!is_initiator_) return {};
    return {bytes_of(secret_), false, false};
}

graph::SecurityStep SealSession::feed(Now /*now*/, ByteView bytes) {
    if (!is_same(bytes, secret_)) return {{}, false, true};
    if (is_initiator_) return {{}, true, false};
    return {bytes_of(secret_), true, false};
}

std::optional<Bytes> SealSession::protect(ByteView plain) {
    return to_owned(plain);
}

std::optional<Bytes> SealSession::unprotect(ByteView wire) {
    return to_owned(wire);
}

} // namespace kith::sim
