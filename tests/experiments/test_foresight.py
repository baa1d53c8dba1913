"""What a recipe stands on is looked for before it runs, and what is not there names the recipe's line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import refused
from xadapt.experiments.foresight import check_ground
from xadapt.experiments.loading import load_recipe

TEXT = """\
name: small
title: Small
adapters:
  mnli: {limit: 8}
  stsb: {limit: 8}
setups:
  - mnli
  - fuse(mnli, stsb)
targets:
  xnli:
    train: {limit: 8}
    languages: en,de
  stsb:
    setups: [stsb]
"""


def look(lab: Any, folder: Path, text: str = TEXT, base: str | None = None, only_look: bool = True) -> None:
    """Check a recipe on a session's rows and store; a base that is named is the recipe's."""
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    recipe = load_recipe(path, lab.tasks)
    context = replace(lab.context, base=base) if base else lab.context
    check_ground(recipe, context, given_base=base is None, only_look=only_look)


@pytest.mark.parametrize("only_look", [True, False])
def test_a_recipe_that_finds_everything_is_taken(lab: Any, tmp_path: Path, only_look: bool) -> None:
    look(lab, tmp_path, only_look=only_look)


@pytest.mark.parametrize(
    ("old", "new", "line", "subjects"),
    [
        ("en,de", "en,zh-CN", 12, ("'zh-CN'", "'zh'")),
        ("en,de", "en,sw", 12, ("'sw'", "xnli")),
        ("stsb: {limit: 8}", "csqa: {limit: 8}", 5, ("csqa", "rows")),
        ("  - mnli", "  - squad", 7, ("squad", "xadapt train-task squad")),
        ("fuse(mnli, stsb)", "fuse(mnli, squad)", 8, ("squad", "xadapt train-task squad")),
        ("fuse(mnli, stsb)", "average(mnli, stack(squad, stsb))", 8, ("cannot be a member",)),
        ("setups: [stsb]", "setups: [mnli]", 13, ("mnli", "cannot answer stsb")),
        ("setups: [stsb]", "setups: ['greedy_soup(mnli, stsb)@squad']", 14, ("cannot answer squad",)),
        ("setups: [stsb]", "setups: ['distill(ensemble(stsb, mnli))@stsb']", 14, ("mnli", "cannot answer stsb")),
        (
            "setups: [stsb]",
            "straight: ['greedy_ensemble(stsb, mnli)@stsb']\n    setups: [stsb]",
            14,
            ("mnli", "cannot answer stsb"),
        ),
        (
            "setups: [stsb]",
            "straight: ['greedy_ensemble(stsb, squad)@stsb']\n    setups: [stsb]",
            14,
            ("xadapt train-task squad",),
        ),
        ("fuse(mnli, stsb)", "greedy_ensemble(mnli, stsb)@xnli", 10, ("nothing is put on top", "members")),
        ("fuse(mnli, stsb)", "stack(mnli, squad)", 8, ("squad",)),
        ("mnli: {limit: 8}", "mnli: {adapter_layers: 7}", 4, ("layer 7", "0 to 1")),
        ("setups:\n", "adapter_config: seq_bm\nsetups:\n", 6, ("adapter_config", "seq_bm")),
        ("setups:\n", "adapter_layers: 7\nsetups:\n", 6, ("adapter_layers", "layer 7", "0 to 1")),
        ("train: {limit: 8}", "train: {max_length: 500}", 11, ("max_length", "128")),
        ("    setups: [stsb]", "    max_length: 500\n    setups: [stsb]", 14, ("max_length", "128")),
    ],
)
def test_what_would_fail_later_is_said_with_its_line(
    lab: Any, tmp_path: Path, old: str, new: str, line: int, subjects: tuple[str, ...]
) -> None:
    assert old in TEXT
    for only_look in (True, False):
        with refused(f"recipe.yaml:{line}: ", *subjects):
            look(lab, tmp_path, TEXT.replace(old, new), only_look=only_look)


def test_members_of_the_store_need_no_training(trained: Any, tmp_path: Path) -> None:
    text = TEXT.replace("adapters:\n  mnli: {limit: 8}\n  stsb: {limit: 8}\n", "")
    for only_look in (True, False):
        look(trained, tmp_path, text, only_look=only_look)


def test_checkpoints_for_another_base_are_no_members(trained: Any, tmp_path: Path) -> None:
    text = TEXT.replace("adapters:\n  mnli: {limit: 8}\n  stsb: {limit: 8}\n", "").replace("max_length", "")
    with refused("recipe.yaml:", "mnli"):
        look(trained, tmp_path, text, base="e5-small")


@pytest.mark.parametrize("base", ["e5-smal", "e5-small:99", "no/such/folder", "../nowhere", "a b"])
def test_a_base_that_is_none_names_its_line(lab: Any, tmp_path: Path, base: str) -> None:
    text = TEXT.replace("title: Small", f"title: Small\nbase: '{base}'")
    with refused("recipe.yaml:3: base: ", base):
        look(lab, tmp_path, text, base=base)


@pytest.mark.parametrize(
    ("config", "subjects"),
    [
        (None, ("config.json",)),
        ("[]", ("names no model",)),
        ('{"model_type": "bert"}', ("'bert'",)),
        ('{"model_type": "xlm-roberta"}', ("weights",)),
        ("{", ("config.json", "JSON")),
    ],
)
def test_a_folder_that_is_no_base_says_what_it_lacks(
    lab: Any, tmp_path: Path, config: str | None, subjects: tuple[str, ...]
) -> None:
    folder = tmp_path / "base"
    folder.mkdir()
    if config is not None:
        (folder / "config.json").write_text(config)
    with refused("recipe.yaml:", "base", *subjects):
        look(lab, tmp_path, base=str(folder))


def test_no_rows_in_the_recipes_own_data_name_its_line(lab: Any, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(TEXT.replace("title: Small", "title: Small\ndata: nowhere"))
    from xadapt.session import Session

    with refused("recipe.yaml:3: data: ", "nowhere"):
        Session(store=tmp_path / "store", display=False).plan(path)


def test_rows_that_are_learnt_from_are_not_to_be_measured(trained: Any, tmp_path: Path) -> None:
    text = TEXT.replace("fuse(mnli, stsb)", "'distill(mnli, unlabelled=4)@xnli'")
    for only_look in (True, False):
        for limit in ("", "    limit: 9\n"):
            with refused("recipe.yaml:10: ", "xnli", "without their labels", advice="limit: 8"):
                look(trained, tmp_path, text.replace("    languages: en,de\n", limit), only_look=only_look)
        look(trained, tmp_path, text.replace("languages: en,de", "limit: 8"), only_look=only_look)
