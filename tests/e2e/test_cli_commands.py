"""`kith` against a real `kithd`, as a script uses it: documents, exit codes, one sentence on failure."""
import json
import os
import signal
import stat
import subprocess
import time

import pytest


@pytest.fixture
def alice(world):
    return world.node("alice").start()


def run(node, *arguments, env=None, text_in=None) -> subprocess.CompletedProcess:
    """`kith ARGUMENTS` without a terminal, printing for people."""
    return subprocess.run(
        [node.programs / "kith", "--api", node.socket, *arguments], input=text_in,
        stdin=subprocess.DEVNULL if text_in is None else None, capture_output=True, text=True,
        check=False, timeout=60, start_new_session=True, env={**os.environ, **(env or {})})


def assert_refused(done: subprocess.CompletedProcess, code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("kith: ") and done.stderr.count("\n") == 1, done.stderr
    for word in words:
        assert word in done.stderr
    assert done.stdout == ""


def secret_file(folder, name: str, secret: str):
    path = folder / name
    path.write_text(f"{secret}\n", encoding="utf-8")
    return path


def test_status_is_for_people_and_for_scripts(alice):
    shown = run(alice, "status")
    document = alice.ask("status")

    assert shown.returncode == 0
    assert document["version"] in shown.stdout
    for cloud in document["clouds"]:
        assert cloud["name"] in shown.stdout
        assert cloud["name"] in run(alice, "cloud", "list").stdout
        assert "received" in run(alice, "cloud", "status", cloud["name"]).stdout
        assert alice.ask("cloud", "peers", cloud["name"])["peers"] == []
    assert "\x1b" not in shown.stdout


def test_the_socket_may_come_from_the_environment(alice):
    done = subprocess.run([alice.programs / "kith", "status", "--json"], capture_output=True,
                          check=False, timeout=60,
                          env={**os.environ, "KITH_API": os.fspath(alice.socket)})
    assert json.loads(done.stdout)["pid"] == alice.process.pid


def test_an_identity_from_its_creation_to_its_end(alice):
    created = alice.ask("identity", "create", "alice", "--no-passphrase", "--classifier", "home")
    assert created["default"] and not created["protected"]
    assert alice.ask("identity", "show", "alice") == created

    renamed = alice.ask("identity", "rename", "alice", "Ærø Ø")
    assert renamed["name"] == "Ærø Ø"
    assert renamed["peer_name"] == created["peer_name"]

    alice.ask("identity", "create", "second", "--no-passphrase")
    assert alice.ask("identity", "default", "second")["default"]
    assert not alice.ask("identity", "show", "Ærø Ø")["default"]

    alice.ask("identity", "delete", "Ærø Ø", "--yes")
    assert [one["name"] for one in alice.ask("identity", "list")["identities"]] == ["second"]


def test_an_identity_moves_to_another_node_by_a_file(world, tmp_path):
    alice, bob = world.node("alice").start(), world.node("bob").start()
    phrase = secret_file(tmp_path, "phrase", "correct horse")
    password = secret_file(tmp_path, "password", "for the journey")
    document = tmp_path / "alice.kith"
    created = alice.ask("identity", "create", "alice", "--passphrase-file", phrase)

    alice.ask("identity", "export", "alice", "--out", document, "--password-file", password,
              "--passphrase-file", phrase)

    assert stat.S_IMODE(document.stat().st_mode) == 0o600
    for secret in ("correct horse", "for the journey"):
        assert secret not in document.read_text(encoding="utf-8")
    taken = bob.ask("identity", "import", document, "--name", "visitor", "--no-passphrase",
                    "--password-file", password)
    assert taken["peer_name"] == created["peer_name"]
    assert taken["name"] == "visitor"


def test_an_export_replaces_nothing_unless_forced(alice, tmp_path):
    alice.create_identity("alice")
    password = secret_file(tmp_path, "password", "pw")
    out = tmp_path / "out"
    out.write_text("precious", encoding="utf-8")
    command = ("identity", "export", "alice", "--out", out, "--password-file", password)

    assert_refused(run(alice, *command), 1, "--force")
    assert out.read_text(encoding="utf-8") == "precious"
    assert run(alice, *command, "--force").returncode == 0
    assert out.read_text(encoding="utf-8") != "precious"


def test_a_wrong_password_opens_nothing(alice, tmp_path):
    alice.create_identity("alice")
    right = secret_file(tmp_path, "right", "right")
    wrong = secret_file(tmp_path, "wrong", "wrong")
    document = tmp_path / "alice.kith"
    alice.ask("identity", "export", "alice", "--out", document, "--password-file", right)
    alice.ask("identity", "delete", "alice", "--yes")

    refused = alice.kith("identity", "import", document, "--no-passphrase", "--password-file",
                         wrong)

    assert refused.code == 1
    assert refused.document["error"]["code"] == "wrong_password"
    assert alice.ask("identity", "list")["identities"] == []


def test_a_protected_identity_publishes_only_with_its_passphrase(alice, tmp_path):
    phrase = secret_file(tmp_path, "phrase", "hush")
    alice.ask("identity", "create", "alice", "--passphrase-file", phrase)
    command = ("name", "publish", "web", "--address", f"{alice.host.endpoint(443)}/tcp")

    assert_refused(run(alice, *command), 2, "--passphrase-file FILE")
    assert run(alice, *command, "--passphrase-file", phrase).returncode == 0


def test_without_a_terminal_a_missing_secret_is_a_mistake_of_usage(alice):
    assert_refused(run(alice, "identity", "create", "alice"), 2, "--no-passphrase")
    assert alice.ask("identity", "list")["identities"] == []
    alice.create_identity("alice")
    assert_refused(run(alice, "identity", "delete", "alice"), 2, "--yes")


def test_a_payload_goes_in_by_a_pipe_and_out_to_a_file(alice, tmp_path):
    alice.create_identity("alice")
    name = json.loads(run(alice, "name", "publish", "web", "--payload", "-", "--json", "--address",
                          f"{alice.host.endpoint(443)}/tcp", text_in="hello\nthere\n").stdout)
    out = tmp_path / "payload"

    shown = run(alice, "name", "resolve", name["peer_name"], "--payload-out", out)

    assert out.read_text(encoding="utf-8") == "hello\nthere\n"
    assert "12 bytes of text" in shown.stdout
    assert "verified" in shown.stdout and "yes" in shown.stdout


def test_an_escape_sequence_in_a_payload_does_not_reach_the_terminal(alice):
    alice.create_identity("alice")
    name = json.loads(run(alice, "name", "publish", "web", "--payload", "-", "--json", "--address",
                          f"{alice.host.endpoint(443)}/tcp", text_in="\x1b[2J\x1b]0;x\x07").stdout)

    shown = run(alice, "name", "resolve", name["peer_name"])

    assert shown.returncode == 0
    assert "\x1b" not in shown.stdout and "\x07" not in shown.stdout
    assert "binary data" in shown.stdout


@pytest.mark.parametrize("arguments", [
    ("name", "resolve", "not-a-name-of-any-kind"),
    ("name", "resolve", "0." + "x" * 150),
    ("name", "publish", "web", "--unsecured", "--address", "nowhere"),
    ("name", "publish", "web", "--unsecured", "--address", "[ff02::1]:443/tcp"),
    ("name", "publish", "web", "--unsecured", "--comment", "x" * 40),
    ("name", "resolve", "0.x", "--timeout", "0"),
    ("identity", "create", "a\nb", "--no-passphrase"),
    ("identity", "show"),
    ("cloud", "peer", "Global_"),
    ("status", "--yaml"),
])
def test_what_was_typed_wrong_ends_with_2(alice, arguments):
    alice.create_identity("alice")
    assert_refused(run(alice, *arguments), 2)


@pytest.mark.parametrize("arguments", [
    ("identity", "show", "nobody"),
    ("identity", "delete", "nobody", "--yes"),
    ("identity", "default", "nobody"),
    ("cloud", "status", "Nowhere_"),
    ("name", "unpublish", "0.nothing"),
])
def test_what_is_not_there_ends_with_1(alice, arguments):
    assert_refused(run(alice, *arguments), 1)
    assert alice.kith(*arguments).document["error"]["code"] == "not_found"


def test_a_second_identity_of_the_same_name_is_refused(alice):
    alice.create_identity("alice")
    answer = alice.kith("identity", "create", "alice", "--no-passphrase")
    assert (answer.code, answer.document["error"]["code"]) == (1, "already_exists")


def test_an_identity_in_use_says_how_to_free_it(alice):
    alice.create_identity("alice")
    alice.ask("name", "publish", "web", "--address", f"{alice.host.endpoint(443)}/tcp")
    assert_refused(run(alice, "identity", "delete", "alice", "--yes"), 1, "kith name unpublish")


def test_a_stopped_daemon_is_named_with_its_cure(alice):
    assert alice.stop() == 0
    assert_refused(run(alice, "status"), 1, "kithd is not running", "start it with: kithd")


def test_output_that_cannot_be_written_is_a_failure(alice):
    for number in range(20):
        alice.ask("identity", "create", f"one of many {number}", "--no-passphrase")
    # The second is larger than the buffer of a standard output.
    assert len(run(alice, "--json", "identity", "list").stdout) > 4096
    for words in (["status"], ["--json", "identity", "list"]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([alice.programs / "kith", "--api", alice.socket, *words],
                                  stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
        assert done.returncode == 1
        assert b"cannot write" in done.stderr


def test_many_commands_at_once_wait_for_their_turn(alice):
    alice.process.send_signal(signal.SIGSTOP)
    commands = [subprocess.Popen([alice.programs / "kith", "--api", alice.socket, "identity", "list"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True) for _ in range(150)]
    time.sleep(1)
    alice.process.send_signal(signal.SIGCONT)
    complaints = [command.communicate(timeout=60)[1] for command in commands]
    assert [command.returncode for command in commands] == [0] * len(commands), set(complaints)
