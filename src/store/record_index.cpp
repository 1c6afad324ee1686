#include "store/record_index.hpp"

#include "base/check.hpp"
#include "crypto/digest.hpp"
#include "wire/writer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <span>
#include <utility>

namespace kith::store {
namespace {

/// A number modulo 2^256.
struct Sum {
    std::array<std::uint64_t, 4> limbs{}; // the lowest first

    Sum& operator+=(const Sum& other) {
        std::uint64_t carry = 0;
        for (std::size_t i = 0; i < limbs.size(); ++i) {
            const std::uint64_t with_carry = limbs[i] + carry;
            carry = with_carry < carry ? 1 : 0;
            limbs[i] = with_carry + other.limbs[i];
            carry += limbs[i] < with_carry ? 1U : 0U;
        }
        return *this;
    }

    Sum& operator-=(const Sum& other) {
        std::uint64_t borrow = 0;
        for (std::size_t i = 0; i < limbs.size(); ++i) {
            const std::uint64_t before = limbs[i];
            const std::uint64_t without = before - other.limbs[i];
            limbs[i] = without - borrow;
            borrow = (before < other.limbs[i] ? 1U : 0U) + (without < borrow ? 1U : 0U);
        }
        return *this;
    }

    static Sum of(const ByteArray<32>& big_endian) {
        Sum sum;
        for (std::size_t i = 0; i < big_endian.size(); ++i) {
            std::uint64_t& limb = sum.limbs[3 - i / 8];
            limb = limb << 8U | std::to_integer<std::uint64_t>(big_endian[i]);
        }
        return sum;
    }

    ByteArray<32> bytes() const {
        ByteArray<32> out;
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = static_cast<std::byte>(limbs[3 - i / 8] >> (8U * (7 - i % 8)));
        }
        return out;
    }
};

Sum fingerprint(const IndexEntry& entry) {
    Bytes input;
    input.reserve(52);
    wire::Writer{input}(entry.id.bytes, entry.version, entry.digest);
    return Sum::of(crypto::sha256({input}));
}

using Ref = std::uint32_t;
constexpr Ref kNone = 0xFFFF'FFFF;

/// The two orders that the nodes hang in, each a tree balanced by height (AVL).
enum Order : std::uint8_t { by_key, by_id };

struct Node {
    IndexEntry entry;
    Sum sum;                                      // of the subtree by key
    std::uint32_t count = 0;                      // in the subtree by key
    std::uint32_t heap_place = 0;                 // in the heap of expiry
    std::array<std::array<Ref, 2>, 2> children{}; // by order and side
    std::array<std::uint8_t, 2> heights{};        // by order; a leaf has 1
};

/// Nodes by number. They never move, so that what was found stays where it is.
class Pool {
public:
    Node& operator[](Ref ref) { return chunks_[ref / kChunk][ref % kChunk]; }
    const Node& operator[](Ref ref) const { return chunks_[ref / kChunk][ref % kChunk]; }

    Ref take() {
        if (!free_.empty()) {
            const Ref ref = free_.back();
            free_.pop_back();
            return ref;
        }
        KITH_CHECK(used_ < kNone);
        if (used_ % kChunk == 0) chunks_.push_back(std::make_unique<Node[]>(kChunk));
        return used_++;
    }

    void give_back(Ref ref) { free_.push_back(ref); }

    std::size_t memory() const {
        return chunks_.size() * kChunk * sizeof(Node) + chunks_.capacity() * sizeof(void*) +
               free_.capacity() * sizeof(Ref);
    }

private:
    static constexpr Ref kChunk = 256;

    std::vector<std::unique_ptr<Node[]>> chunks_;
    std::vector<Ref> free_;
    Ref used_ = 0;
};

/// The nodes from the root to where a search ended. A tree of 2^32 nodes is at most 46 high.
struct Path {
    std::array<Ref, 48> nodes{};
    std::array<std::uint8_t, 48> sides{}; // the side that the search left the node by
    std::size_t size = 0;

