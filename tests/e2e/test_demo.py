"""What the demo does on a machine that lacks something."""
import pathlib
import subprocess
import sys

import pytest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"


@pytest.mark.namespaces
def test_without_tap_devices_the_demo_is_told_on_loopback():
    hidden = "test ! -e /dev/net/tun || mount --bind /dev/null /dev/net/tun"
    script = ("import demo; "
              "print(demo.make_network(demo.Storyteller(0), loopback=False).kind)")
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f'{hidden} && exec "$@"', "sh",
         sys.executable, "-c", script], cwd=TOOLS, capture_output=True, text=True, check=False,
        timeout=60)
    assert done.stdout.splitlines()[-1:] == ["loopback"], done.stdout + done.stderr
    assert "/dev/net/tun" in done.stdout or "weather_link" in done.stdout
