"""Graphs as their users see them: real processes that share records."""
import fcntl
import hashlib
import json
import os
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

import graphs
from nodes import COMMAND_SECONDS, eventually


@pytest.fixture
def pair(world):
    nodes = [world.node(name, link).start() for name, link in (("alice", 1), ("bob", 2))]
    graphs.share("plans", nodes)
    return nodes


@pytest.fixture
def alice(world):
    node = world.node("alice").start()
    graphs.found(node, "plans")
    return node


def begin(node, *arguments, **options) -> subprocess.Popen:
    """A `kith` command that goes on while the test does something else."""
    return subprocess.Popen(
        [os.fspath(part) for part in
         (node.programs / "kith", "--api", node.socket, *arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        **{"stdin": subprocess.DEVNULL, **options})


def end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.kill()
    process.communicate()


def arrives(process: subprocess.Popen, text: str, unless_over: subprocess.Popen) -> bool:
    """Whether `process` prints `text` while the other one is there; bounded in time."""
    until = time.monotonic() + COMMAND_SECONDS
    while time.monotonic() < until and unless_over.poll() is None:
        if select.select([process.stdout], [], [], 0.1)[0]:
            return process.stdout.read(len(text)) == text
    return False


def stalls(process: subprocess.Popen) -> bool:
    """Whether what it printed, and nobody read, fills the pipe."""
    unread = struct.unpack("i", fcntl.ioctl(process.stdout, termios.FIONREAD, b"\0" * 4))[0]
    return unread > 40_000


def refused(node, code: int, error: str, *arguments) -> str:
    answer = node.kith(*arguments)
    assert answer.code == code, (answer.command, answer.out, answer.err)
    assert answer.err.startswith("kith: ") and answer.err.count("\n") == 1, answer.err
    if error:
        assert answer.document["error"]["code"] == error
    return answer.err


def test_four_hosts_share_every_change(world):
    nodes = [world.node(name, 1 + index % 2).start()
             for index, name in enumerate(("alice", "bob", "carol", "dave"))]
    graphs.share("plans", nodes)
    kept = graphs.add(nodes[0], "plans", "list", "bread", "--attr", "owner=alice",
                      "--attr", "priority:int=3")
    gone = graphs.add(nodes[1], "plans", "list", "nothing")
    graphs.wait_equal("plans", nodes)
    assert set(graphs.records(nodes[3], "plans")) == {kept["id"], gone["id"]}

    file = world.folder / "new"
    file.write_text("bread, milk", encoding="utf-8")
    changed = nodes[2].ask("record", "update", kept["id"], file)
    assert changed["version"] == kept["version"] + 1
    nodes[3].ask("record", "delete", gone["id"])

    def is_everywhere() -> bool:
        return all({graphs.payload_of(record) for record in graphs.records(node, "plans").values()}
                   == {"bread, milk"} for node in nodes)
    eventually("the update and the deletion are everywhere", is_everywhere)
    graphs.wait_equal("plans", nodes)
    for node in nodes:
        record = node.ask("record", "get", kept["id"])
        assert record["attributes"] == [
            {"name": "owner", "type": "string", "value": "alice"},
            {"name": "priority", "type": "int", "value": "3"}]
        assert record["creator"] == kept["creator"] and record["graph"] == "plans"
        refused(node, 1, "not_found", "record", "get", gone["id"])
    eventually("everybody is present everywhere", lambda: all(
        len(node.ask("graph", "nodes", "plans")["nodes"]) == 4 for node in nodes))
    assert nodes[0].ask("graph", "neighbours", "plans")["neighbours"]


def test_searches_of_both_forms_find_the_same(pair):
    alice, bob = pair
    wanted = graphs.add(alice, "plans", "person", "a", "--attr", "name=alice",
                        "--attr", "age:int=34", "--attr", "born:date=1992-05-01")
    graphs.add(alice, "plans", "person", "b", "--attr", "name=bob", "--attr", "age:int=29")
    graphs.add(alice, "plans", "person", "c", "--attr", "name=alice", "--attr", "age=34")
    graphs.wait_equal("plans", pair)
    document = ('<peersearch><and><clause attrib="name" type="string" compare="equal">al*</clause>'
                '<clause attrib="age" type="int" compare="greater">30</clause></and></peersearch>')
    for query in ("name=al* and age>30", document, 'name="alice" and (age:int=34)',
                  "born:date<2000 and born>1990-01", "age>=34 and name!=bob"):
        found = bob.ask("record", "search", "plans", query)["records"]
        assert [record["id"] for record in found] == [wanted["id"]], query
    assert len(bob.ask("record", "search", "plans", "age=34")["records"]) == 2
    assert bob.ask("record", "search", "plans", 'name="no one"')["records"] == []


def test_watch_tells_what_happens_elsewhere(pair):
    alice, bob = pair
    watch = begin(bob, "watch", "plans", "--type", "news", "--json")
    try:
        assert json.loads(watch.stdout.readline())["event"] == "watching"
        graphs.add(alice, "plans", "other", "not this one")
        record = graphs.add(alice, "plans", "news", "hello")
        seen = []
        while not seen or seen[-1]["event"] != "record_deleted":
            event = json.loads(watch.stdout.readline())
            if event["event"].startswith("record_"):
                seen.append(event)
                if event["event"] == "record_added":
                    alice.ask("record", "delete", record["id"])
        assert [event["event"] for event in seen] == ["record_added", "record_deleted"]
        assert {event["id"] for event in seen} == {record["id"]}
        assert graphs.payload_of(seen[0]["record"]) == "hello" and seen[1]["record"] is None
        watch.send_signal(signal.SIGINT)
        assert watch.wait(COMMAND_SECONDS) == 130
    finally:
        end(watch)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watch_ends_by_a_signal_while_nobody_reads_it(alice, number):
    watching = begin(alice, "watch", "plans", "--json")
    try:
        assert json.loads(watching.stdout.readline())["event"] == "watching"
        fill = alice.data.parent / "payload"
        fill.write_bytes(b"x" * 4000)
        for _ in range(24):  # more than a pipe holds
            alice.ask("record", "add", "plans", "--type", "list", fill)
        eventually("the watch waits for its reader", lambda: stalls(watching))
        watching.send_signal(number)
        assert watching.wait(COMMAND_SECONDS) == 128 + number
    finally:
        end(watching)


def test_closed_descriptors_are_given_to_nothing_else(alice):
    words = [os.fspath(part) for part in
             (alice.programs / "kith", "--api", alice.socket, "watch", "plans")]
    done = subprocess.run(["sh", "-c", '"$@" <&- >&-', "sh", *words], stderr=subprocess.PIPE,
                          text=True, check=False, timeout=COMMAND_SECONDS)
    assert (done.returncode, done.stderr) == (1, "kith: cannot write to standard output\n")

    daemon = subprocess.Popen(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *alice.host.command(
            alice.programs / "kithd", "--data", alice.data.parent / "mute", "--no-ssdp",
            "--api", alice.data.parent / "mute.sock", "--listen", alice.host.endpoint(3541))])
    try:
        eventually("its socket is there", (alice.data.parent / "mute.sock").exists)
        assert {os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in range(3)} == {"/dev/null"}
    finally:
        daemon.terminate()
        assert daemon.wait(COMMAND_SECONDS) == 0


def test_watch_says_that_kithd_has_ended(alice):
    watching = begin(alice, "watch", "plans")
    try:
        watching.stdout.readline()
        assert alice.stop() == 0
        assert watching.wait(COMMAND_SECONDS) == 1
        assert watching.stderr.read() == "kith: kithd has ended the stream of events\n"
    finally:
        end(watching)


def test_records_expire_everywhere(pair):
    alice, bob = pair
    record = graphs.add(alice, "plans", "note", "soon gone", "--expires", "3s")
    eventually("bob has it", lambda: record["id"] in graphs.records(bob, "plans"), 3)
    eventually("it expired on both", lambda: not graphs.records(alice, "plans")
               and not graphs.records(bob, "plans"), 10)


def test_send_carries_streams_both_ways(pair, tmp_path):
    alice, bob = pair
    there = os.urandom(5_000_000)
    back = b"thank you\0\n"
    (tmp_path / "there").write_bytes(there)
    (tmp_path / "back").write_bytes(back)
    node = bob.ask("graph", "status", "plans")["node"]
    eventually("alice knows bob", lambda: node in
               [each["node"] for each in alice.ask("graph", "nodes", "plans")["nodes"]])
    (tmp_path / "answer").write_text("an earlier one, which is longer", encoding="utf-8")
    error = refused(alice, 1, "not_allowed", "send", "plans", "--node", node, "--out",
                    tmp_path / "answer", tmp_path / "there")
    assert "nobody waits" in error
    assert (tmp_path / "answer").read_text(encoding="utf-8").startswith("an earlier one")
    accept = begin(bob, "send", "plans", "--accept", "--json", "--out", tmp_path / "got",
                   tmp_path / "back")
    try:
        deadline = time.monotonic() + 10
        while True:  # until bob waits
            sent = alice.kith("send", "plans", "--node", node, "--out", tmp_path / "answer",
                              tmp_path / "there")
            if sent.code == 0 or time.monotonic() > deadline:
                break
        assert sent.code == 0, sent.err
        assert sent.document == {"sent_bytes": len(there), "received_bytes": len(back)}
        out, err = accept.communicate(timeout=COMMAND_SECONDS)
        assert accept.returncode == 0, err
        assert json.loads(out) == {"sent_bytes": len(back), "received_bytes": len(there)}
    finally:
        end(accept)
    assert (tmp_path / "got").read_bytes() == there
    assert (tmp_path / "answer").read_bytes() == back


def test_a_killed_sender_is_noticed(pair, tmp_path):
    alice, bob = pair
    node = bob.ask("graph", "status", "plans")["node"]
    eventually("alice knows bob", lambda: node in
               [each["node"] for each in alice.ask("graph", "nodes", "plans")["nodes"]])
    accept = begin(bob, "send", "plans", "--accept", stdin=subprocess.PIPE)
    try:
        for _ in range(50):  # until somebody accepts
            sender = begin(alice, "send", "plans", "--node", node, stdin=subprocess.PIPE)
            sender.stdin.write("half a sentence")
            sender.stdin.flush()
            if arrives(accept, "half a sentence", unless_over=sender):
                break
            sender.communicate()
        assert sender.poll() is None, "nothing came"
        sender.kill()
        sender.communicate()
        assert accept.wait(COMMAND_SECONDS) == 1
        assert "broke off" in accept.stderr.read()
    finally:
        end(accept)


def test_a_record_has_as_many_attributes_as_the_graph_takes(pair, tmp_path):
    alice, _ = pair
    words = [f"--attr=n{i}={i}" for i in range(995)]
    words += [f"--attr=large={'x' * 100_000}" for _ in range(5)]
    payload = tmp_path / "payload"
    payload.write_bytes(bytes(range(256)) * 4096)
    added = alice.ask("record", "add", "plans", "--type", "a", *words, payload)
    assert len(added["attributes"]) == 1000 and added["size"] == 1 << 20
    changed = alice.ask("record", "update", added["id"], *words[1:], payload)
    assert len(changed["attributes"]) == 999
    error = refused(alice, 2, "bad_attribute", "record", "add", "plans", "--type", "a",
                    "--attr=one=more", *words)
    assert "at most 1000 attributes" in error
    error = refused(alice, 2, "bad_attribute", "record", "add", "plans", "--type", "a",
                    *words[-5:], *words[-5:], *words[-1:])
    assert "1024 KiB in all" in error


def test_chat_shows_messages_and_who_is_here(pair):
    alice, bob = pair
    hers = begin(alice, "chat", "plans", "--as", "alice", "--json", stdin=subprocess.PIPE)
    assert "alice (you)" in hers.stdout.readline()
    his = begin(bob, "chat", "plans", "--as", "bob", "--json", stdin=subprocess.PIPE)

    def wait_for(process, kind, text):
        while True:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            document = json.loads(line)
            if document["kind"] == kind and text in document["text"]:
                return document

    def say(process, text):
        process.stdin.write(text + "\n")
        process.stdin.flush()

    try:
        wait_for(hers, "joined", "bob is here")
        say(hers, "good morning \x1b[2J")
        assert wait_for(his, "message", "good morning")["nick"] == "alice"
        say(hers, "x" * 4096)
        assert wait_for(his, "message", "xxx")["text"] == "x" * 4096
        assert wait_for(hers, "message", "xxx")["text"] == "x" * 4096
        say(hers, "y" * 50000)  # nobody would see more than that it is too long
        wait_for(hers, "help", "at most 4096 bytes")
        say(his, "/who")
        wait_for(his, "who", "bob (you), alice")
        say(his, "/quit")
        assert his.wait(COMMAND_SECONDS) == 0
        wait_for(hers, "left", "bob has left")
        say(hers, "/quit")
        assert hers.wait(COMMAND_SECONDS) == 0
    finally:
        end(hers)
        end(his)
    # Later comers read what was said, and a peer's escapes never reach a terminal.
    later = subprocess.run([bob.programs / "kith", "--api", bob.socket, "chat", "plans", "--as",
                            "bob"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           timeout=COMMAND_SECONDS, check=True)
    assert "<alice> good morning \\x1b[2J" in later.stdout and "\x1b" not in later.stdout


def nick_of(node) -> str:
    """What the node itself says that it is called in a chat."""
    return "".join(each["value"] for seen in node.ask("graph", "nodes", "plans")["nodes"]
                   if seen["own"] for each in seen["attributes"] if each["name"] == "chat")


def test_a_chat_is_present_until_nobody_reads_it(alice, tmp_path):
    chat = begin(alice, "chat", "plans", "--as", "alice", "--json", stdin=subprocess.PIPE)
    try:
        chat.stdout.readline()
        assert nick_of(alice) == "alice"
        # An import opens the graph again.
        alice.ask("record", "export", "plans", tmp_path / "archive")
        alice.ask("record", "import", "plans", tmp_path / "archive")
        eventually("the chat is seen again", lambda: nick_of(alice) == "alice")
        chat.stdout.close()
        chat.stdin.write("to nobody\n")
        chat.stdin.flush()
        assert chat.wait(COMMAND_SECONDS) == 128 + signal.SIGPIPE
        assert nick_of(alice) == ""
    finally:
        if chat.poll() is None:
            chat.kill()
            chat.wait()


def test_a_restart_reopens_the_graphs_with_their_records(pair):
    alice, bob = pair
    record = graphs.add(alice, "plans", "list", "bread")
    before = alice.ask("graph", "status", "plans")
    alice.kill()
    meanwhile = graphs.add(bob, "plans", "list", "milk")
    alice.start()
    after = alice.ask("graph", "status", "plans")
    assert (after["listen"], after["creator"]) == (before["listen"], before["creator"])
    assert record["id"] in graphs.records(alice, "plans")
    eventually("alice has what came meanwhile",
               lambda: meanwhile["id"] in graphs.records(alice, "plans"), 60)
    assert alice.stop() == 0
    alice.start()
    assert {record["id"], meanwhile["id"]} <= set(graphs.records(alice, "plans"))
    alice.ask("graph", "close", "plans")
    alice.kill()
    alice.start()
    assert alice.ask("graph", "list")["graphs"] == []
    # The records stay until they are deleted.
    alice.ask("graph", "open", "plans")
    assert {record["id"], meanwhile["id"]} <= set(graphs.records(alice, "plans"))
    alice.ask("graph", "delete", "plans", "--yes")
    alice.ask("graph", "open", "plans")
    assert refused(alice, 1, "not_ready", "record", "list", "plans", "--timeout", "1s")


@pytest.mark.parametrize("founders, joiners", [(("--published-rules",), ()),
                                               ((), ("--published-rules",))])
def test_the_rules_of_a_graph_are_those_of_its_founder(world, founders, joiners):
    alice, bob = [world.node(name, link).start() for name, link in (("alice", 1), ("bob", 2))]
    graphs.found(alice, "plans", *founders)
    kept = {graphs.add(alice, "plans", "list", f"item {i}")["id"] for i in range(40)}
    bob.ask("graph", "open", "plans", *joiners)
    there = graphs.graph_endpoint(alice, "plans")
    why = refused(bob, 1, "not_allowed", "graph", "connect", "plans", "--to", there)
    rules = "published" if founders else "modern"
    assert f"this graph has {rules} rules; open it with" in why and "--published-rules" in why
    # It is not asked for everything again and again.
    before = alice.ask("graph", "status", "plans")["counters"]["bytes_sent"]
    time.sleep(8)
    assert alice.ask("graph", "status", "plans")["counters"]["bytes_sent"] - before < 10_000
    dropped = bob.ask("graph", "status", "plans")["counters"]["dropped"]
    assert dropped["other_rules"] == 1 and "bad_record" not in dropped
    log = bob.log.read_text(encoding="utf-8")
    assert log.count("graph plans: a member has it with") == 1

    bob.ask("graph", "delete", "plans", "--yes")
    graphs.join(bob, "plans", alice, *founders)
    graphs.wait_equal("plans", [alice, bob])
    assert set(graphs.records(bob, "plans")) == kept


def test_a_graph_whose_file_is_gone_is_no_new_graph(alice):
    graphs.add(alice, "plans", "list", "bread")
    graphs.found(alice, "empty")
    graphs.found(alice, "well")
    assert alice.stop() == 0
    folder = alice.data / "graphs"
    files = {name: folder / (hashlib.sha256(name.encode()).hexdigest()[:32] + ".db")
             for name in ("plans", "empty")}
    files["plans"].unlink()
    files["empty"].write_bytes(b"")
    alice.start()
    listed = alice.ask("graph", "list")
    assert [graph["name"] for graph in listed["graphs"]] == ["well"]
    assert [(graph["name"], graph["error"]["code"]) for graph in listed["unopened"]] == [
        ("empty", "storage"), ("plans", "storage")]
    log = alice.log.read_text(encoding="utf-8")
    for name, file in files.items():
        assert f"graph {name} does not open" in log and os.fspath(file) in log
        assert "put it back" in refused(alice, 1, "storage", "graph", "status", name)
        refused(alice, 1, "storage", "graph", "open", name)
    assert not files["plans"].exists() and files["empty"].stat().st_size == 0
    alice.ask("graph", "close", "plans")
    alice.ask("graph", "delete", "empty", "--yes")
    assert alice.ask("graph", "list")["unopened"] == []
    alice.ask("graph", "open", "empty")


def test_an_export_brings_back_what_was_lost(world, tmp_path):
    alice = world.node("alice").start()
    graphs.found(alice, "plans", "--peer-id", "alice at home")
    kept = {graphs.add(alice, "plans", "list", text, "--attr", f"n={text}")["id"]
            for text in ("bread", "milk")}
    gone = graphs.add(alice, "plans", "list", "nothing")["id"]
    alice.ask("record", "delete", gone)
    digest = alice.ask("graph", "digest", "plans")["digest"]
    alice.ask("record", "export", "plans", tmp_path / "archive")
    refused(alice, 1, "", "record", "export", "plans", tmp_path / "archive")
    assert alice.ask("record", "import", "plans", tmp_path / "archive")["taken"] == 0

    (tmp_path / "damaged").write_bytes((tmp_path / "archive").read_bytes()[:-1] + b"x")
    (tmp_path / "short").write_bytes((tmp_path / "archive").read_bytes()[:-40])
    (tmp_path / "other").write_bytes(b"not an archive at all" * 10)
    for name in ("damaged", "short", "other"):
        refused(alice, 2, "bad_document", "record", "import", "plans", tmp_path / name)
    assert set(graphs.records(alice, "plans")) == kept

    carol = world.node("carol").start()
    carol.ask("graph", "open", "plans")
    assert "alice at home" in refused(carol, 2, "bad_document", "record", "import", "plans",
                                      tmp_path / "archive")
    carol.ask("graph", "close", "plans")
    carol.ask("graph", "delete", "plans", "--yes")
    carol.ask("graph", "open", "plans", "--peer-id", "alice at home")
    assert carol.ask("record", "import", "plans", tmp_path / "archive")["taken"] > 2
    assert carol.ask("graph", "digest", "plans")["digest"] == digest


def test_an_export_leaves_what_it_does_not_own(alice, tmp_path):
    graphs.add(alice, "plans", "list", "milk")
    target, own = tmp_path / "archive", tmp_path / "archive.part"
    own.write_text("mine", encoding="utf-8")

    alice.ask("record", "export", "plans", target)
    assert target.stat().st_mode & 0o777 == 0o600
    alice.ask("record", "export", "plans", target, "--force")
    link = tmp_path / "link"
    link.symlink_to("/dev/null")
    alice.ask("record", "export", "plans", link, "--force")
    assert link.is_symlink()
    link.unlink()
    link.symlink_to(own)
    assert "not a regular file" in refused(alice, 1, "", "record", "export", "plans", link,
                                           "--force")

    assert own.read_text(encoding="utf-8") == "mine"
    assert {path.name for path in tmp_path.glob("archive*")} == {"archive", "archive.part"}


def test_a_large_record_arrives_whole(pair, tmp_path):
    alice, bob = pair
    payload = os.urandom(3_000_000)
    (tmp_path / "large").write_bytes(payload)
    record = alice.ask("record", "add", "plans", "--type", "blob", tmp_path / "large")
    assert record["size"] == len(payload) and record["payload_base64"] is None
    eventually("bob has it", lambda: record["id"] in graphs.records(bob, "plans"))
    bob.ask("record", "get", record["id"], "--payload-out", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == payload


def test_bad_input_has_an_error_of_its_own(alice, tmp_path):
    record = graphs.add(alice, "plans", "list", "bread")
    (tmp_path / "huge").write_bytes(b"x" * 62_914_561)
    unknown = "01234567-89ab-cdef-0123-456789abcdef"
    add = ("record", "add", "plans")
    for code, error, arguments in (
            (2, "bad_graph", ("graph", "create", "x" * 256)),
            (1, "already_exists", ("graph", "create", "plans")),
            (1, "already_exists", ("graph", "open", "plans")),
            (1, "not_found", ("graph", "status", "nowhere")),
            (1, "not_found", ("graph", "close", "nowhere")),
            (2, "bad_address", ("graph", "connect", "plans", "--to", "nobody")),
            (2, "bad_address", ("graph", "connect", "plans", "--to", "127.0.0.1")),
            (1, "unreachable", ("graph", "connect", "plans", "--to", alice.host.endpoint(9))),
            (2, "", ("graph", "create", "y", "--scope", "universe")),
            (2, "bad_type", (*add, "--type", "two words")),
            (2, "bad_type", (*add, "--type", "00000100-0000-0000-0000-000000000000")),
            (2, "", add),
            (2, "bad_attribute", (*add, "--type", "a", "--attr", "novalue")),
            (2, "bad_attribute", (*add, "--type", "a", "--attr", "n:float=1")),
            (2, "bad_attribute", (*add, "--type", "a", "--attr", "n:int=one")),
            (2, "bad_attribute", (*add, "--type", "a", "--attr", "n:date=yesterday")),
            (2, "bad_attribute", (*add, "--type", "a", "--attr", "peerrecordid=1")),
            (2, "", (*add, "--type", "a", "--expires", "soon")),
            (2, "", (*add, "--type", "a", "--expires", "400d")),
            (2, "", (*add, "--type", "a", tmp_path / "missing")),
            (2, "", (*add, "--type", "a", tmp_path / "huge")),
            (1, "not_found", ("record", "add", "nowhere", "--type", "a")),
            (2, "bad_id", ("record", "get", "12345")),
            (1, "not_found", ("record", "get", unknown)),
            (1, "not_found", ("record", "delete", unknown)),
            (1, "not_found", ("record", "get", record["id"], "--graph", "nowhere")),
            (2, "", ("record", "update", record["id"])),
            (2, "bad_lifetime", ("record", "update", record["id"], "--expires", "1s")),
            (2, "", ("record", "search", "plans", "name=")),
            (2, "", ("record", "search", "plans", "(a=1")),
            (2, "bad_query", ("record", "search", "plans", "<peersearch/>")),
            (2, "bad_query", ("record", "search", "plans", "age:int=old")),
            (2, "", ("send", "plans")),
            (2, "bad_id", ("send", "plans", "--node", "bob", "--out", tmp_path / "o")),
            (1, "not_found", ("send", "plans", "--node", "0123456789abcdef", "--out",
                              tmp_path / "o")),
            (1, "not_found", ("graph", "delete", "nowhere", "--yes")),
            (2, "", ("record", "export", "plans", "-")),
            (2, "", ("record", "get", record["id"], "--payload-out", "-")),
            (1, "not_found", ("watch", "nowhere")),
            (1, "not_found", ("chat", "nowhere", "--as", "me"))):
        refused(alice, code, error, *arguments)
    assert "plans" in refused(alice, 1, "not_found", "graph", "status", "nowhere")
    assert set(graphs.records(alice, "plans")) == {record["id"]}


def test_an_id_in_two_graphs_has_to_be_told_apart(alice):
    graphs.found(alice, "other")
    one = graphs.add(alice, "plans", "list", "bread")
    two = graphs.add(alice, "other", "list", "milk")
    assert alice.ask("record", "get", one["id"])["graph"] == "plans"
    assert alice.ask("record", "get", two["id"])["graph"] == "other"
    refused(alice, 1, "not_found", "record", "get", one["id"], "--graph", "other")