    void push(Ref node, bool is_right) {
        nodes[size] = node;
        sides[size++] = is_right ? 1 : 0;
    }
};

} // namespace

SyncKey SyncKey::highest() {
    SyncKey key;
    key.modified = PeerTime::max();
    key.id.bytes.fill(std::byte{0xFF});
    return key;
}

SyncKey SyncKey::successor() const {
    if (*this == highest()) return *this;
    SyncKey next = *this;
    for (std::size_t i = next.id.bytes.size(); i-- > 0;) {
        next.id.bytes[i] = static_cast<std::byte>(std::to_integer<unsigned>(next.id.bytes[i]) + 1U);
        if (next.id.bytes[i] != std::byte{0}) return next;
    }
    ++next.modified.ticks;
    return next;
}

IndexEntry make_index_entry(const Record& record) {
    IndexEntry entry;
    entry.type = record.type;
    entry.id = record.id;
    entry.version = record.version;
    entry.modified = record.modified;
    entry.expires = record.expires;
    entry.is_deleted = record.is_deleted;
    entry.refreshes = record.refreshes;
    entry.digest = content_digest(record);
    entry.bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        record.payload.size() + record.attributes.size(),
        std::numeric_limits<std::uint32_t>::max()));
    return entry;
}

struct RecordIndex::Tree {
    Pool pool;
    std::array<Ref, 2> roots{kNone, kNone};
    std::vector<Ref> heap; // the first to expire on top

    Ref child(Order order, Ref node, unsigned side) const {
        return pool[node].children[order][side];
    }
    unsigned height(Order order, Ref node) const {
        return node == kNone ? 0 : pool[node].heights[order];
    }
    std::uint32_t count(Ref node) const { return node == kNone ? 0 : pool[node].count; }
    Sum sum(Ref node) const { return node == kNone ? Sum{} : pool[node].sum; }

    bool less(Order order, const IndexEntry& left, const IndexEntry& right) const {
        return order == by_key ? left.key() < right.key() : left.id < right.id;
    }

    // --- balance

    void set_height(Order order, Ref node) {
        const auto& children = pool[node].children[order];
        const unsigned highest = std::max(height(order, children[0]), height(order, children[1]));
        pool[node].heights[order] = static_cast<std::uint8_t>(highest + 1);
    }

    /// Lifts the child on `side` above `node`, and returns it.
    Ref rotate(Order order, Ref node, unsigned side) {
        const Ref lifted = child(order, node, side);
        const Ref moved = child(order, lifted, 1 - side);
        if (order == by_key) {
            Node& down = pool[node];
            Node& up = pool[lifted];
            const Sum whole = down.sum;
            const std::uint32_t all = down.count;
            down.sum -= up.sum;
            down.sum += sum(moved);
            down.count = down.count - up.count + count(moved);
            up.sum = whole;
            up.count = all;
        }
        pool[node].children[order][side] = moved;
        pool[lifted].children[order][1 - side] = node;
        set_height(order, node);
        set_height(order, lifted);
        return lifted;
    }

    Ref balance(Order order, Ref node) {
        set_height(order, node);
        for (const unsigned side : {0U, 1U}) {
            const Ref heavy = child(order, node, side);
            if (height(order, heavy) <= height(order, child(order, node, 1 - side)) + 1) continue;
            const Ref inner = child(order, heavy, 1 - side);
            if (height(order, inner) > height(order, child(order, heavy, side))) {
                pool[node].children[order][side] = rotate(order, heavy, 1 - side);
            }
            return rotate(order, node, side);
        }
        return node;
    }

    void set_below(Order order, const Path& path, std::size_t depth, Ref node) {
        if (depth == 0) {
            roots[order] = node;
        } else {
            pool[path.nodes[depth - 1]].children[order][path.sides[depth - 1]] = node;
        }
    }

    void balance_along(Order order, const Path& path) {
        for (std::size_t depth = path.size; depth-- > 0;) {
            set_below(order, path, depth, balance(order, path.nodes[depth]));
        }
    }

