"""The short form of torture_graph.py: what a SIGKILL may not do to shared records."""
import json
import pathlib
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).with_name("torture_graph.py")


def test_nothing_acknowledged_is_lost_by_kills(programs):
    done = subprocess.run([sys.executable, SCRIPT, "--programs", programs], capture_output=True,
                          text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["nodes"], result["kills"], result["lost"]) == (4, 8, 0)
    assert result["acknowledged"] >= 400 and result["files_checked"] == 4
