#!/usr/bin/python3
"""Checks that every test that docs/security.md names exists: `Suite.Name`, or `test_name`.

Prints one line for each that does not, and exits 1 if there is any.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "docs/security.md"]


def tests_of_the_tree() -> set[str]:
    found = set()
    for tree in ("src", "sim", "tests"):
        for path in (ROOT / tree).rglob("*"):
            if path.suffix not in (".cpp", ".py"):
                continue
            text = path.read_text(encoding="utf-8")
            for suite, name in re.findall(r"\bTEST(?:_[PF])?\(\s*(\w+),\s*(\w+)\s*\)", text):
                found.add(f"{suite}.{name}")
            found.update(re.findall(r"^def (test_\w+)\(", text, re.MULTILINE))
    return found


def named_in(document: pathlib.Path) -> list[str]:
    text = document.read_text(encoding="utf-8")
    return re.findall(r"`([A-Z]\w*\.\w+|test_\w+)`", text)


def main() -> int:
    known = tests_of_the_tree()
    missing = [f"{document.relative_to(ROOT)}: no test is called {name}"
               for document in DOCUMENTS for name in named_in(document) if name not in known]
    print("\n".join(missing) if missing else f"{len(known)} tests known, every one named exists")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