    // --- one tree

    /// To the node that is equal to `entry` in this order, or to where it would hang.
    Ref descend(Order order, const IndexEntry& entry, Path& path) const {
        Ref at = roots[order];
        while (at != kNone) {
            const IndexEntry& here = pool[at].entry;
            const bool is_right = less(order, here, entry);
            if (!is_right && !less(order, entry, here)) return at;
            path.push(at, is_right);
            at = child(order, at, is_right ? 1 : 0);
        }
        return kNone;
    }

    void hang(Order order, Ref ref) {
        Path path;
        const Ref present = descend(order, pool[ref].entry, path);
        KITH_ASSUME(present == kNone);
        pool[ref].children[order] = {kNone, kNone};
        pool[ref].heights[order] = 1;
        if (order == by_key) {
            pool[ref].sum = fingerprint(pool[ref].entry);
            pool[ref].count = 1;
            for (std::size_t i = 0; i < path.size; ++i) {
                pool[path.nodes[i]].sum += pool[ref].sum;
                ++pool[path.nodes[i]].count;
            }
        }
        set_below(order, path, path.size, ref);
        balance_along(order, path);
    }

    void take_down(Order order, Ref ref) {
        Path path;
        const Ref found = descend(order, pool[ref].entry, path);
        KITH_CHECK(found == ref);
        const Ref left = child(order, ref, 0);
        const Ref right = child(order, ref, 1);
        if (order == by_key) {
            Sum own = pool[ref].sum;
            own -= sum(left);
            own -= sum(right);
            for (std::size_t i = 0; i < path.size; ++i) {
                pool[path.nodes[i]].sum -= own;
                --pool[path.nodes[i]].count;
            }
        }
        if (left == kNone || right == kNone) {
            set_below(order, path, path.size, left == kNone ? right : left);
        } else {
            put_successor_in_place(order, ref, path);
        }
        balance_along(order, path);
    }

    /// The next node in order takes the place of `ref`, which has two children and ends `path`.
    void put_successor_in_place(Order order, Ref ref, Path& path) {
        const std::size_t depth = path.size;
        path.push(ref, true);
        Ref next = child(order, ref, 1);
        while (child(order, next, 0) != kNone) {
            path.push(next, false);
            next = child(order, next, 0);
        }
        Sum own;
        if (order == by_key) {
            own = pool[next].sum;
            own -= sum(child(order, next, 1));
            for (std::size_t i = depth + 1; i < path.size; ++i) {
                pool[path.nodes[i]].sum -= own;
                --pool[path.nodes[i]].count;
            }
        }
        set_below(order, path, path.size, child(order, next, 1));
        pool[next].children[order] = pool[ref].children[order];
        path.nodes[depth] = next;
        set_below(order, path, depth, next);
        if (order == by_key) {
            Node& node = pool[next];
            own += sum(node.children[order][0]);
            own += sum(node.children[order][1]);
            node.sum = own;
            node.count = 1 + count(node.children[order][0]) + count(node.children[order][1]);
        }
    }

    Ref find(const RecordId& id) const {
        Ref at = roots[by_id];
        while (at != kNone) {
            const auto order = id <=> pool[at].entry.id;
            if (order == 0) return at;
            at = child(by_id, at, order > 0 ? 1 : 0);
        }
        return kNone;
    }

    /// Hangs `sorted` as one tree of the least height.
    void build(Order order, std::span<const Ref> sorted) {
        struct Part {
            std::span<const Ref> nodes;
            Ref parent;
            unsigned side;
        };
        std::vector<Part> open{{sorted, kNone, 0}};
        roots[order] = kNone;
        while (!open.empty()) {
            const Part part = open.back();
            open.pop_back();
            if (part.nodes.empty()) continue;
            const std::size_t middle = part.nodes.size() / 2;
            const Ref ref = part.nodes[middle];
            Node& node = pool[ref];
            node.children[order] = {kNone, kNone};
            node.heights[order] = static_cast<std::uint8_t>(std::bit_width(part.nodes.size()));
            if (part.parent == kNone) {
                roots[order] = ref;
            } else {
                pool[part.parent].children[order][part.side] = ref;
            }
            open.push_back({part.nodes.first(middle), ref, 0});
            open.push_back({part.nodes.subspan(middle + 1), ref, 1});
        }
    }

