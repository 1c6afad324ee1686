"""`kith` on a real terminal: prompts, colours, progress and Ctrl-C."""
import os
import pty
import re
import select
import signal
import termios
import time

import pytest

PATIENCE_SECONDS = 30
ESCAPE = "\x1b"


class Screen:
    """One `kith` command on a terminal of its own."""

    def __init__(self, node, *arguments, env=None):
        self.text = ""
        self.code = None
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                # `cat` would be as good a child, were the program missing: 127 says which.
                os.environ.pop("NO_COLOR", None)
                os.environ.update({"TERM": "xterm", **(env or {})})
                program = node.programs / "kith"
                os.execv(program, [os.fspath(part) for part in
                                   (program, "--api", node.socket, *arguments)])
            finally:
                os._exit(127)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.master)

    def read(self) -> bool:
        """Takes what is there, waiting at most for the patience; false at the end."""
        if not select.select([self.master], [], [], PATIENCE_SECONDS)[0]:
            raise TimeoutError(f"the screen stays at {self.text!r}")
        try:
            data = os.read(self.master, 4096)
        except OSError:  # the last process of the terminal has gone
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)

    def wait_for(self, text: str) -> None:
        while text not in self.text:
            assert self.read(), f"ended without {text!r}: {self.text!r}"

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO)

    def end(self) -> int:
        while self.read():
            pass
        _, status = os.waitpid(self.pid, 0)
        self.code = os.waitstatus_to_exitcode(status)
        return self.code


@pytest.fixture
def alice(world):
    return world.node("alice").start()


@pytest.fixture
def frozen(alice):
    """A daemon that listens and never answers."""
    alice.process.send_signal(signal.SIGSTOP)
    yield alice
    alice.process.send_signal(signal.SIGCONT)


def test_a_new_passphrase_is_typed_twice_and_never_shown(alice):
    with Screen(alice, "identity", "create", "alice") as screen:
        screen.wait_for("new passphrase of alice: ")
        screen.type("correct horse\n")
        screen.wait_for("the same passphrase again: ")
        screen.type("correct horse\n")
        assert screen.end() == 0, screen.text
        assert "horse" not in screen.text
    assert alice.ask("identity", "show", "alice")["protected"]


def test_a_protected_key_is_asked_for_when_it_is_used(alice, tmp_path):
    phrase = tmp_path / "phrase"
    phrase.write_text("hush\n", encoding="utf-8")
    alice.ask("identity", "create", "alice", "--passphrase-file", phrase)
    with Screen(alice, "name", "publish", "web", "--address",
                f"{alice.host.endpoint(443)}/tcp") as screen:
        screen.wait_for("passphrase of the default identity: ")
        screen.type("hush\n")
        assert screen.end() == 0, screen.text
    assert len(alice.ask("name", "list")["names"]) == 1


def test_two_different_entries_make_no_identity(alice):
    with Screen(alice, "identity", "create", "alice") as screen:
        screen.wait_for("new passphrase of alice: ")
        screen.type("one\n")
        screen.wait_for("again: ")
        screen.type("two\n")
        assert screen.end() == 2
    assert alice.ask("identity", "list")["identities"] == []


def test_ctrl_c_at_a_prompt_restores_the_terminal(alice):
    with Screen(alice, "identity", "create", "alice") as screen:
        screen.wait_for("new passphrase of alice: ")
        assert not screen.echoes()
        screen.type("\x03")
        assert screen.end() == 130
        assert "kith:" not in screen.text
    assert alice.ask("identity", "list")["identities"] == []


def test_deleting_asks_and_only_yes_deletes(alice):
    alice.create_identity("alice")
    for keys, code in (("\n", 1), ("n\n", 1), ("y\n", 0)):
        with Screen(alice, "identity", "delete", "alice") as screen:
            screen.wait_for("[y/N] ")
            screen.type(keys)
            assert screen.end() == code
    assert alice.ask("identity", "list")["identities"] == []


def test_a_long_wait_shows_that_it_goes_on_and_ctrl_c_ends_it(frozen):
    with Screen(frozen, "name", "resolve", "0.web") as screen:
        screen.wait_for("resolving ... ")
        started = time.monotonic()
        screen.type("\x03")
        assert screen.end() == 130
        assert time.monotonic() - started < PATIENCE_SECONDS
        # The line is taken away: nothing visible follows the last erasure but the echoed ^C.
        assert re.fullmatch(r"[\r\n]*", screen.text.rsplit(f"{ESCAPE}[K", 1)[1]), screen.text


def test_a_resolve_ends_by_its_own_time_even_if_the_daemon_hangs(frozen):
    with Screen(frozen, "name", "resolve", "0.web", "--timeout", "0.1") as screen:
        assert screen.end() == 1
        assert "does not answer" in screen.text


def test_colours_are_shown_on_a_terminal_only_to_those_who_want_them(alice):
    def colours(*arguments, env=None) -> bool:
        with Screen(alice, "cloud", "list", *arguments, env=env) as screen:
            assert screen.end() == 0
            return f"{ESCAPE}[" in screen.text

    assert colours()
    assert not colours("--color", "never")
    assert not colours(env={"NO_COLOR": "1"})
    assert not colours(env={"TERM": "dumb"})
    assert colours("--color", "always", env={"NO_COLOR": "1"})
