#!/usr/bin/python3
"""Plants faults in a small tree and sees tools/conformance find exactly them."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).with_name("conformance")

HEADER = "id,section,level,area,summary,test\n"
PNRP = HEADER + "".join(f'PNRP-{number:03},2.{number},MUST,{area},"Demand, {number}.",unit\n'
                        for number, area in enumerate(
                            ["codec", "codec", "flood", "flood", "flood", "sync", "sync"], start=1))
GROUP = HEADER + "GROUP-001,1.1,MUST,connect,A demand.,unit\n"

CPP = """// PNRP-001: of the fixture, so of the test right below it
// in two lines.
TEST(Codec, Reads) {
    EXPECT_TRUE(true); // PNRP-002
}

TEST_F(Flood,
       Spreads) { // PNRP-003 to PNRP-005
    if (true) {
    }
}
"""
PYTHON = """import x

# PNRP-006
@needs
def test_sync():
    assert True

def helper():
    pass
"""


class Tree:
    def __init__(self, folder: str):
        self.root = pathlib.Path(folder)
        self.put("docs/requirements/pnrp.csv", PNRP)
        self.put("docs/requirements/group.csv", GROUP)
        self.put("docs/requirements/answers.csv",
                 "id,answer,reason\nPNRP-007,different,Better so.\n")
        self.put("src/pnrp/codec_test.cpp", CPP)
        self.put("tests/e2e/test_sync.py", PYTHON)
        self.run("--write")

    def put(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def add(self, name: str, text: str) -> None:
        self.put(name, (self.root / name).read_text(encoding="utf-8") + text)

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, TOOL, "--root", self.root, *arguments],
                              capture_output=True, text=True, check=False, timeout=60)


class ConformanceTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = Tree(folder.name)

    def expect_error(self, *parts: str) -> None:
        """After --write, so that a stale page is not the reason."""
        done = self.tree.run("--write")
        self.assertEqual(done.returncode, 1)
        for part in parts:
            self.assertIn(part, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_a_clean_tree_passes_and_names_its_tests(self):
        done = self.tree.run()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertIn("| PNRP-001 | 2.1 | MUST | Demand, 1. | "
                      "`src/pnrp/codec_test.cpp`: Codec.Reads |", lines)
        for number in (3, 4, 5):
            self.assertIn(f"| PNRP-00{number} | 2.{number} | MUST | Demand, {number}. | "
                          "`src/pnrp/codec_test.cpp`: Flood.Spreads |", lines)
        self.assertIn("| PNRP-006 | 2.6 | MUST | Demand, 6. | "
                      "`tests/e2e/test_sync.py`: test_sync |", lines)
        self.assertIn("| PNRP-007 | 2.7 | MUST | Demand, 7. | **different**: Better so. |", lines)
        self.assertNotIn("## group", lines)  # nothing of it is answered

    def test_json_counts_parts_and_areas(self):
        counts = json.loads(self.tree.run("--json").stdout)
        self.assertEqual(counts, [
            {"part": "group", "area": "connect", "total": 1, "shown": 0, "different": 0,
             "not_applicable": 0, "open": 1},
            {"part": "pnrp", "area": "codec", "total": 2, "shown": 2, "different": 0,
             "not_applicable": 0, "open": 0},
            {"part": "pnrp", "area": "flood", "total": 3, "shown": 3, "different": 0,
             "not_applicable": 0, "open": 0},
            {"part": "pnrp", "area": "sync", "total": 2, "shown": 1, "different": 1,
             "not_applicable": 0, "open": 0}])

    def test_the_page_says_which_parts_are_held(self):
        self.tree.add("docs/requirements/group.csv", "GROUP-002,1.1,MUST,connect,More.,unit\n")
        self.tree.put("src/group/link_test.cpp", "TEST(Link, Opens) { // GROUP-001\n}\n")
        done = self.tree.run("--write")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = self.tree.run().stdout.splitlines()
        self.assertIn("- **group** is not held yet: 1 of its 2 rows are open, and only counted.",
                      lines)
        self.assertIn("- **pnrp** is held: a row without an answer fails the check.", lines)
        self.assertIn("| GROUP-001 | 1.1 | MUST | A demand. | "
                      "`src/group/link_test.cpp`: Link.Opens |", lines)
        self.assertIn("| GROUP-002 | 1.1 | MUST | More. | **open** |", lines)

    def test_an_open_row_of_a_held_part(self):
        self.tree.add("docs/requirements/pnrp.csv", "PNRP-008,3,MUST,sync,More.,unit\n")
        self.expect_error("PNRP-008 (sync) is open")

    def test_a_citation_of_nothing(self):
        self.tree.add("src/pnrp/codec_test.cpp", "TEST(A, B) { // PNRP-099\n}\n")
        self.expect_error("src/pnrp/codec_test.cpp:12: there is no PNRP-099")

    def test_an_end_of_a_range_that_is_nothing(self):
        self.tree.add("src/pnrp/codec_test.cpp", "// PNRP-007 to PNRP-009\n")
        done = self.tree.run("--write")
        for expected in ("there is no PNRP-008", "there is no PNRP-009"):
            self.assertIn(expected, done.stderr)

    def test_a_citation_outside_of_tests(self):
        self.tree.add("src/pnrp/codec_test.cpp", "void help() {} // PNRP-001\n")
        self.expect_error("PNRP-001 is cited by no test")

    def test_a_comment_with_code_between_it_and_the_test(self):
        self.tree.add("src/pnrp/codec_test.cpp", "// PNRP-001\nint x;\nTEST(A, B) {\n}\n")
        self.expect_error("PNRP-001 is cited by no test")

    def test_a_citation_in_a_python_helper(self):
        self.tree.add("tests/e2e/test_sync.py", "    # PNRP-001\n")
        self.expect_error("tests/e2e/test_sync.py:10: PNRP-001 is cited by no test")

    def test_an_answer_for_nothing(self):
        self.tree.add("docs/requirements/answers.csv", "PNRP-099,different,Why not.\n")
        self.expect_error("answers.csv:3: there is no PNRP-099")

    def test_an_answer_to_what_is_shown(self):
        self.tree.add("docs/requirements/answers.csv", "PNRP-001,not_applicable,Never.\n")
        self.expect_error("PNRP-001 is not applicable, and shown by src/pnrp/codec_test.cpp")

    def test_an_answer_given_twice(self):
        self.tree.add("docs/requirements/answers.csv", "PNRP-007,not_applicable,Never.\n")
        self.expect_error("PNRP-007 is answered twice")

    def test_an_answer_without_a_reason(self):
        self.tree.put("docs/requirements/answers.csv", "id,answer,reason\nPNRP-007,different,\n")
        done = self.tree.run("--write")
        self.assertEqual(done.returncode, 1)
        self.assertIn("PNRP-007 has no reason", done.stderr)
        self.assertIn("PNRP-007 (sync) is open", done.stderr)

    def test_an_answer_of_no_kind(self):
        self.tree.put("docs/requirements/answers.csv", "id,answer,reason\nPNRP-007,later,Soon.\n")
        self.assertIn("different or not_applicable", self.tree.run("--write").stderr)

    def test_a_stale_page(self):
        self.tree.add("tests/e2e/test_sync.py", "\n\ndef test_more():  # PNRP-001\n    pass\n")
        done = self.tree.run("--check")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("docs/conformance.md is stale", done.stderr)
        self.assertEqual(self.tree.run("--write").returncode, 0)
        self.assertEqual(self.tree.run("--check").returncode, 0)


if __name__ == "__main__":
    unittest.main()
