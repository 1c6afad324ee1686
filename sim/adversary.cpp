#include "sim/adversary.hpp"

#include "base/overload.hpp"
#include "pnrp/cpa.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/profile.hpp"
#include "sim/host_clock.hpp"
#include "sim/seed.hpp"

#include <algorithm>
#include <iterator>
#include <variant>

namespace kith::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kQuestionsMax = 65'536;
constexpr std::size_t kRecordedMax = 4096;
constexpr std::size_t kVictimsMax = 4096;

// Shares of what liars send to others.
constexpr double kFloodShare = 0.1;   // is followed by some floods
constexpr double kStormShare = 0.002; // by more than anybody can check
constexpr double kMalformedShare = 0.05;
constexpr double kExpiredShare = 0.25; // of the questions for their own names
constexpr std::uint64_t kFloodMax = 12;
constexpr std::uint64_t kStorm = 200;

const pnrp::Profile& profile() {
    return pnrp::modern_profile();
}

} // namespace

Adversary::Adversary(std::uint64_t seed, const Lies& lies)
    : lies_(lies),
      random_(derive_seed(seed, Stream::liar, 1)),
      secure_(derive_seed(seed, Stream::liar, 2)) {}

void Adversary::recruit(const Endpoint& endpoint) {
    if (!liars_.emplace(endpoint, endpoints_.size()).second) return;
    endpoints_.push_back(endpoint);
}

void Adversary::enlist(
    const Endpoint& endpoint, const pnrp::PnrpId& id, const pnrp::Registration& content) {
    names_.insert_or_assign(id, Name{{id, endpoint.port, {endpoint.address}}, content});
}

TapVerdict Adversary::pass(const Passage& passage, std::vector<Forgery>& forgeries) {
    const bool is_silent = lies_.empty() || names_.empty(); // before he has a name he is honest
    if (is_silent || passage.channel != node::Channel::pnrp) return TapVerdict::passes;
    const bool is_from_liar = owns(passage.source);
    if (is_from_liar == owns(passage.destination)) return TapVerdict::passes;
    auto message = pnrp::decode_message(profile(), passage.payload);
    if (!message) return TapVerdict::passes;
    if (is_from_liar) return twist(passage, *std::move(message), forgeries);
    overhear(passage, *message, forgeries);
    return TapVerdict::passes;
}

// What liars hear ---------------------------------------------------------------------------------

void Adversary::overhear(
    const Passage& passage, const pnrp::Message& message, std::vector<Forgery>& out) {
    std::visit(
        Overload{
            [&](const pnrp::Authority& answer) { overhear_answer(answer); },
            [&](const pnrp::Flood& flood) { meet_sender(passage, flood.entry); },
            [&](const pnrp::Request& request) { mislead(passage, request, out); },
            [&](const pnrp::Lookup& lookup) { ask(passage, message, lookup); },
            [&](const pnrp::Inquire& inquire) { ask(passage, message, inquire); },
            [](const auto&) {},
        },
        message.body);
}

void Adversary::overhear_answer(const pnrp::Authority& answer) {
    if (answer.fragment.size() != answer.size) return;
    const auto buffer = pnrp::decode_authority_buffer(profile(), answer.fragment);
    if (buffer && buffer->cpa) record(*buffer->cpa);
}

// Whoever joins hears of liars only.
void Adversary::mislead(
    const Passage& passage, const pnrp::Request& request, std::vector<Forgery>& out) {
    if (!lies_.has(Lie::neighbours)) return;
    for (const pnrp::PnrpId& id : request.ids) {
        const Name* name = name_at(id);
        if (name == nullptr) continue;
        tell(Lie::neighbours);
        pnrp::Flood flood;
        flood.no_ack = true;
        flood.entry = name->entry;
        forge(passage.destination, passage.source, std::move(flood), out);
    }
}

// A question gets its lie when it comes, and keeps it when it is sent again.
template<class Body>
void Adversary::ask(const Passage& passage, const pnrp::Message& message, const Body& body) {
    const QuestionKey key{passage.source, message.id};
    if (questions_.contains(key)) return; // sent again
    Question question{message.body, std::nullopt, std::nullopt};
    prepare(passage, body, question);
    if (!question.lie) return;
    questions_.emplace(key, std::move(question));
    asked_.push_back(key);
    if (asked_.size() > kQuestionsMax) {
        questions_.erase(asked_.front());
        asked_.pop_front();
    }
}

