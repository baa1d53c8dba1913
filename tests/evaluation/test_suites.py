"""The suites: what they count, and that nothing incomplete passes for a score."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.error_checks import refused
from xadapt.evaluation.suite_scores import SuiteScore, score_suite
from xadapt.metrics import main_score
from xadapt.store.result_record import LanguageScore, Result
from xadapt.tasks import SpanQA, get_task
from xadapt.tasks.suites import SUITES, XTREME, XTREME_R, Suite, get_suite


def result(task: str, scores: dict[str, dict[str, float]], **other: Any) -> Result:
    rows = {code: {"n": 10, "available": 10, "split": "test", "seconds": 1.0, **row} for code, row in scores.items()}
    made = {
        "run": task,
        "task": task,
        "kind": get_task(task).kind.name,
        "metric": main_score(get_task(task).metric),
        "setup": f"stack(mnli, {task})",
        "base": "e5-small",
        "seed": 42,
        "data": "hub",
        "languages": rows,
    }
    return Result.of({**made, **other}, "a made-up result")


def with_languages(made: Result, languages: dict[str, LanguageScore]) -> Result:
    return made.model_copy(update={"languages": languages})


def whole(suite: Suite, task: str, english: float = 80.0, others: float = 60.0, **other: Any) -> Result:
    """A result in all languages of a suite."""
    known = get_task(task)
    keys = ("f1", "exact_match") if isinstance(known.kind, SpanQA) else (main_score(known.metric),)
    languages = suite.languages[task]
    return result(task, {code: dict.fromkeys(keys, english if code == "en" else others) for code in languages}, **other)


def score(suite: Suite, *left_out: str, **changed: Result) -> SuiteScore:
    return score_suite(suite, [changed.get(task) or whole(suite, task) for task in suite.tasks if task not in left_out])


@pytest.mark.parametrize(
    ("suite", "counts"),
    [
        (
            XTREME,
            {
                "xnli": 15,
                "pawsx": 7,
                "udpos": 33,
                "wikiann": 40,
                "xquad": 11,
                "mlqa": 7,
                "tydiqa": 9,
                "bucc": 4,
                "tatoeba": 36,
            },
        ),
        (
            XTREME_R,
            {
                "xnli": 15,
                "xcopa": 11,
                "udpos": 38,
                "wikiann": 48,
                "xquad": 12,
                "mlqa": 7,
                "tydiqa": 9,
                "mewslix": 11,
                "lareqa": 11,
                "tatoeba": 41,
            },
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Suite) else "",
)
def test_a_suite_counts_the_official_languages(suite: Suite, counts: dict[str, int]) -> None:
    assert {task: len(set(suite.languages[task])) for task in suite.tasks} == counts
    assert suite.languages.keys() == set(suite.tasks)


@pytest.mark.parametrize("suite", SUITES.values(), ids=list(SUITES))
def test_the_catalogue_has_every_task_and_language_of_a_suite(suite: Suite) -> None:
    for task in suite.tasks:
        assert suite.name in get_task(task).suites
        assert set(suite.languages[task]) <= set(get_task(task).languages)


def test_an_unknown_suite_is_named_with_the_nearest() -> None:
    assert get_suite("xtreme-r") is XTREME_R
    with refused("xtreme-s", advice="xtreme"):
        get_suite("xtreme-s")


def test_a_complete_suite_has_the_means_of_its_tasks_and_groups() -> None:
    made = score(XTREME, xnli=whole(XTREME, "xnli", 90.0, 30.0))
    xnli = (90.0 + 14 * 30.0) / 15
    pawsx = (80.0 + 6 * 60.0) / 7
    udpos, wikiann = (80.0 + 32 * 60.0) / 33, (80.0 + 39 * 60.0) / 40
    xquad, mlqa, tydiqa = (80.0 + 10 * 60.0) / 11, (80.0 + 6 * 60.0) / 7, (80.0 + 8 * 60.0) / 9
    tasks = [xnli, pawsx, udpos, wikiann, xquad, mlqa, tydiqa, 60.0, 60.0]
    assert [task.score for task in made.tasks] == pytest.approx(tasks)
    assert made.groups["classification"].score == pytest.approx((xnli + pawsx) / 2)
    assert made.groups["question answering"].score == pytest.approx((xquad + mlqa + tydiqa) / 3)
    # The mean of all tasks, not of the groups.
    assert made.overall.score == pytest.approx(sum(tasks) / 9)
    assert made.overall.score == made.overall.partial
    assert made.overall.missing == ()
    assert made.as_dict()["complete"] is True


def test_question_answering_is_the_mean_of_exact_match_and_f1() -> None:
    rows = {code: {"f1": 70.0, "exact_match": 50.0} for code in XTREME.languages["xquad"]}
    rows["en"] = {"f1": 90.0, "exact_match": 80.0}
    task = _task(score(XTREME, xquad=result("xquad", rows)), "xquad")
    mean_f1, mean_exact = (90.0 + 10 * 70.0) / 11, (80.0 + 10 * 50.0) / 11
    assert task.score == pytest.approx((mean_f1 + mean_exact) / 2)
    assert (task.english, task.others, task.gap) == (85.0, 60.0, 25.0)
    assert task.metric == "F1 and exact match"


def test_the_main_score_counts_whatever_else_a_result_holds() -> None:
    rows = {code: {"f1": 50.0, "precision": 1.0, "threshold": 1.07} for code in XTREME.languages["bucc"]}
    task = _task(score(XTREME, bucc=result("bucc", rows)), "bucc")
    assert task.score == 50.0
    assert task.rows[0].scores == {"f1": 50.0, "precision": 1.0, "threshold": 1.07}


@pytest.mark.parametrize(("suite", "task"), [(XTREME_R, "xcopa"), (XTREME_R, "tatoeba"), (XTREME, "bucc")])
def test_a_task_without_english_has_no_gap(suite: Suite, task: str) -> None:
    found = _task(score(suite), task)
    assert (found.english, found.gap) == (None, None)
    assert found.others == found.score == 60.0


def test_languages_that_the_suite_does_not_count_change_nothing() -> None:
    more = whole(XTREME, "udpos")
    wolof = LanguageScore(n=10, available=10, split="test", scores={"f1": 0.0}).ranked_by("f1")
    more = with_languages(more, {**more.languages, "wo": wolof})
    assert _task(score(XTREME, udpos=more), "udpos") == _task(score(XTREME), "udpos")


def test_a_missing_language_takes_the_score_from_its_task_its_group_and_the_suite() -> None:
    full = whole(XTREME_R, "wikiann")
    cut = with_languages(full, {code: one for code, one in full.languages.items() if code not in ("th", "my")})
    made = score(XTREME_R, wikiann=cut)
    task = _task(made, "wikiann")
    assert (task.score, task.missing) == (None, ("my", "th"))
    assert task.partial == pytest.approx((80.0 + 45 * 60.0) / 46)
    group = made.groups["structured prediction"]
    assert (group.score, group.missing, group.there) == (None, ("wikiann: my th",), 2)
    assert made.overall.score is None
    assert made.overall.missing == ("wikiann: my th",)
    assert made.overall.partial is not None
    # The other groups have theirs.
    assert made.groups["classification"].score is not None


def test_a_missing_task_takes_the_score_from_its_group_and_the_suite() -> None:
    made = score(XTREME_R, "mewslix", "lareqa", "tatoeba")
    group = made.groups["retrieval"]
    assert (group.score, group.partial, group.there) == (None, None, 0)
    assert made.overall.missing == ("mewslix", "lareqa", "tatoeba")
    assert (made.overall.there, made.overall.counted) == (7, 10)
    tasks = [task.score for task in made.tasks if task.rows]
    assert made.overall.partial == pytest.approx(sum(tasks) / 7)


def test_lareqa_counts() -> None:
    assert score(XTREME_R, "lareqa").overall.score is None


def test_nothing_at_all_has_no_partial_either() -> None:
    made = score_suite(XTREME, [], {"xnli": "no rows"})
    assert (made.overall.score, made.overall.partial, made.overall.there) == (None, None, 0)
    assert _task(made, "xnli").reason == "no rows"
    assert made.overall.missing == XTREME.tasks


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"limit": 100}, "at most 100 rows a language"),
        ({"decides": {"pool_limit": 500}}, "a pool of the rows' answers and others up to 500 items"),
        ({"data": "mirror:hub"}, "rows of mirror:hub"),
        ({"data": "bundled"}, "rows of the bundled demonstration"),
    ],
)
def test_a_limit_or_a_mirror_makes_the_whole_suite_a_sample(change: dict[str, Any], why: str) -> None:
    made = score(XTREME, xnli=whole(XTREME, "xnli", **change))
    assert made.sample
    assert made.why_sample == (why,)
    assert not score(XTREME).sample


def test_rows_that_were_left_out_make_a_sample_too() -> None:
    full = whole(XTREME, "xnli")
    cut = with_languages(full, {**full.languages, "de": full["de"].model_copy(update={"available": 5010})})
    made = score(XTREME, xnli=cut)
    assert made.sample
    assert [row.language for row in _task(made, "xnli").rows if row.sample] == ["de"]


def test_english_comes_first_and_rows_are_named() -> None:
    rows = _task(score(XTREME), "mlqa").rows
    assert [row.language for row in rows] == ["en", "ar", "de", "es", "hi", "vi", "zh"]
    assert (rows[2].name, rows[2].n, rows[2].split) == ("German", 10, "test")


def test_everything_goes_into_json() -> None:
    written = json.loads(json.dumps(score(XTREME_R, "xcopa").as_dict()))
    assert (written["suite"], written["complete"], written["sample"]) == ("xtreme-r", False, False)
    assert written["overall"]["score"] is None
    assert written["groups"]["classification"]["missing"] == ["xcopa"]
    xnli = written["tasks"][0]
    assert (xnli["task"], xnli["n"], len(xnli["rows"])) == ("xnli", 150, 15)


def test_two_results_of_a_task_are_refused() -> None:
    with refused("xnli", advice="one a task"):
        score_suite(XTREME, [whole(XTREME, "xnli"), whole(XTREME, "xnli")])


def test_a_result_without_the_score_that_counts_is_refused() -> None:
    with refused("xquad", "exact_match", "de", advice="evaluate it again"):
        score_suite(XTREME, [result("xquad", {"de": {"f1": 50.0}})])


def _task(made: SuiteScore, name: str) -> Any:
    return next(task for task in made.tasks if task.task == name)
