import pytest

from xadapt.composition.expression import Node, adapter
from xadapt.errors import XadaptError
from xadapt.reports.families import FAMILIES, Family, classify, family_of


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
        ("average(stack(mnli, xnli), stack(squad, xnli))", Family("average", "average(mnli, squad)", with_target=True)),
    ],
)
def test_a_setup_is_sorted_by_what_lies_under_the_target(setup, expected):
    assert classify(setup, "xnli") == expected


def test_the_target_counts_only_under_its_own_name():
    assert classify("stack(mnli, xnli)", "pawsx") == Family("stack", "stack(mnli, xnli)", with_target=False)


def test_a_target_among_the_members_stays_in_the_label_but_is_known():
    assert classify("fuse(mnli, xnli)", "xnli") == Family("fuse", "fuse(mnli, xnli)", with_target=True)


@pytest.mark.parametrize("kind", ["ensemble", "multitask"])
def test_other_compositions_are_families_of_their_own(kind):
    node = Node(kind, children=(adapter("mnli"), adapter("squad")))
    under_target = Node("stack", children=(node, adapter("xnli")))
    assert kind in FAMILIES
    assert family_of(under_target, "xnli") == Family(kind, f"{kind}(mnli, squad)", with_target=True)


def test_an_ensemble_of_targets_is_an_ensemble_of_what_lies_under_them():
    members = tuple(Node("stack", children=(adapter(name), adapter("xnli"))) for name in ("mnli", "squad"))
    assert family_of(Node("ensemble", children=members), "xnli").label == "ensemble(mnli, squad)"


def test_a_setup_that_cannot_be_read_is_refused():
    with pytest.raises(XadaptError):
        classify("fuse(mnli", "xnli")


@pytest.mark.parametrize("name", ["mlqa", "xquad"])
def test_a_fusion_learnt_on_a_task_that_shares_an_adapter_holds_the_target(name):
    assert classify(f"fuse(mnli, squad)@{name}", "mlqa").with_target
    assert classify(f"stack(mnli, {name})", "mlqa") == Family("single", "mnli", with_target=True)
