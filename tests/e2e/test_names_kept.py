"""Published names come back with `kithd`."""
from nodes import eventually


def test_a_name_comes_back_after_a_restart(world, tmp_path):
    _, alice, bob = world.cloud("alice", "bob")
    phrase = tmp_path / "phrase"
    phrase.write_text("hush\n", encoding="utf-8")
    alice.create_identity("open")
    alice.ask("identity", "create", "closed", "--passphrase-file", phrase)
    web = alice.publish("web", "--identity", "open", "--comment", "kept")["peer_name"]
    mail = alice.publish("mail", "--identity", "closed", "--comment", "sealed",
                         "--passphrase-file", phrase)["peer_name"]
    gone = alice.publish("gone", "--identity", "open")["peer_name"]
    alice.ask("name", "unpublish", gone)

    alice.kill()
    alice.start()

    alice.wait_announced(web)
    assert bob.resolved(web)["comment"] == "kept"
    assert [name["peer_name"] for name in alice.ask("name", "list")["names"]
            if not name["waiting"]] == [web]
    assert alice.published(mail)["waiting"] == "passphrase_needed"
    again = alice.ask("name", "publish", "mail", "--identity", "closed", "--comment", "again",
                      "--passphrase-file", phrase)
    assert again["waiting"] is None
    eventually("bob finds it again", lambda: bob.resolve(mail).code == 0)
    assert bob.resolved(mail)["comment"] == "again"
    assert bob.resolve(gone).code == 1