void Adversary::prepare(const Passage& passage, const pnrp::Lookup& lookup, Question& question) {
    meet_sender(passage, lookup.best_match);
    question.lie = choose({Lie::neighbours, Lie::dead_ends, Lie::claims, Lie::silence});
    if (!question.lie || question.lie == Lie::silence) return;
    auto buffer = answer_to(lookup, *question.lie);
    if (question.lie == Lie::claims) {
        // The answerer itself holds it, if one believes him.
        buffer.entry = pnrp::RouteEntry{
            claimed_id(lookup.target), passage.destination.port, {passage.destination.address}};
    }
    question.answer = pnrp::encode_authority_buffer(profile(), buffer);
}

void Adversary::prepare(const Passage& passage, const pnrp::Inquire& inquire, Question& question) {
    const Name* own = name_at(inquire.validate);
    const bool is_own = own != nullptr && own->entry.has_endpoint(passage.destination);
    if (is_own) {
        // Most of the time the truth: who is never believed is soon forgotten.
        if (inquire.flags.cpa && random_.unit() < kExpiredShare)
            question.lie = choose({Lie::expired});
    } else if (!inquire.flags.cpa) {
        question.lie = choose({Lie::claims});
    } else {
        question.lie = choose({Lie::forged, Lie::replayed, Lie::expired});
    }
    if (!question.lie) return;
    question.answer = pnrp::encode_authority_buffer(
        profile(), answer_to(passage, inquire, *question.lie, is_own ? own : nullptr));
}

void Adversary::record(const Bytes& cpa) {
    const auto read = pnrp::decode_cpa(profile(), cpa);
    if (!read) return;
    const pnrp::PnrpId id = pnrp::id_of(profile(), *read);
    if (!recorded_.emplace(id, cpa).second) return; // the first is the oldest
    recorded_in_order_.push_back(id);
    if (recorded_in_order_.size() > kRecordedMax) {
        recorded_.erase(recorded_in_order_.front());
        recorded_in_order_.pop_front();
    }
}

// Who tells of itself.
void Adversary::meet_sender(const Passage& passage, const std::optional<pnrp::RouteEntry>& entry) {
    if (entry && entry->has_endpoint(passage.source)) meet(passage.source, entry->id);
}

void Adversary::meet(const Endpoint& endpoint, const pnrp::PnrpId& id) {
    const Victim victim{endpoint, id};
    if (victims_.size() < kVictimsMax) {
        victims_.push_back(victim);
    } else {
        victims_[random_.below(victims_.size())] = victim;
    }
}

// What liars say ----------------------------------------------------------------------------------

TapVerdict
Adversary::twist(const Passage& passage, pnrp::Message message, std::vector<Forgery>& out) {
    if (lies_.has(Lie::floods)) flood(passage.source, out);
    if (lies_.has(Lie::malformed)) say_malformed(passage, out);
    if (const auto* answer = std::get_if<pnrp::Authority>(&message.body)) {
        return twist_answer(passage, *answer);
    }
    if (auto* advertise = std::get_if<pnrp::Advertise>(&message.body)) {
        if (!lies_.has(Lie::neighbours)) return TapVerdict::passes;
        tell(Lie::neighbours);
        for (pnrp::PnrpId& id : advertise->ids) {
            auto liar = names_.lower_bound(near(id, 0, 256));
            id = liar == names_.end() ? names_.begin()->first : liar->first;
        }
        std::ranges::sort(advertise->ids);
        const auto [first, last] = std::ranges::unique(advertise->ids);
        advertise->ids.erase(first, last);
        return say(passage, message);
    }
    if (auto* lookup = std::get_if<pnrp::Lookup>(&message.body)) {
        if (!lookup->validate.is_zero()) meet(passage.destination, lookup->validate);
        if (!lookup->best_match || !lies_.has(Lie::claims)) return TapVerdict::passes;
        tell(Lie::claims);
        lookup->best_match = pnrp::RouteEntry{
            near(lookup->validate, 200, 255), passage.source.port, {passage.source.address}};
        return say(passage, message);
    }
    if (const auto* inquire = std::get_if<pnrp::Inquire>(&message.body)) {
        meet(passage.destination, inquire->validate);
    }
    return TapVerdict::passes;
}

TapVerdict Adversary::twist_answer(const Passage& passage, const pnrp::Authority& answer) {
    const auto asked = questions_.find({passage.destination, answer.acked});
    if (asked == questions_.end()) return TapVerdict::passes;
    const Question& question = asked->second;
    tell(*question.lie);
    if (!question.answer || answer.offset != 0) return TapVerdict::swallowed;
    const auto fragments = pnrp::split_authority(answer.acked, *question.answer);
    return say(passage, {pnrp::MessageId{secure_.next_u32()}, fragments.front()});
}

TapVerdict Adversary::say(const Passage& passage, const pnrp::Message& message) {
    passage.payload = pnrp::encode_message(profile(), message);
    return TapVerdict::passes;
}

