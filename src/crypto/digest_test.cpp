#include "crypto/digest.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::crypto {
namespace {

struct DigestVector {
    std::string message;
    std::string md5_hex;
    std::string sha1_hex;
    std::string sha256_hex;
};

// FIPS 180-2 appendices A and B, and the empty message; MD5 of the same by another program.
std::vector<DigestVector> published_vectors() {
    return {
        {"",
         "d41d8cd98f00b204e9800998ecf8427e",
         "da39a3ee5e6b4b0d3255bfef95601890afd80709",
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc",
         "900150983cd24fb0d6963f7d28e17f72",
         "a9993e364706816aba3e25717850c26c9cd0d89d",
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "8215ef0796a20bcaaae116d3876c664a",
         "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {std::string(1'000'000, 'a'),
         "7707d6ae4e027c70eea2a935c2296f21",
         "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
}

TEST(Digest, AgreesWithThePublishedVectors) {
    for (const DigestVector& vector : published_vectors()) {
        const ByteView message = as_bytes(vector.message);
        EXPECT_EQ(to_hex(md5({message})), vector.md5_hex) << vector.message.size();
        EXPECT_EQ(to_hex(sha1({message})), vector.sha1_hex) << vector.message.size();
        EXPECT_EQ(to_hex(sha256({message})), vector.sha256_hex) << vector.message.size();
    }
}

TEST(Digest, OfPartsIsTheOneOfTheirConcatenation) {
    const std::string_view text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        const ByteView head = as_bytes(text.substr(0, cut));
        const ByteView tail = as_bytes(text.substr(cut));
        EXPECT_EQ(sha1({head, ByteView{}, tail}), sha1({as_bytes(text)})) << cut;
        EXPECT_EQ(sha256({head, ByteView{}, tail}), sha256({as_bytes(text)})) << cut;
    }
}

TEST(Digest, OfNoPartsIsTheOneOfTheEmptyMessage) {
    EXPECT_EQ(sha1({}), sha1({ByteView{}}));
    EXPECT_EQ(sha256({}), sha256({ByteView{}}));
}

} // namespace
} // namespace kith::crypto
