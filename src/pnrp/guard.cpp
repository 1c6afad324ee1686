#include "pnrp/guard.hpp"

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

bool SignatureBudget::has_token(Now now, const Address& prefix, double per_second) {
    auto at = prefixes_.find(prefix);
    if (at == prefixes_.end()) {
        if (prefixes_.size() >= kBucketsMax) make_room(now);
        at = prefixes_.emplace(prefix, TokenBucket(now, per_second)).first;
    }
    return at->second.has_token(now);
}

// A full bucket is as good as none. Where all were used the fullest goes: whoever takes much stays
// metered, and a newcomer is never refused for what others took.
void SignatureBudget::make_room(Now now) {
    expire(now);
    if (prefixes_.size() < kBucketsMax) return;
    prefixes_.erase(
        std::max_element(prefixes_.begin(), prefixes_.end(), [&](const auto& a, const auto& b) {
            return a.second.fullness(now) < b.second.fullness(now);
        }));
}

bool SignatureBudget::take(Now now, const Address& source) {
    if (!node_) node_.emplace(now, kSignaturesPerSecond);
    if (!node_->has_token(now)) return false;
    const Scope scope = source.scope();
    if (scope == Scope::global || scope == Scope::site) {
        const Address narrow = source.prefix(source.is_v4() ? 24 : 64);
        if (!has_token(now, narrow, kSignaturesPerSecondNarrow)) return false;
        if (!source.is_v4()) {
            // Told apart from a /64 that ends in zeros by its last bit, which no prefix has.
            Address wide = source.prefix(48);
            wide.bytes[15] = std::byte{1};
            if (!has_token(now, wide, kSignaturesPerSecondWide)) return false;
            prefixes_.at(wide).take();
        }
        // The second look-up may have made room by dropping the first, which then was full.
        const auto at = prefixes_.find(narrow);
        if (at != prefixes_.end()) at->second.take();
    }
    node_->take();
    return true;
}

void SignatureBudget::expire(Now now) {
    std::erase_if(prefixes_, [&](const auto& item) { return item.second.fullness(now) >= 1; });
}

std::size_t SignatureBudget::state_bytes() const {
    return prefixes_.size() * (sizeof(Address) + sizeof(TokenBucket) + 4 * sizeof(void*));
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
    std::erase_if(answers_, [&](const Answer& answer) { return answer.key.id == id; });
}

void AnswerCache::expire(Now now) {
    while (!answers_.empty() && now.instant - answers_.front().at > kAnswerCacheTime) {
        answers_.pop_front();
    }
}

std::size_t AnswerCache::state_bytes() const {
    std::size_t bytes = 0;
    for (const Answer& answer : answers_)
        bytes += sizeof answer + answer.signed_answer.buffer.capacity();
    return bytes;
}

} // namespace kith::pnrp
