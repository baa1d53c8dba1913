from __future__ import annotations

from tests.error_checks import refused
from tests.portable.conftest import REPO, TARGET, Machine
from tests.portable.hub_server import Repo


def test_a_push_and_a_pull_into_an_empty_store_give_the_same_bytes(here: Machine, away: Machine) -> None:
    pushed = here.push(TARGET)
    pulled = away.pull()
    assert pulled.revision == pushed.revision
    assert [entry.setup for entry in pulled.entries if pulled.usable(entry)] == [TARGET]
    assert away.runs() == here.runs() == [run * 8 for run in ("aa", "bb", "cc", "dd")]
    for run in here.runs():
        assert away.contents(run[:2]) == here.contents(run[:2])
    assert not list((away.store.root / "partial").iterdir())


def test_a_private_repository_is_private_and_a_public_one_is_not_taken_for_it(here: Machine, away: Machine) -> None:
    here.push("mnli", private=True)
    with refused(REPO, advice="hf auth login"):
        away.pull(token=False)
    here.hub.repos["org/open"] = Repo()
    here.hub.write("org/open", ".gitattributes", b"")
    with refused("org/open", "public", advice="leave out private"):
        here.push("mnli", "org/open", private=True)
    assert list(here.hub.files("org/open")) == [".gitattributes"]


def test_what_the_hub_does_not_give_is_one_clear_line(here: Machine, away: Machine) -> None:
    here.push("mnli")
    with refused("org/nothing", here.hub.endpoint, advice="check the name"):
        away.pull("org/nothing")
    with refused("'a b'", advice="OWNER/NAME"):
        away.pull("a b")
    here.hub.repos[REPO].gated = True
    with refused("gated", advice=f"{here.hub.endpoint}/{REPO}"):
        away.pull()


def test_a_hub_that_does_not_answer_is_one_clear_line(here: Machine, away: Machine) -> None:
    here.hub.close()
    with refused(here.hub.endpoint, advice="check the connection", code=1):
        away.pull()
