// The sheet that output is laid out on: its width and its colours, and the two shapes everything
// takes there, a table and a list of facts. Both make each text that they are given printable.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kith::cli {

/// What a text means; a page with colours shows it, one without prints the same characters.
enum class Tone : std::uint8_t { plain, heading, good, warning, bad, faint };

enum class Colors : std::uint8_t { off, on };

struct Page {
    Colors colors = Colors::off;
    std::size_t columns_max = 0; // 0: no limit

    /// `text`, which is printable already, in `tone`.
    std::string paint(std::string_view text, Tone tone) const;
};

struct Cell {
    std::string text;
    Tone tone = Tone::plain;
};

enum class Align : std::uint8_t { left, right };

struct Column {
    std::string title;
    Align align = Align::left;
};

/// Aligned columns under their titles. Where a row would not fit the page, every row is printed as
/// a list of facts instead: nothing is cut off, so that names can always be copied.
class Table {
public:
    explicit Table(std::vector<Column> columns);

    /// Requires: one cell for each column.
    void add_row(std::vector<Cell> cells);

    std::string render(const Page& page) const;

private:
    std::vector<std::size_t> widths() const;

    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

/// Lines of `label  value`, the values aligned; further values of a fact stand below the first.
class Facts {
public:
    /// No-op if `value` is empty: an absent fact takes no line.
    void add(std::string label, std::string_view value, Tone tone = Tone::plain);

    void add_lines(std::string label, const std::vector<std::string>& values);

    std::string render(const Page& page) const;

private:
    struct Fact {
        std::string label; // empty: belongs to the fact above
        Cell value;
    };

    std::vector<Fact> facts_;
};

} // namespace kith::cli
