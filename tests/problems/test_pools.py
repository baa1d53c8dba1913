"""What must stay when a pool is cut."""

from __future__ import annotations

from xadapt.data.source import cut
from xadapt.tasks import get_task
from xadapt.tasks.specs import spec_of

POOL = [{"id": f"en-{number}", "text": "."} for number in range(50)]


def test_mined_sentences_keep_their_translations() -> None:
    keep = spec_of(get_task("bucc").kind).pool.holds_answers([{"id": "zh-3"}], [("zh-3", "en-7"), ("zh-4", "en-8")])
    assert [item["id"] for item in POOL if keep(item)] == ["en-7"]


def test_a_question_keeps_its_context_in_every_language() -> None:
    keep = spec_of(get_task("lareqa").kind).pool.holds_answers([{"id": "q1"}], [])
    pool = [{"id": name, "language": code} for name in ("q1", "q2") for code in ("en", "de")]
    assert [(item["id"], item["language"]) for item in pool if keep(item)] == [("q1", "en"), ("q1", "de")]


def test_a_mention_keeps_its_entity() -> None:
    keep = spec_of(get_task("mewslix").kind).pool.holds_answers([{"text": "a", "entity": "Q1"}], [])
    assert [keep({"entity": name}) for name in ("Q1", "Q2")] == [True, False]


def test_a_cut_pool_holds_the_answers_and_is_filled_by_the_same_shuffle() -> None:
    keep = spec_of(get_task("bucc").kind).pool.holds_answers([{"id": "zh"}], [("zh", "en-49")])
    few, more = (cut(POOL, "", limit, keep).rows for limit in (5, 9))
    assert len(few) == 5
    assert POOL[49] in few
    assert all(item in more for item in few)
    assert few == sorted(few, key=POOL.index)
    plain = cut(POOL, "", 5).rows
    assert sum(item in plain for item in few) >= 4
