#!/usr/bin/python3
"""Checks what no compiler checks: the order of the layers, hidden clocks and entropy, leftovers.

    layers.py [REPOSITORY] [--compiler COMMAND]

Prints one line per problem and exits 1 if there is any. The graph below is the architecture: an
arrow that is not in it does not exist.
"""
import argparse
import pathlib
import re
import shlex
import subprocess
import sys
from typing import Iterator, NamedTuple

CORE = ["base", "wire", "crypto", "identity", "store", "pnrp", "graph", "group", "node"]

# A layer may include itself and the layers named after it.
LAYERS = {
    "base": [],
    "wire": ["base"],
    "crypto": ["base", "wire"],
    "identity": ["base", "wire", "crypto"],
    "store": ["base", "wire", "crypto"],
    "pnrp": ["base", "wire", "crypto", "identity"],
    "graph": ["base", "wire", "crypto", "identity", "store"],
    "group": ["base", "wire", "crypto", "identity", "store", "graph"],
    "node": [layer for layer in CORE if layer != "node"],
    "host": CORE,
    "sim": CORE,
    "api": CORE,
    "daemon": [*CORE, "host", "api"],
    "embed": [*CORE, "host", "api"],
    # `kith --embedded` is kithd in another program: its node and its configuration, not its main().
    "cli": [*CORE, "host", "api", "embed", "daemon"],
    "nss": [],
}

COLUMNS_MAX = 100
LINES_MAX = 1200  # a file of this size is no longer one noun
SOURCES = {".cpp", ".hpp", ".c", ".h"}
GENERATED = {"kith_version.hpp"}  # written by CMake into the build folder


class Rule(NamedTuple):
    pattern: re.Pattern
    instead: str
    allowed_in: frozenset = frozenset()  # layers
    tests_may: bool = False


def rule(pattern: str, instead: str, allowed_in: tuple = (), tests_may: bool = False) -> Rule:
    return Rule(re.compile(pattern), instead, frozenset(allowed_in), tests_may)


# Everywhere, and in comments too.
BANNED_TEXT = [rule(r"\bFIXME\b", "resolve it before it is merged")]

# Everywhere, in code.
BANNED = [
    rule(r"\bassert\s*\(", "KITH_CHECK or KITH_ASSUME (base/check.hpp)"),
    rule(r"#\s*include\s*<(cassert|assert\.h)>", "KITH_CHECK or KITH_ASSUME (base/check.hpp)"),
]

# Below `host` there is no clock, no entropy, no thread, no socket, no environment.
BANNED_IN_CORE = [
    rule(r"_clock::now\b|\b(clock_gettime|gettimeofday|localtime|gmtime)\b|\bstd::time\s*\(",
         "time is an argument: take a `Now`"),
    rule(r"\b(random_device|mt19937(_64)?|getrandom|getentropy|arc4random\w*|RAND_bytes)\b"
         r"|\brandombytes_\w+|\bs?rand\s*\(|#\s*include\s*<random>",
         "chance is an argument: take a `SecureRandom` or a `PlainRandom`"),
    rule(r"\bstd::(thread|jthread|mutex|shared_mutex|async|condition_variable)\b|\bpthread_\w+"
         r"|#\s*include\s*<(thread|mutex|shared_mutex|condition_variable|future|pthread\.h)>",
         "one core, one thread: threads live in host/"),
    rule(r"#\s*include\s*<arpa/inet\.h>", "addresses are text in base/ only",
         allowed_in=("base",)),
    rule(r"#\s*include\s*<(sys/(socket|select|epoll|un|time|random)\.h|netinet/|netdb\.h|net/"
         r"|ifaddrs\.h|poll\.h|unistd\.h|fcntl\.h|boost/(asio|beast)|spdlog/)",
         "sockets, files and logs live in host/"),
    rule(r"#\s*include\s*<(fstream|filesystem)>", "files live in host/", tests_may=True),
    rule(r"#\s*include\s*<(iostream|regex)>|\bstd::(cout|cerr|clog)\b",
         "a core prints nothing and needs no regular expressions"),
    rule(r"\b(secure_)?getenv\b", "configuration is an argument"),
]


class Problem(NamedTuple):
    path: pathlib.Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: error: {self.message}"


def without_comments(text: str) -> list[str]:
    """The lines with comments blanked and string literals kept; good enough for what is banned."""
    token = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)

    def blank(match: re.Match) -> str:
        found = match[0]
        return found if found.startswith('"') else re.sub(r"[^\n]", " ", found)

    return token.sub(blank, text).split("\n")