    /// Sums and counts of the tree by key, from the fingerprints that its nodes hold.
    void add_up(std::span<const Ref> sorted) {
        std::vector<Ref> lowest_first(sorted.begin(), sorted.end());
        std::sort(lowest_first.begin(), lowest_first.end(), [&](Ref left, Ref right) {
            return pool[left].heights[by_key] < pool[right].heights[by_key];
        });
        for (const Ref ref : lowest_first) {
            Node& node = pool[ref];
            node.count = 1;
            for (const Ref below : node.children[by_key]) {
                node.sum += sum(below);
                node.count += count(below);
            }
        }
    }

    // --- the heap of expiry

    bool expires_before(Ref left, Ref right) const {
        const IndexEntry& a = pool[left].entry;
        const IndexEntry& b = pool[right].entry;
        return a.expires != b.expires ? a.expires < b.expires : a.id < b.id;
    }

    void place(std::size_t at, Ref ref) {
        heap[at] = ref;
        pool[ref].heap_place = static_cast<std::uint32_t>(at);
    }

    /// Moves the node at `at` to where it belongs.
    void settle(std::size_t at) {
        const Ref ref = heap[at];
        while (at > 0 && expires_before(ref, heap[(at - 1) / 2])) {
            place(at, heap[(at - 1) / 2]);
            at = (at - 1) / 2;
        }
        for (std::size_t below = 2 * at + 1; below < heap.size(); below = 2 * at + 1) {
            if (below + 1 < heap.size() && expires_before(heap[below + 1], heap[below])) ++below;
            if (!expires_before(heap[below], ref)) break;
            place(at, heap[below]);
            at = below;
        }
        place(at, ref);
    }

    void leave_heap(Ref ref) {
        const std::size_t at = pool[ref].heap_place;
        const Ref last = heap.back();
        heap.pop_back();
        if (last == ref) return;
        place(at, last);
        settle(at);
    }

    // --- ranges

    /// What stands before `key`, or before and at it.
    RangeSum before(const SyncKey& key, bool key_included) const {
        Sum total;
        RangeSum out;
        Ref at = roots[by_key];
        while (at != kNone) {
            const SyncKey here = pool[at].entry.key();
            const bool counts = here < key || (key_included && here == key);
            if (counts) {
                const Ref right = child(by_key, at, 1);
                total += pool[at].sum;
                total -= sum(right);
                out.count += pool[at].count - count(right);
            }
            at = child(by_key, at, counts ? 1 : 0);
        }
        out.sum = total.bytes();
        return out;
    }
};

RecordIndex::RecordIndex() : tree_(std::make_unique<Tree>()) {}
RecordIndex::~RecordIndex() = default;
RecordIndex::RecordIndex(RecordIndex&&) noexcept = default;
RecordIndex& RecordIndex::operator=(RecordIndex&&) noexcept = default;

const IndexEntry* RecordIndex::find(const RecordId& id) const {
    const Ref ref = tree_->find(id);
    return ref == kNone ? nullptr : &tree_->pool[ref].entry;
}

void RecordIndex::put(const IndexEntry& entry) {
    Tree& tree = *tree_;
    Ref ref = tree.find(entry.id);
    if (ref != kNone) {
        tree.take_down(by_key, ref);
        tree.pool[ref].entry = entry;
        tree.hang(by_key, ref);
        tree.settle(tree.pool[ref].heap_place);
        return;
    }
    ref = tree.pool.take();
    tree.pool[ref].entry = entry;
    tree.hang(by_key, ref);
    tree.hang(by_id, ref);
    tree.heap.push_back(ref);
    tree.settle(tree.heap.size() - 1);
}

