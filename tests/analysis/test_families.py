import pytest

from tests.error_checks import refused
from xadapt.analysis.families import Family, classify
from xadapt.composition.specs import compositions, families, words


@pytest.mark.parametrize(
    ("setup", "expected"),
    [
        ("none", Family("none", "none", with_target=False)),
        ("xnli", Family("none", "none", with_target=True)),
        ("mnli", Family("single", "mnli", with_target=False)),
        ("stack(mnli, xnli)", Family("single", "mnli", with_target=True)),
        ("continue(mnli, xnli)", Family("single", "mnli", with_target=True, continued=True)),
        ("stack(mnli, squad)", Family("stack", "stack(mnli, squad)", with_target=False)),
        ("stack(mnli, squad, xnli)", Family("stack", "stack(mnli, squad)", with_target=True)),
        ("continue(mnli, squad)", Family("stack", "continue(mnli, squad)", with_target=False)),
        ("average(mnli, squad)", Family("average", "average(mnli, squad)", with_target=False)),
        (
            "continue(average(mnli, squad), xnli)",
            Family("average", "average(mnli, squad)", with_target=True, continued=True),
        ),
        ("stack(fuse(mnli, squad, stsb), xnli)", Family("fuse", "fuse(mnli, squad, stsb)", with_target=True)),
        (
            "stack(ensemble(mnli, average(squad, stsb)), xnli)",
            Family("ensemble", "ensemble(average(squad, stsb), mnli)", with_target=True),
        ),
        ("average(0.7*mnli, 0.3*squad)", Family("average", "average(0.7*mnli, 0.3*squad)", with_target=False)),
        ("stack(mnli + stsb - squad, xnli)", Family("sum", "mnli + stsb - squad", with_target=True)),
        ("0.5*mnli", Family("sum", "0.5*mnli", with_target=False)),
        ("ties(mnli, squad, density=0.5)", Family("merge", "ties(mnli, squad, density=0.5)", with_target=False)),
        ("stack(multitask(mnli, squad), xnli)", Family("multitask", "multitask(mnli, squad)", with_target=True)),
        (
            "stack(learned_soup(mnli, squad)@xnli, xnli)",
            Family("soup", "learned_soup(mnli, squad)@target", with_target=True),
        ),
        (
            "greedy_soup(continue(mnli, xnli), continue(0.5*squad, xnli))@xnli",
            Family("soup", "greedy_soup(0.5*squad, mnli)@target", with_target=True, continued=True),
        ),
        (
            "greedy_ensemble(continue(mnli, xnli), stack(mnli, xnli))@xnli",
            Family(
                "greedy ensemble",
                "greedy_ensemble(continue(mnli, target), stack(mnli, target))@target",
                with_target=True,
            ),
        ),
        (
            "average(2*continue(mnli, xnli), continue(squad, xnli))",
            Family("average", "average(2*mnli, squad)", with_target=True, continued=True),
        ),
        (
            "stack(fuse(mnli, squad, rank=16), xnli)",
            Family("fuse", "fuse(mnli, squad, rank=16)", with_target=True),
        ),
    ],
)
def test_a_setup_is_sorted_by_what_lies_under_the_target(setup, expected):
    assert classify(setup, "xnli") == expected


def test_the_target_counts_only_under_its_own_name():
    assert classify("stack(mnli, xnli)", "pawsx") == Family("stack", "stack(mnli, xnli)", with_target=False)


def test_a_target_among_the_members_stays_in_the_label_as_the_target_and_is_seen():
    assert classify("fuse(mnli, xnli)", "xnli") == Family("fuse", "fuse(mnli, target)", with_target=True)


def test_a_setup_that_was_learnt_on_its_target_has_one_name_on_all_targets():
    for task in ("xnli", "wikiann", "panx"):
        assert classify(f"fuse(mnli, squad, {task})@{task}", task).label == "fuse(mnli, squad, target)@target"


@pytest.mark.parametrize("kind", list(words()))
def test_every_composition_belongs_to_a_family_that_a_comparison_lists(kind):
    spec = compositions()[kind]
    inside = ", ".join([*("mnli", "squad")[: spec.most], *(["n=2"] if kind == "runs" else [])])
    on = "@xnli" if spec.learnt_on == "must" else ""
    assert classify(f"{kind}({inside}){on}", "xquad").family in {family.name for family in families()}


@pytest.mark.parametrize("setup", ["greedy_soup(mnli, squad)@xnli", "fuse(mnli, squad)@xnli", "gate(mnli, squad)@xnli"])
def test_what_was_learnt_on_the_targets_english_rows_counts_as_with_the_target(setup):
    assert classify(setup, "xnli").with_target
    assert not classify(setup, "pawsx").with_target


def test_members_on_which_only_some_have_the_target_stay_as_they_are():
    expected = Family("ensemble", "ensemble(squad, stack(mnli, target))", with_target=True)
    assert classify("ensemble(squad, stack(mnli, xnli))", "xnli") == expected


def test_a_setup_that_cannot_be_read_is_refused():
    with refused("fuse(mnli"):
        classify("fuse(mnli", "xnli")


@pytest.mark.parametrize("name", ["mlqa", "xquad"])
def test_a_fusion_learnt_on_a_task_that_shares_an_adapter_holds_the_target(name):
    assert classify(f"fuse(mnli, squad)@{name}", "mlqa").with_target
    assert classify(f"stack(mnli, {name})", "mlqa") == Family("single", "mnli", with_target=True)
