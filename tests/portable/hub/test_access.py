from __future__ import annotations

from tests.error_checks import refused
from tests.portable.conftest import REPO, TARGET, Machine
from tests.portable.hub_server import Repo


def test_a_push_and_a_pull_into_an_empty_store_give_the_same_bytes(sender: Machine, receiver: Machine) -> None:
    pushed = sender.push(TARGET)
    pulled = receiver.pull()
    assert pulled.revision == pushed.revision
    assert [entry.setup for entry in pulled.entries if pulled.usable(entry)] == [TARGET]
    assert receiver.runs() == sender.runs() == [run * 8 for run in ("aa", "bb", "cc", "dd")]
    for run in sender.runs():
        assert receiver.contents(run[:2]) == sender.contents(run[:2])
    assert not list((receiver.store.root / "partial").iterdir())


def test_a_private_repository_is_private_and_a_public_one_is_not_taken_for_it(
    sender: Machine, receiver: Machine
) -> None:
    sender.push("mnli", private=True)
    with refused(REPO, advice="hf auth login"):
        receiver.pull(token=False)
    sender.hub.repos["org/open"] = Repo()
    sender.hub.write("org/open", ".gitattributes", b"")
    with refused("org/open", "public", advice="leave out private"):
        sender.push("mnli", "org/open", private=True)
    assert list(sender.hub.files("org/open")) == [".gitattributes"]


def test_what_the_hub_does_not_give_is_one_clear_line(sender: Machine, receiver: Machine) -> None:
    sender.push("mnli")
    with refused("org/nothing", sender.hub.endpoint, advice="check the name"):
        receiver.pull("org/nothing")
    with refused("'a b'", advice="OWNER/NAME"):
        receiver.pull("a b")
    sender.hub.repos[REPO].gated = True
    with refused("gated", advice=f"{sender.hub.endpoint}/{REPO}"):
        receiver.pull()


def test_a_hub_that_does_not_answer_is_one_clear_line(sender: Machine, receiver: Machine) -> None:
    sender.hub.close()
    with refused(sender.hub.endpoint, advice="check the connection", code=1):
        receiver.pull()