def layer_of(path: pathlib.Path) -> str | None:
    """The layer that a path of the tree belongs to; nothing for tests and benchmarks."""
    if path.parts[0] == "src":
        return path.parts[1] if len(path.parts) > 2 else ""
    return "sim" if path.parts[0] == "sim" else None


def shape_problems(path: pathlib.Path, lines: list[str]) -> Iterator[Problem]:
    if len(lines) > LINES_MAX:
        yield Problem(path, 1, f"file exceeds {LINES_MAX} lines: split it by noun")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield Problem(path, number, f"line exceeds {COLUMNS_MAX} columns")


def banned_problems(path: pathlib.Path, lines: list[str], code: list[str],
                    layer: str | None) -> Iterator[Problem]:
    is_core = layer in CORE
    is_test = path.stem.endswith("_test") or path.stem.startswith("test_")
    for number, (line, code_line) in enumerate(zip(lines, code), 1):
        checks = [(found, line) for found in BANNED_TEXT] + [(found, code_line) for found in BANNED]
        if is_core:
            checks += [(found, code_line) for found in BANNED_IN_CORE
                       if layer not in found.allowed_in and not (is_test and found.tests_may)]
        for found, text in checks:
            match = found.pattern.search(text)
            if match:
                yield Problem(path, number, f"banned '{match[0].strip()}': {found.instead}")


def include_problems(path: pathlib.Path, code: list[str], layer: str) -> Iterator[Problem]:
    for number, line in enumerate(code, 1):
        include = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if not include or include[1] in GENERATED:
            continue
        head, slash, _ = include[1].partition("/")
        if not slash:
            yield Problem(path, number, f"include \"{include[1]}\" by its full path from src/")
        elif head in LAYERS:
            if head not in [layer, *LAYERS[layer]]:
                yield Problem(path, number, f"layer '{layer}' may not include '{head}'")
        elif head != "kith":
            yield Problem(path, number, f"\"{include[1]}\" is in no layer")


def file_problems(repository: pathlib.Path, path: pathlib.Path) -> Iterator[Problem]:
    """What is wrong with one file; `path` is relative to the repository."""
    text = (repository / path).read_text(encoding="utf-8")
    lines = text.splitlines()
    yield from shape_problems(path, lines)
    layer = layer_of(path)
    code = without_comments(text)
    yield from banned_problems(path, lines, code, layer)
    if layer is None:
        return
    if layer not in LAYERS:
        yield Problem(path, 1, f"'{layer}' is not a layer: add it to the graph in layers.py")
        return
    yield from include_problems(path, code, layer)


def header_problems(repository: pathlib.Path, compiler: str) -> Iterator[Problem]:
    """Each public header compiles alone, seeing nothing but include/."""
    public = repository / "include"
    for header in sorted((public / "kith").rglob("*.h*")) if public.is_dir() else []:
        language = "c" if header.suffix == ".h" else "c++"
        standard = "c17" if language == "c" else "c++23"
        command = [*shlex.split(compiler), "-fsyntax-only", "-x", language, f"-std={standard}",
                   "-Wall", "-Wextra", "-Werror", f"-I{public}", "-"]
        source = f'#include "{header.relative_to(public).as_posix()}"\n'
        done = subprocess.run(command, input=source, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            first = (done.stderr.strip().splitlines() or ["no message"])[0]
            yield Problem(header.relative_to(repository), 1, f"does not compile alone: {first}")


def graph_problems() -> Iterator[Problem]:
    """The graph itself: arrows lead to layers, and no way leads back."""
    here = pathlib.Path("tests/layers/layers.py")
    for layer, below in LAYERS.items():
        for other in below:
            if other not in LAYERS:
                yield Problem(here, 1, f"'{layer}' points to '{other}', which is not a layer")
            elif layer in LAYERS[other]:
                yield Problem(here, 1, f"'{layer}' and '{other}' include each other")


def sources(repository: pathlib.Path) -> list[pathlib.Path]:
    found = []
    for tree in ("src", "sim", "include", "tests", "bench"):
        found += [path.relative_to(repository) for path in (repository / tree).rglob("*")
                  if path.suffix in SOURCES and path.is_file()]
    return sorted(found)


def problems(repository: pathlib.Path, compiler: str = "g++-12") -> list[Problem]:
    found = list(graph_problems())
    for path in sources(repository):
        found += file_problems(repository, path)
    found += header_problems(repository, compiler)
    return found


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("repository", nargs="?", default=pathlib.Path(__file__).parents[2],
                           type=pathlib.Path)
    arguments.add_argument("--compiler", default="g++-12", help="for the public headers")
    given = arguments.parse_args()
    found = problems(given.repository.resolve(), given.compiler)
    for problem in found:
        print(problem)
    print(f"layers: {len(sources(given.repository.resolve()))} files, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