void RecordIndex::erase(const RecordId& id) {
    Tree& tree = *tree_;
    const Ref ref = tree.find(id);
    if (ref == kNone) return;
    tree.take_down(by_key, ref);
    tree.take_down(by_id, ref);
    tree.leave_heap(ref);
    tree.pool.give_back(ref);
}

bool RecordIndex::assign(std::vector<IndexEntry> entries) {
    clear();
    Tree& tree = *tree_;
    std::sort(entries.begin(), entries.end(), [](const IndexEntry& left, const IndexEntry& right) {
        return left.key() < right.key();
    });
    std::vector<Ref> refs;
    refs.reserve(entries.size());
    tree.heap.reserve(entries.size());
    for (const IndexEntry& entry : entries) {
        const Ref ref = tree.pool.take();
        Node& node = tree.pool[ref];
        node.entry = entry;
        node.sum = fingerprint(entry);
        refs.push_back(ref);
        tree.heap.push_back(ref);
        tree.settle(tree.heap.size() - 1);
    }
    tree.build(by_key, refs);
    tree.add_up(refs);
    std::sort(refs.begin(), refs.end(), [&](Ref left, Ref right) {
        return tree.pool[left].entry.id < tree.pool[right].entry.id;
    });
    const bool repeats = std::adjacent_find(refs.begin(), refs.end(), [&](Ref left, Ref right) {
                             return tree.pool[left].entry.id == tree.pool[right].entry.id;
                         }) != refs.end();
    if (repeats) {
        clear();
        return false;
    }
    tree.build(by_id, refs);
    return true;
}

void RecordIndex::clear() {
    tree_ = std::make_unique<Tree>();
}

std::size_t RecordIndex::size() const {
    return tree_->heap.size();
}

std::size_t RecordIndex::memory() const {
    return sizeof(Tree) + tree_->pool.memory() + tree_->heap.capacity() * sizeof(Ref);
}

RangeSum RecordIndex::sum(const SyncKey& first, const SyncKey& last) const {
    if (last < first) return {};
    RangeSum upper = tree_->before(last, true);
    const RangeSum lower = tree_->before(first, false);
    Sum difference = Sum::of(upper.sum);
    difference -= Sum::of(lower.sum);
    return {difference.bytes(), upper.count - lower.count};
}

std::optional<SyncKey> RecordIndex::key_at(const SyncKey& first, std::uint64_t rank) const {
    const Tree& tree = *tree_;
    const std::uint64_t before = tree.before(first, false).count;
    if (rank >= size() - before) return std::nullopt;
    std::uint64_t wanted = before + rank;
    Ref at = tree.roots[by_key];
    while (true) {
        const std::uint64_t left = tree.count(tree.child(by_key, at, 0));
        if (wanted == left) return tree.pool[at].entry.key();
        const bool is_right = wanted > left;
        if (is_right) wanted -= left + 1;
        at = tree.child(by_key, at, is_right ? 1 : 0);
    }
}

void RecordIndex::visit(
    const SyncKey& first,
    const SyncKey& last,
    const std::function<bool(const IndexEntry&)>& visit) const {
    const Tree& tree = *tree_;
    std::array<Ref, 48> open{}; // nodes not visited yet whose left side is done
    std::size_t size = 0;
    for (Ref at = tree.roots[by_key]; at != kNone;) {
        const bool is_before = tree.pool[at].entry.key() < first;
        if (!is_before) open[size++] = at;
        at = tree.child(by_key, at, is_before ? 1 : 0);
    }
    while (size > 0) {
        const Ref next = open[--size];
        const IndexEntry& entry = tree.pool[next].entry;
        if (entry.key() > last || !visit(entry)) return;
        for (Ref at = tree.child(by_key, next, 1); at != kNone; at = tree.child(by_key, at, 0)) {
            open[size++] = at;
        }
    }
}

const IndexEntry* RecordIndex::first_to_expire() const {
    return tree_->heap.empty() ? nullptr : &tree_->pool[tree_->heap.front()].entry;
}

} // namespace kith::store
