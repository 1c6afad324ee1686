// The names registered here and what is signed for them (docs/protocol/pnrp.md, Registrations).

#include "pnrp/limits.hpp"
#include "pnrp/registry.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::secure_registration;

constexpr Nonce kNonce{std::byte{1}, std::byte{2}};

class RegistryTest : public testing::Test {
protected:
    const LocalName& add(Registration registration) {
        return bench.registry.add(std::move(registration));
    }

    AuthorityBuffer answer(const LocalName& name, InquireFlags flags, bool has_nonce = true) {
        Inquire inquire{flags, name.id, {}, false};
        if (has_nonce) inquire.nonce = kNonce;
        return bench.registry.answer(at(5s), name, inquire);
    }

    CpaExpectation expected(const LocalName& name, const Nonce& nonce = kNonce) const {
        return {.now = at(5s).wall, .id = name.id, .nonce = nonce};
    }

    std::uint64_t signatures() const { return bench.exchange.counters().signatures_made; }

    Bench bench;
};

TEST_F(RegistryTest, MakesAnIdOfNameAndPlace) { // PNRP-248, PNRP-249
    const PnrpId id = add(secure_registration(1)).id;
    const PnrpId again = add(secure_registration(1)).id;
    EXPECT_EQ(p2p_id_of(id), p2p_id(modern_profile(), secure_registration(1).name));
    EXPECT_EQ(p2p_id_of(id), p2p_id_of(again));
    const auto location = service_location_of(id);
    EXPECT_TRUE(
        std::equal(location.begin(), location.begin() + 8, bench.own.address.bytes.begin()));
    EXPECT_NE(id, again); // the suffix is random
}

TEST_F(RegistryTest, TakesThePrefixOfAnIpv4AddressFromItsFourBytes) {
    const Endpoint own = *parse_endpoint("198.51.100.7:3540");
    bench.exchange.set_endpoints(std::span(&own, 1));
    const auto location = service_location_of(add(secure_registration(1)).id);
    const ByteArray<8> prefix{std::byte{198}, std::byte{51}, std::byte{100}, std::byte{7}};
    EXPECT_TRUE(std::equal(prefix.begin(), prefix.end(), location.begin()));
}

TEST_F(RegistryTest, TakesThePlaceThatItIsGiven) { // PNRP-246, PNRP-248
    auto registration = secure_registration(1);
    registration.prefix = {std::byte{1}, std::byte{2}, std::byte{3}};
    const PnrpId id = add(registration).id;
    const ServiceLocation location = service_location_of(id);
    EXPECT_TRUE(
        std::equal(registration.prefix->begin(), registration.prefix->end(), location.begin()));
}

TEST_F(RegistryTest, SignsAFreshCpaForEachNonce) { // PNRP-268, PNRP-270
    const auto registration = secure_registration(1);
    const LocalName& name = add(registration);
    const AuthorityBuffer buffer = answer(name, {.cpa = true});
    EXPECT_FALSE(buffer.not_found || buffer.suspicious || buffer.busy);
    ASSERT_TRUE(buffer.cpa);
    const auto cpa = verify_cpa(modern_profile(), *buffer.cpa, expected(name));
    ASSERT_TRUE(cpa) << static_cast<int>(cpa.error());
    EXPECT_THAT((*cpa)->service_addresses, testing::ElementsAre(bench.own));
    EXPECT_EQ((*cpa)->app_endpoints, registration.endpoints);
    EXPECT_EQ((*cpa)->friendly_name, registration.comment);
    EXPECT_EQ((*cpa)->not_after, at(5s).wall + kCpaLifetime);
    EXPECT_GE((*cpa)->not_after, at(5s).wall + 12h); // PNRP-068
    EXPECT_LE((*cpa)->not_after, at(5s).wall + 7 * 24h);
    EXPECT_FALSE((*cpa)->has_extended_payload);
    EXPECT_EQ(buffer.entry, bench.registry.entry_of(name.id)); // decision A23
    EXPECT_EQ(buffer.classifier, "web");
    EXPECT_FALSE(buffer.extended_payload);
    EXPECT_EQ(signatures(), 1U);
    // PNRP-268: zeros where the INQUIRE has none.
    const AuthorityBuffer without = answer(name, {.cpa = true}, false);
    EXPECT_TRUE(verify_cpa(modern_profile(), *without.cpa, expected(name, Nonce{})));
    EXPECT_FALSE(verify_cpa(modern_profile(), *without.cpa, expected(name)));
}

