"""One name that several nodes publish: `kith name resolve --all` and `--nearest`."""
import subprocess

import pytest


@pytest.fixture
def cloud(world):
    """A seed and three nodes that publish 0.news, two on link 1 and one on link 2; and one on link
    2 that publishes nothing."""
    _, one, two, three, asker = world.cloud("one", "two", "three", "asker")
    assert [node.host.link for node in (one, two, three, asker)] == [1, 2, 1, 2]
    for node in (one, two, three):
        node.publish("news", "--unsecured", "--comment", f"of {node.host.name}")
    return one, two, three, asker


def people(node, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run([node.programs / "kith", "--api", node.socket, *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          timeout=60)


def comments(document) -> list[str]:
    return sorted(one["comment"] for one in document["registrations"])


# PNRP-056, PNRP-175
def test_all_are_listed_and_the_nearest_is_one_of_them(cloud):
    one, two, three, asker = cloud

    answer = asker.kith("name", "resolve", "0.news", "--all")
    found = answer.document
    assert (answer.code, answer.err) == (0, "")
    assert comments(found) == ["of one", "of three", "of two"]
    assert found["peer_name"] == "0.news" and found["complete"] is True
    assert len({each["id"] for each in found["registrations"]}) == 3
    where = {each["comment"]: each["node_endpoints"] for each in found["registrations"]}
    assert where["of two"] == [two.endpoint]
    assert not any(each["local"] or each["verified"] for each in found["registrations"])

    nearest = asker.kith("name", "resolve", "0.news", "--nearest")
    assert (nearest.code, nearest.document["comment"]) == (0, "of two")  # on the link of the asker
    assert "registrations" not in nearest.document
    own = three.ask("name", "resolve", "0.news", "--nearest")
    assert (own["comment"], own["local"]) == ("of three", True)

    shown = people(asker, "name", "resolve", "0.news", "--all")
    assert shown.returncode == 0
    assert "3 registrations\n" in shown.stdout
    assert all(f"of {name}" in shown.stdout for name in ("one", "two", "three"))

    # Who takes its name back is in no answer any more.
    one.ask("name", "unpublish", "0.news")
    assert comments(asker.ask("name", "resolve", "0.news", "--all")) == ["of three", "of two"]


def test_nobody_there_is_a_miss_and_both_at_once_a_mistake(cloud):
    asker = cloud[3]
    for option in ("--all", "--nearest"):
        missed = asker.kith("name", "resolve", "0.nothing", option)
        assert (missed.code, missed.document["error"]["code"]) == (1, "not_found")

    mistaken = people(asker, "name", "resolve", "0.news", "--all", "--nearest")
    assert (mistaken.returncode, mistaken.stdout) == (2, "")
    assert mistaken.stderr.startswith("kith: ") and "--nearest" in mistaken.stderr
    saved = people(asker, "name", "resolve", "0.news", "--all", "--payload-out", "/dev/null")
    assert (saved.returncode, saved.stdout) == (2, "")
