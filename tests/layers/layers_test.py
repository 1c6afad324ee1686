#!/usr/bin/python3
"""Plants every kind of violation in a copy of the tree and sees layers.py find exactly it."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import layers

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

# (file that is planted, its text, a part of the message that must appear)
PLANTED = [
    # Arrows.
    ("src/base/planted.hpp", '#include "pnrp/cloud.hpp"\n', "'base' may not include 'pnrp'"),
    ("src/pnrp/planted.hpp", '#include "graph/graph.hpp"\n', "'pnrp' may not include 'graph'"),
    ("src/node/planted.hpp", '#include "host/udp_socket.hpp"\n', "'node' may not include 'host'"),
    ("src/api/planted.hpp", '#include "host/loop.hpp"\n', "'api' may not include 'host'"),
    ("src/host/planted.hpp", '#include "daemon/config.hpp"\n', "'host' may not include 'daemon'"),
    ("src/nss/planted.hpp", '#include "base/bytes.hpp"\n', "'nss' may not include 'base'"),
    ("sim/planted.hpp", '#include "host/loop.hpp"\n', "'sim' may not include 'host'"),
    ("src/wire/planted_test.cpp", '#include "crypto/key.hpp"\n', "may not include 'crypto'"),
    ("src/odd/planted.hpp", "int x;\n", "'odd' is not a layer"),
    ("src/pnrp/planted.hpp", '#include "message.hpp"\n', "by its full path"),
    ("src/pnrp/planted.hpp", '#include "odd/message.hpp"\n', "is in no layer"),
    # Clocks.
    ("src/pnrp/planted.cpp", "auto t = std::chrono::steady_clock::now();\n", "time is an argument"),
    ("src/node/planted.cpp", "auto t = std::time(nullptr);\n", "time is an argument"),
    ("src/base/planted.cpp", "int r = clock_gettime(c, &t);\n", "time is an argument"),
    # Entropy.
    ("src/crypto/planted.cpp", "std::random_device device;\n", "chance is an argument"),
    ("src/crypto/planted.cpp", "randombytes_buf(p, 32);\n", "chance is an argument"),
    ("src/pnrp/planted_test.cpp", "std::mt19937 engine(1);\n", "chance is an argument"),
    ("src/pnrp/planted.cpp", "int r = rand();\n", "chance is an argument"),
    # Threads.
    ("src/node/planted.cpp", "std::jthread worker;\n", "threads live in host/"),
    ("src/node/planted.cpp", "#include <mutex>\n", "threads live in host/"),
    # Sockets, files, logs, output, environment.
    ("src/pnrp/planted.cpp", "#include <sys/socket.h>\n", "live in host/"),
    ("src/pnrp/planted.cpp", "#include <netinet/in.h>\n", "live in host/"),
    ("src/pnrp/planted.cpp", "#include <arpa/inet.h>\n", "in base/ only"),
    ("src/node/planted.cpp", "#include <boost/asio/io_context.hpp>\n", "live in host/"),
    ("src/node/planted.cpp", "#include <spdlog/spdlog.h>\n", "live in host/"),
    ("src/identity/planted.cpp", "#include <fstream>\n", "files live in host/"),
    ("src/wire/planted.cpp", "#include <iostream>\n", "prints nothing"),
    ("src/base/planted.cpp", 'auto home = std::getenv("HOME");\n', "configuration is an argument"),
    # Shape and leftovers, also at the edge, in tests and in comments.
    ("src/cli/planted.cpp", "// " + "x" * 98 + "\n", "exceeds 100 columns"),
    ("tests/fuzz/pnrp/planted_fuzz.cpp", "// " + "x" * 98 + "\n", "exceeds 100 columns"),
    ("src/cli/planted.cpp", "int x;\n" * 1201, "exceeds 1200 lines"),
    ("src/cli/planted.cpp", "// FIXME: later\n", "FIXME"),
    ("src/cli/planted.cpp", "void f() { assert(true); }\n", "KITH_CHECK or KITH_ASSUME"),
    ("src/cli/planted.cpp", "#include <cassert>\n", "KITH_CHECK or KITH_ASSUME"),
    ("include/kith/planted.hpp", "inline std::string f();\n", "does not compile alone"),
]

# What must stay allowed.
CLEAN = [
    ("src/base/planted.cpp", "#include <arpa/inet.h>\n"),
    ("src/pnrp/planted.cpp", "// a std::jthread would be wrong here, and so is rand()\n"),
    ("src/pnrp/planted.cpp", "/* steady_clock::now() and\n   getenv in prose */\n"),
    ("src/pnrp/planted.cpp", "static_assert(sizeof(int) == 4);\n"),
    ("src/identity/planted_test.cpp", "#include <fstream>\n"),
    ("src/identity/test_planted.hpp", "#include <fstream>\n"),
    ("src/host/planted.cpp", "auto t = std::chrono::steady_clock::now(); std::jthread w;\n"),
    ("src/cli/planted.cpp", '#include "kith_version.hpp"\n'),
    ("src/daemon/planted.cpp", '#include "host/loop.hpp"\n#include "api/routes.hpp"\n'),
    ("sim/planted.cpp", '#include "node/node.hpp"\n#include <thread>\n'),
    ("include/kith/planted.hpp", "#include <string>\ninline std::string f();\n"),
]


class PlantedViolations(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="kith-layers-")
        self.addCleanup(self.folder.cleanup)
        self.tree = pathlib.Path(self.folder.name)
        for part in ("src", "sim", "include"):
            if (REPOSITORY / part).is_dir():
                shutil.copytree(REPOSITORY / part, self.tree / part)

    def new_problems(self, name: str, text: str) -> list[str]:
        """The problems of a planted file."""
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        try:
            found = list(layers.file_problems(self.tree, path.relative_to(self.tree)))
            if name.startswith("include/"):
                found += layers.header_problems(self.tree, "g++-12")
            return [str(problem) for problem in found]
        finally:
            path.unlink()

    def test_every_planted_violation_is_found(self):
        for name, text, message in PLANTED:
            with self.subTest(planted=text[:60], into=name):
                found = self.new_problems(name, text)
                self.assertEqual(len(found), 1, found)
                self.assertIn(message, found[0])

    def test_what_is_allowed_is_not_reported(self):
        for name, text in CLEAN:
            with self.subTest(planted=text[:60], into=name):
                self.assertEqual(self.new_problems(name, text), [])

    def test_the_program_fails_and_names_file_and_line(self):
        (self.tree / "src/pnrp/planted.cpp").write_text("\nint r = rand();\n", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, layers.__file__, self.tree], text=True, capture_output=True,
            check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("src/pnrp/planted.cpp:2: error: banned 'rand('", done.stdout)

    def test_an_arrow_both_ways_in_the_graph_is_found(self):
        below = layers.LAYERS["base"]
        below.append("wire")
        self.addCleanup(below.remove, "wire")
        self.assertTrue(any("include each other" in str(found)
                            for found in layers.graph_problems()))


if __name__ == "__main__":
    unittest.main(verbosity=1)