std::optional<Lie> Adversary::choose(std::initializer_list<Lie> among) {
    std::vector<Lie> told;
    std::ranges::copy_if(among, std::back_inserter(told), [&](Lie lie) { return lies_.has(lie); });
    if (told.empty()) return std::nullopt;
    return told[random_.below(told.size())];
}

pnrp::AuthorityBuffer Adversary::answer_to(const pnrp::Lookup& lookup, Lie lie) {
    pnrp::AuthorityBuffer buffer;
    if (lie == Lie::neighbours) {
        if (const Name* other = accomplice(lookup)) buffer.entry = other->entry;
        return buffer;
    }
    if (lie == Lie::dead_ends) {
        const std::uint64_t kind = random_.below(4);
        buffer.not_found = kind == 0;
        buffer.suspicious = kind == 1;
        if (kind >= 2) buffer.entry = invented(near(lookup.target, 100, 240));
    }
    return buffer;
}

pnrp::AuthorityBuffer Adversary::answer_to(
    const Passage& passage, const pnrp::Inquire& inquire, Lie lie, const Name* own) {
    pnrp::AuthorityBuffer buffer;
    if (!inquire.flags.cpa) return buffer; // it is here: that is all that was asked
    const Endpoint& liar = passage.destination;
    buffer.entry = pnrp::RouteEntry{inquire.validate, liar.port, {liar.address}};
    const auto recorded = recorded_.find(inquire.validate);
    if (lie == Lie::replayed && recorded != recorded_.end()) {
        buffer.cpa = recorded->second;
        return buffer;
    }
    const Name* signer = own;
    if (signer == nullptr) signer = &names_.begin()->second;
    if (lie == Lie::expired) {
        const pnrp::Registration& content = signer->content;
        pnrp::Cpa cpa;
        cpa.not_after = kStartDate - 1h;
        cpa.nonce = inquire.nonce.value_or(pnrp::Nonce{});
        cpa.service_location = pnrp::service_location_of(inquire.validate);
        cpa.authority = content.name.authority().bytes;
        cpa.classifier_hash = pnrp::classifier_hash(profile(), content.name.classifier());
        cpa.service_addresses = {liar};
        cpa.app_endpoints = content.endpoints;
        buffer.cpa = pnrp::sign_cpa(profile(), cpa, *content.key);
        return buffer;
    }
    buffer.cpa = forged_cpa(liar, inquire);
    return buffer;
}

// The real owner's words with the liar's addresses, under the owner's signature or under his own.
Bytes Adversary::forged_cpa(const Endpoint& liar, const pnrp::Inquire& inquire) {
    constexpr std::uint16_t kTcp = 6;
    pnrp::Cpa cpa;
    const auto recorded = recorded_.find(inquire.validate);
    const bool is_known = recorded != recorded_.end();
    if (is_known) cpa = *pnrp::decode_cpa(profile(), recorded->second);
    cpa.has_extended_payload = false;
    cpa.nonce = inquire.nonce.value_or(pnrp::Nonce{});
    cpa.not_after = kStartDate + 24h;
    cpa.service_addresses = {liar};
    cpa.app_endpoints = {{liar.address, 6666, kTcp}};
    cpa.service_location = pnrp::service_location_of(inquire.validate);
    if (is_known && random_.below(2) == 0) return pnrp::encode_cpa(profile(), cpa);
    const pnrp::Registration& own = names_.begin()->second.content;
    if (!is_known) {
        cpa.authority = own.name.authority().bytes;
        cpa.classifier_hash = pnrp::classifier_hash(profile(), own.name.classifier());
    }
    return pnrp::sign_cpa(profile(), cpa, *own.key);
}

// Route entries around the ids of whoever talks to liars: at their own addresses, at nobody's, and
// at those of others who have never heard of it. Some come with a revoke of somebody's name.
void Adversary::flood(const Endpoint& from, std::vector<Forgery>& out) {
    if (victims_.empty()) return;
    const double draw = random_.unit();
    if (draw >= kFloodShare + kStormShare) return;
    const std::uint64_t count = draw < kStormShare ? kStorm : 1 + random_.below(kFloodMax);
    const Victim victim = victims_[random_.below(victims_.size())];
    if (owns(victim.endpoint)) return;
    for (std::uint64_t i = 0; i < count; ++i) {
        tell(Lie::floods);
        pnrp::Flood flood;
        flood.no_ack = random_.below(4) != 0;
        pnrp::PnrpId id = near(victim.id, 120, 256);
        if (!recorded_.empty() && random_.below(4) == 0)
            id = recorded_in_order_[random_.below(recorded_in_order_.size())];
        const std::uint64_t whose = random_.below(4);
        if (whose <= 1) {
            const Endpoint liar = some_liar();
            flood.entry = pnrp::RouteEntry{id, liar.port, {liar.address}};
        } else if (whose == 2) {
            flood.entry = invented(id);
        } else {
            const Endpoint& other = victims_[random_.below(victims_.size())].endpoint;
            flood.entry = pnrp::RouteEntry{id, other.port, {other.address}};
        }
        if (i == 0 && !recorded_.empty()) {
            const auto& id_of_other = recorded_in_order_[random_.below(recorded_in_order_.size())];
            pnrp::Cpa cpa = *pnrp::decode_cpa(profile(), recorded_.at(id_of_other));
            cpa.is_revoke = true;
            cpa.nonce = {};
            cpa.has_extended_payload = false;
            cpa.app_endpoints.clear(); // else it is no revoke
            cpa.service_addresses.clear();
            flood.revoke_cpa =
                random_.below(2) == 0
                    ? pnrp::encode_cpa(profile(), cpa)
                    : pnrp::sign_cpa(profile(), cpa, *names_.begin()->second.content.key);
        }
        forge(from, victim.endpoint, std::move(flood), out);
    }
}

