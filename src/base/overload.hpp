// One visitor of a variant out of a function for each of its kinds.

#pragma once

namespace kith {

template<class... Cases>
struct Overload : Cases... {
    using Cases::operator()...;
};

} // namespace kith
