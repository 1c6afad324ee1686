#include "cli/page.hpp"

#include "base/check.hpp"
#include "cli/terminal_text.hpp"

#include <algorithm>
#include <utility>

namespace kith::cli {

namespace {

constexpr std::string_view kGap = "  ";

std::string_view escape_of(Tone tone) {
    switch (tone) {
    case Tone::plain:
        return "";
    case Tone::heading:
        return "\x1b[1m";
    case Tone::good:
        return "\x1b[32m";
    case Tone::warning:
        return "\x1b[33m";
    case Tone::bad:
        return "\x1b[31m";
    case Tone::faint:
        return "\x1b[2m";
    }
    return "";
}

// Colours are applied after padding, so that their bytes never count as columns.
std::string aligned(const Page& page, const Cell& cell, std::size_t width, Align align) {
    const std::size_t columns = columns_of(cell.text);
    const std::string padding(width > columns ? width - columns : 0, ' ');
    const std::string text = page.paint(cell.text, cell.tone);
    return align == Align::left ? text + padding : padding + text;
}

void trim_line_end(std::string& out) {
    while (!out.empty() && out.back() == ' ')
        out.pop_back();
}

} // namespace

std::string Page::paint(std::string_view text, Tone tone) const {
    if (colors == Colors::off || tone == Tone::plain || text.empty()) return std::string(text);
    std::string out(escape_of(tone));
    out += text;
    out += "\x1b[0m";
    return out;
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add_row(std::vector<Cell> cells) {
    KITH_CHECK(cells.size() == columns_.size());
    for (Cell& cell : cells)
        cell.text = printable(cell.text);
    rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::widths() const {
    std::vector<std::size_t> widths;
    widths.reserve(columns_.size());
    for (const Column& column : columns_)
        widths.push_back(columns_of(column.title));
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], columns_of(row[i].text));
    }
    return widths;
}

std::string Table::render(const Page& page) const {
    const std::vector<std::size_t> width = widths();
    std::size_t total = kGap.size() * (columns_.size() - 1);
    for (const std::size_t columns : width)
        total += columns;

    std::string out;
    if (page.columns_max != 0 && total > page.columns_max) {
        for (const auto& row : rows_) {
            if (!out.empty()) out += '\n';
            Facts facts;
            for (std::size_t i = 0; i < row.size(); ++i)
                facts.add(columns_[i].title, row[i].text, row[i].tone);
            out += facts.render(page);
        }
        return out;
    }

    const auto print = [&](const auto& cell_at) {
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (i != 0) out += kGap;
            out += aligned(page, cell_at(i), width[i], columns_[i].align);
        }
        trim_line_end(out);
        out += '\n';
    };
    print([&](std::size_t i) { return Cell{columns_[i].title, Tone::heading}; });
    for (const auto& row : rows_)
        print([&](std::size_t i) { return row[i]; });
    return out;
}

void Facts::add(std::string label, std::string_view value, Tone tone) {
    if (value.empty()) return;
    facts_.push_back({std::move(label), {printable(value), tone}});
}

void Facts::add_lines(std::string label, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        facts_.push_back({std::exchange(label, {}), {printable(value), Tone::plain}});
    }
}

std::string Facts::render(const Page& page) const {
    std::size_t width = 0;
    for (const Fact& fact : facts_)
        width = std::max(width, columns_of(fact.label));
    std::string out;
    for (const Fact& fact : facts_) {
        out += aligned(page, {fact.label, Tone::heading}, width, Align::left);
        out += kGap;
        out += page.paint(fact.value.text, fact.value.tone);
        trim_line_end(out);
        out += '\n';
    }
    return out;
}

} // namespace kith::cli
