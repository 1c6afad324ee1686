"""Completion for Bash, without a `kithd`: `kith` itself is a function that knows one of each."""
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "completions" / "kith.bash"
OFFER = """
kith() { echo '  "name": "one"'; }
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_kith
printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(folder, *words: str) -> list[str]:
    done = subprocess.run(["bash", "-c", OFFER, "bash", SCRIPT, "kith", *words], cwd=folder,
                          capture_output=True, text=True, check=True, timeout=20)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("words", [
    ("record", "add", ""), ("record", "add", "--type", "a", ""), ("record", "export", ""),
    ("record", "import", ""), ("record", "list", ""), ("graph", "close", ""), ("send", ""),
    ("watch", ""), ("chat", ""), ("identity", "show", ""), ("record", "get", "--graph", ""),
])
def test_names_are_offered_where_one_is_wanted(folder, words):
    assert offered(folder, *words) == ["one"]


@pytest.mark.parametrize("words", [
    ("record", "add", "g", ""), ("record", "add", "g", "--type", "a", ""),
    ("record", "export", "g", ""), ("record", "import", "--json", "g", ""), ("send", "g", ""),
    ("record", "update", "id", ""), ("send", "g", "--out", ""), ("--data", ""),
    ("name", "delegate", "n", "--to", ""),
])
def test_files_are_offered_where_one_is_wanted(folder, words):
    assert offered(folder, *words) == ["file"]


@pytest.mark.parametrize("words", [
    ("record", "add", "g", "--type", ""), ("record", "add", "g", "--attr", ""),
    ("send", "g", "--node", ""), ("chat", "g", "--as", ""), ("record", "list", "g", "--limit", ""),
    ("record", "search", "g", ""), ("watch", "g", ""), ("graph", "connect", "g", "--to", ""),
])
def test_nothing_is_offered_for_what_is_free(folder, words):
    assert offered(folder, *words) == []


def test_options_of_the_embedded_node_are_offered_with_it(folder):
    for option in ("--data", "--config", "--seed", "--listen", "--no-ssdp"):
        assert offered(folder, "--embedded", option) == [option]
        assert offered(folder, option) == []