TEST_F(RegistryTest, GivesOnlyWhatIsAsked) { // PNRP-269
    auto registration = secure_registration(1);
    registration.payload = Payload{PayloadKind::binary, Bytes(100)};
    const LocalName& name = add(registration);
    EXPECT_EQ(answer(name, {}), AuthorityBuffer{});
    EXPECT_EQ(answer(name, {.chain = true}), AuthorityBuffer{});
    EXPECT_EQ(signatures(), 0U);
    EXPECT_FALSE(answer(name, {.cpa = true}).extended_payload);
    const LocalName& plain = add(secure_registration(2));
    EXPECT_FALSE(answer(plain, {.cpa = true, .extended_payload = true}).extended_payload);
}

TEST_F(RegistryTest, SignsThePayloadBesideItsCpa) { // PNRP-269, PNRP-271
    auto registration = secure_registration(1);
    registration.payload = Payload{PayloadKind::binary, Bytes(kPayloadBytesMax, std::byte{4})};
    const LocalName& name = add(registration);
    const AuthorityBuffer buffer = answer(name, {.cpa = true, .extended_payload = true});
    ASSERT_TRUE(buffer.cpa && buffer.extended_payload);
    const auto cpa = verify_cpa(modern_profile(), *buffer.cpa, expected(name));
    ASSERT_TRUE(cpa);
    EXPECT_TRUE((*cpa)->has_extended_payload);
    const auto payload =
        verify_extended_payload(modern_profile(), *buffer.extended_payload, expected(name), *cpa);
    ASSERT_TRUE(payload);
    EXPECT_EQ(payload->payload, registration.payload->bytes);
    EXPECT_EQ(signatures(), 1U); // one for both
    // Another payload, or none that the CPA knows of, is nobody's.
    Bytes other = *buffer.extended_payload;
    other.back() ^= std::byte{1};
    EXPECT_FALSE(verify_extended_payload(modern_profile(), other, expected(name), *cpa));
    other = *buffer.extended_payload;
    other[100] ^= std::byte{1};
    EXPECT_FALSE(verify_extended_payload(modern_profile(), other, expected(name), *cpa));
    const AuthorityBuffer without = answer(name, {.cpa = true});
    const auto silent = verify_cpa(modern_profile(), *without.cpa, expected(name));
    ASSERT_TRUE(silent);
    EXPECT_FALSE(verify_extended_payload(
        modern_profile(), *buffer.extended_payload, expected(name), *silent));
    EXPECT_LE(encode_authority_buffer(modern_profile(), buffer).size(), kAuthorityBufferSizeMax);
}

TEST_F(RegistryTest, SignsAPayloadThatIsAskedForAlone) { // PNRP-271
    auto registration = secure_registration(1);
    registration.payload = Payload{PayloadKind::binary, Bytes(100, std::byte{4})};
    const LocalName& name = add(registration);
    const AuthorityBuffer buffer = answer(name, {.extended_payload = true});
    ASSERT_TRUE(buffer.extended_payload);
    EXPECT_TRUE(verify_extended_payload(
        modern_profile(),
        *buffer.extended_payload,
        expected(name),
        registration.key->public_key().material()));
    EXPECT_EQ(signatures(), 1U);
}

TEST_F(RegistryTest, ShowsAllItsAddresses) { // PNRP-270
    const std::vector<Endpoint> own{
        bench.own, *parse_endpoint("198.51.100.7:3540"), *parse_endpoint("[2001:db8:9::1]:3540")};
    bench.exchange.set_endpoints(own);
    const LocalName& name = add(secure_registration(1));
    const auto cpa = decode_cpa(modern_profile(), *answer(name, {.cpa = true}).cpa);
    EXPECT_EQ(cpa->service_addresses, own);
    const RouteEntry entry = bench.registry.entry_of(name.id);
    EXPECT_EQ(entry.port, 3540);
    EXPECT_EQ(entry.addresses.size(), 3U);
    EXPECT_TRUE(entry.has_endpoint(own[1]));
}

TEST_F(RegistryTest, RevokesWithTheKeyOfTheName) { // PNRP-252
    const LocalName& name = add(secure_registration(1));
    const Bytes revocation = bench.registry.revocation(at({}), name);
    const auto cpa = verify_cpa(modern_profile(), revocation, {.now = at({}).wall, .revoke = true});
    ASSERT_TRUE(cpa);
    EXPECT_TRUE((*cpa)->is_revoke);
    EXPECT_EQ(cpa->id(), name.id);
    EXPECT_TRUE((*cpa)->service_addresses.empty() && (*cpa)->app_endpoints.empty());
    // It is nobody's certified address.
    EXPECT_FALSE(verify_cpa(modern_profile(), revocation, expected(name, Nonce{})));
}

TEST_F(RegistryTest, CertifiesAnUnsecuredNameWithoutAnAuthority) { // PNRP-296
    auto registration = secure_registration(1);
    registration.name = *identity::PeerName::unsecured("printer");
    const LocalName& name = add(registration);
    const auto cpa = verify_cpa(modern_profile(), *answer(name, {.cpa = true}).cpa, expected(name));
    ASSERT_TRUE(cpa);
    EXPECT_FALSE((*cpa)->authority);
    EXPECT_TRUE((*cpa)->classifier_hash);
}

