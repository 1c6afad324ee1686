#include "fuzzed.hpp"
#include "pnrp/authority_buffer.hpp"
#include "pnrp/limits.hpp"

#include <optional>

namespace {

// The stupid way: one array of the claimed size and a mark for every byte.
struct Model {
    std::optional<std::size_t> size;
    kith::Bytes bytes = kith::Bytes(kith::pnrp::kAuthorityBufferSizeMax);
    std::vector<bool> marks = std::vector<bool>(kith::pnrp::kAuthorityBufferSizeMax);
    std::size_t marked = 0;

    void add(const kith::pnrp::Authority& fragment) {
        size = fragment.size;
        for (std::size_t i = 0; i < fragment.fragment.size(); ++i) {
            const std::size_t at = fragment.offset + i;
            KITH_CHECK(at < *size);
            if (!marks[at]) ++marked;
            marks[at] = true;
            bytes[at] = fragment.fragment[i];
        }
    }
};

} // namespace

// The input is a list of fragments, five bytes each: Size, the number of the fragment, how far its
// length is from the right one, and what it is filled with.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kith;
    pnrp::Reassembly reassembly;
    Model model;
    for (std::size_t at = 0; at + 5 <= size && at < std::size_t{5} * 64; at += 5) {
        pnrp::Authority fragment;
        fragment.size = static_cast<std::uint16_t>(data[at] << 8U | data[at + 1]);
        fragment.offset = static_cast<std::uint16_t>(data[at + 2] % 64U * pnrp::kFragmentSize);
        std::size_t length = data[at + 3] % 8U;
        if (fragment.offset < fragment.size) {
            length += std::min<std::size_t>(pnrp::kFragmentSize, fragment.size - fragment.offset);
        }
        fragment.fragment.assign(length, static_cast<std::byte>(data[at + 4]));

        const auto outcome = reassembly.add(fragment);
        if (outcome == pnrp::Reassembly::Outcome::refused) return 0;
        model.add(fragment);
        KITH_CHECK(reassembly.state_bytes() <= 2 * model.marked + 8192);
        const bool is_complete = model.marked == *model.size;
        KITH_CHECK(is_complete == (outcome == pnrp::Reassembly::Outcome::complete));
        if (is_complete) {
            fuzz::check_same(reassembly.take(), ByteView(model.bytes).first(*model.size));
            return 0;
        }
    }
    return 0;
}