void Adversary::say_malformed(const Passage& passage, std::vector<Forgery>& out) {
    if (random_.unit() >= kMalformedShare) return;
    tell(Lie::malformed);
    Bytes payload = passage.payload;
    if (random_.below(2) == 0) {
        payload.resize(random_.below(payload.size()));
    } else {
        payload.resize(pnrp::kDatagramSizeMax + 1 + random_.below(200));
    }
    if (payload.empty()) return;
    out.push_back({passage.channel, passage.source, passage.destination, std::move(payload), 1ms});
}

void Adversary::forge(
    const Endpoint& from, const Endpoint& to, pnrp::Body body, std::vector<Forgery>& out) {
    const pnrp::Message message{pnrp::MessageId{secure_.next_u32()}, std::move(body)};
    const auto delay = std::chrono::milliseconds(20 + random_.below(80));
    out.push_back({node::Channel::pnrp, from, to, pnrp::encode_message(profile(), message), delay});
}

// An id of the name that is searched for: the true one, if its owner was ever asked by a liar.
pnrp::PnrpId Adversary::claimed_id(const pnrp::PnrpId& target) {
    const pnrp::P2pId name = pnrp::p2p_id_of(target);
    const auto known = recorded_.lower_bound(pnrp::make_id(name, {}));
    if (known != recorded_.end() && pnrp::p2p_id_of(known->first) == name && random_.below(2) == 0)
        return known->first;
    return pnrp::make_id(name, secure_.bytes<16>());
}

const Adversary::Name* Adversary::name_at(const pnrp::PnrpId& id) const {
    const auto at = names_.find(id);
    return at == names_.end() ? nullptr : &at->second;
}

// The liar nearest to the target whom the search has not met.
const Adversary::Name* Adversary::accomplice(const pnrp::Lookup& lookup) const {
    auto up = names_.lower_bound(lookup.target);
    auto down = up;
    for (std::size_t i = 0; i < names_.size(); ++i) {
        if (up == names_.end()) up = names_.begin();
        const auto below = down == names_.begin() ? std::prev(names_.end()) : std::prev(down);
        const bool takes_up = !pnrp::is_closer(below->first, up->first, lookup.target);
        const Name& name = takes_up ? up->second : below->second;
        if (takes_up) {
            ++up;
        } else {
            down = below;
        }
        const bool was_met = std::ranges::any_of(lookup.path, [&](const Endpoint& endpoint) {
            return name.entry.has_endpoint(endpoint);
        });
        if (!was_met && name.entry.id != lookup.validate) return &name;
    }
    return nullptr;
}

// An id at a distance of about 2^bits, on either side.
pnrp::PnrpId Adversary::near(const pnrp::PnrpId& id, unsigned bits_min, unsigned bits_max) {
    const auto bits = bits_min + static_cast<unsigned>(random_.below(bits_max - bits_min));
    pnrp::PnrpId apart{secure_.bytes<32>()};
    // Shifts the random number down by whole bytes: a distance below 2^bits.
    const std::size_t zeros = (256 - bits) / 8;
    std::fill_n(apart.bytes.begin(), zeros, std::byte{});
    return random_.below(2) == 0 ? id + apart : id - apart;
}

// Somewhere in the cloud's scope where nobody lives.
pnrp::RouteEntry Adversary::invented(const pnrp::PnrpId& id) {
    const Endpoint model = some_liar();
    pnrp::RouteEntry entry{id, model.port, {model.address}};
    auto& bytes = entry.addresses.front().bytes;
    const bool is_link = entry.addresses.front().scope() == Scope::link;
    for (std::size_t i = is_link ? 8 : 2; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>(random_.below(256));
    return entry;
}

Endpoint Adversary::some_liar() {
    return endpoints_[random_.below(endpoints_.size())];
}

} // namespace kith::sim