TEST_F(RegistryTest, FindsTheNearest) {
    EXPECT_EQ(bench.registry.nearest(Bench::id_of_byte(1)), nullptr);
    for (unsigned i = 0; i < 20; ++i)
        add(secure_registration(i));
    for (unsigned byte = 0; byte < 256; byte += 5) {
        const PnrpId target = Bench::id_of_byte(byte);
        const PnrpId found = bench.registry.nearest(target)->id;
        for (const PnrpId& id : bench.registry.ids())
            EXPECT_FALSE(is_closer(id, found, target)) << byte;
    }
}

TEST_F(RegistryTest, ForgetsWhatIsRemoved) {
    const LocalName& name = add(secure_registration(1));
    const PnrpId id = name.id;
    const RegistrationId registration_id = name.registration_id;
    EXPECT_NE(bench.registry.find(secure_registration(1).name), nullptr);
    EXPECT_EQ(bench.registry.find(registration_id)->id, id);
    bench.registry.remove(registration_id);
    bench.registry.remove(registration_id);
    EXPECT_EQ(bench.registry.find(id), nullptr);
    EXPECT_EQ(bench.registry.find(secure_registration(1).name), nullptr);
    EXPECT_EQ(bench.registry.find(registration_id), nullptr);
    EXPECT_EQ(bench.registry.size(), 0U);
}

TEST(Registration, SaysWhatIsWrongWithIt) { // PNRP-246, PNRP-247
    EXPECT_FALSE(defect_of(at({}), secure_registration(1)));
    const auto defect = [](auto&& spoil) {
        Registration registration = secure_registration(1);
        spoil(registration);
        return defect_of(at({}), registration);
    };
    const auto many = [](std::size_t count) {
        return [count](Registration& r) { r.endpoints.resize(count); };
    };
    EXPECT_EQ(defect(many(0)), RegisterErrc::no_endpoints);
    EXPECT_FALSE(defect(many(kAppEndpointsMax)));
    EXPECT_EQ(defect(many(kAppEndpointsMax + 1)), RegisterErrc::too_many_endpoints);
    EXPECT_FALSE(defect([](Registration& r) {
        r.endpoints.clear();
        r.payload = Payload{PayloadKind::binary, Bytes(1)};
    }));
    const auto payload = [](std::size_t size) {
        return [size](Registration& r) { r.payload = Payload{PayloadKind::binary, Bytes(size)}; };
    };
    EXPECT_EQ(defect(payload(0)), RegisterErrc::payload_too_long);
    EXPECT_FALSE(defect(payload(kPayloadBytesMax)));
    EXPECT_EQ(defect(payload(kPayloadBytesMax + 1)), RegisterErrc::payload_too_long);
    // What no peer would take is not taken here either: signing it would be too late to find out.
    const auto written = [](PayloadKind kind, const std::string& bytes) {
        return [=](Registration& r) { r.payload = Payload{kind, to_owned(as_bytes(bytes))}; };
    };
    using namespace std::string_literals;
    EXPECT_FALSE(defect(written(PayloadKind::text_utf8, "hello\0"s)));
    EXPECT_EQ(defect(written(PayloadKind::text_utf8, "hello")), RegisterErrc::payload_too_long);
    EXPECT_EQ(defect(written(PayloadKind::text_utf8, "\xff\0"s)), RegisterErrc::payload_too_long);
    EXPECT_FALSE(defect(written(PayloadKind::text_utf16, "h\0i\0\0\0"s)));
    EXPECT_EQ(defect(written(PayloadKind::text_utf16, "h\0i"s)), RegisterErrc::payload_too_long);
    const auto comment = [](std::string text) {
        return [text = std::move(text)](Registration& r) { r.comment = text; };
    };
    EXPECT_FALSE(defect(comment(std::string(39, 'a'))));
    EXPECT_EQ(defect(comment(std::string(40, 'a'))), RegisterErrc::comment_too_long);
    std::string euros; // three bytes each: 26 are 78 bytes
    for (int i = 0; i < 26; ++i)
        euros += "\u20ac";
    EXPECT_FALSE(defect(comment(euros)));
    EXPECT_EQ(defect(comment(euros + "a")), RegisterErrc::comment_too_long);
    EXPECT_EQ(defect(comment("\xff")), RegisterErrc::comment_too_long);
    EXPECT_EQ(defect(comment("a\0b"s)), RegisterErrc::comment_too_long);
    EXPECT_EQ(defect([](Registration& r) { r.key = nullptr; }), RegisterErrc::wrong_key);
    EXPECT_EQ(defect([](Registration& r) { r.key = test::test_key(2); }), RegisterErrc::wrong_key);
}

} // namespace
} // namespace kith::pnrp
