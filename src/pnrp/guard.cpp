#include "pnrp/guard.hpp"

#include "pnrp/network.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

void ProvenSources::prove(Now now, const Endpoint& source) {
    const auto known = std::find_if(
        proofs_.begin(), proofs_.end(), [&](const Proof& proof) { return proof.source == source; });
    if (known != proofs_.end()) {
        known->at = now.instant;
        return;
    }
    if (proofs_.size() < kProvenSourcesMax) {
        proofs_.push_back({source, now.instant});
        return;
    }
    const auto oldest = std::min_element(
        proofs_.begin(), proofs_.end(), [](const Proof& a, const Proof& b) { return a.at < b.at; });
    *oldest = {source, now.instant};
}

bool ProvenSources::is_proven(Now now, const Endpoint& source) const {
    return std::any_of(proofs_.begin(), proofs_.end(), [&](const Proof& proof) {
        return proof.source == source && now.instant - proof.at <= kProofLifetime;
    });
}

std::size_t ProvenSources::state_bytes() const {
    return proofs_.capacity() * sizeof(Proof);
}

double TokenBucket::level(Now now) const {
    const std::chrono::duration<double> elapsed = now.instant - filled_at_;
    return std::min(2 * per_second_, tokens_ + elapsed.count() * per_second_);
}

bool TokenBucket::has_token(Now now) {
    tokens_ = level(now);
    filled_at_ = now.instant;
    return tokens_ >= 1;
}

bool PrefixBuckets::has_token(Now now, const Address& prefix, double per_second) {
    auto at = buckets_.find(prefix);
    if (at == buckets_.end()) {
        if (buckets_.size() >= kBucketsMax) make_room(now);
        at = buckets_.emplace(prefix, TokenBucket(now, per_second)).first;
    }
    return at->second.has_token(now);
}

void PrefixBuckets::take(const Address& prefix) {
    const auto at = buckets_.find(prefix);
    if (at != buckets_.end()) at->second.take();
}

// A full bucket is as good as none. Where all were used the fullest goes: whoever takes much stays
// metered, and a newcomer is never refused for what others took.
void PrefixBuckets::make_room(Now now) {
    expire(now);
    if (buckets_.size() < kBucketsMax) return;
    buckets_.erase(
        std::max_element(buckets_.begin(), buckets_.end(), [&](const auto& a, const auto& b) {
            return a.second.fullness(now) < b.second.fullness(now);
        }));
}

void PrefixBuckets::expire(Now now) {
    std::erase_if(buckets_, [&](const auto& item) { return item.second.fullness(now) >= 1; });
}

std::size_t PrefixBuckets::state_bytes() const {
    return buckets_.size() * (sizeof(Address) + sizeof(TokenBucket) + 4 * sizeof(void*));
}

bool SignatureBudget::take(Now now, const Address& source) {
    if (!node_) node_.emplace(now, kSignaturesPerSecond);
    if (!node_->has_token(now)) return false;
    if (has_telling_network(source)) {
        const Address narrow = narrow_network_of(source);
        if (!prefixes_.has_token(now, narrow, kSignaturesPerSecondNarrow)) return false;
        if (!source.is_v4()) {
            // Told apart from a /64 that ends in zeros by its last bit, which no prefix has.
            Address wide = source.prefix(48);
            wide.bytes[15] = std::byte{1};
            if (!prefixes_.has_token(now, wide, kSignaturesPerSecondWide)) return false;
            prefixes_.take(wide);
        }
        prefixes_.take(narrow);
    }
    node_->take();
    return true;
}

bool LargeAnswerBudget::take(Now now, const Address& source, double per_second) {
    if (!has_telling_network(source)) return true;
    const Address narrow = narrow_network_of(source);
    if (!prefixes_.has_token(now, narrow, per_second)) return false;
    prefixes_.take(narrow);
    return true;
}

const SignedAnswer* AnswerCache::find(Now now, const Key& key) const {
    for (const Answer& answer : answers_) {
        if (answer.key == key && now.instant - answer.at <= kAnswerCacheTime)
            return &answer.signed_answer;
    }
    return nullptr;
}

void AnswerCache::add(Now now, const Key& key, SignedAnswer answer) {
    expire(now);
    if (answers_.size() >= kAnswersCachedMax) answers_.pop_front();
    answers_.push_back({key, std::move(answer), now.instant});
}

void AnswerCache::forget_id(const PnrpId& id) {
    answers_.remove_if([&](const Answer& answer) { return answer.key.id == id; });
}

void AnswerCache::expire(Now now) {
    while (!answers_.empty() && now.instant - answers_.front().at > kAnswerCacheTime) {
        answers_.pop_front();
    }
}

std::size_t AnswerCache::state_bytes() const {
    std::size_t bytes = answers_.state_bytes();
    for (const Answer& answer : answers_)
        bytes += answer.signed_answer.buffer.capacity();
    return bytes;
}

} // namespace kith::pnrp
