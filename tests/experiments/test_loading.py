"""A recipe: what is read, and that each mistake names its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.error_checks import refused
from xadapt.experiments.loading import load_recipe
from xadapt.tasks import Catalogue

GOOD = """\
name: small
title: A small experiment
seeds: [1, 2]
adapters:
  mnli: {epochs: 1}
  stsb:
    lr: 0.01
fusion: {epochs: 0.5}
setups:
  - none
  - mnli
  - fuse(stsb, mnli)
targets:
  xnli:
    train: {limit: 8}
    languages: en,de
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def check_fault(folder: Path, old: str, new: str, *subjects: str, line: int | None = None, advice: str = "") -> None:
    assert old in GOOD
    path = write(folder, GOOD.replace(old, new))
    where = str(path) if line is None else f"{path}:{line}:"
    with refused(where, *subjects, advice=advice):
        load_recipe(path, Catalogue())


def test_a_good_recipe_is_read_as_it_is(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, GOOD), Catalogue())
    assert recipe.seeds == (1, 2)
    assert recipe.adapters["stsb"].lr == 0.01
    assert recipe.adapters["mnli"].epochs == 1
    assert recipe.targets["xnli"].languages == "en,de"
    assert recipe.base == "e5-small"


@pytest.mark.parametrize("said", ["de,no", "[de, no]", "['de', \"no\"]", "\n      - de\n      - no"])
def test_languages_are_a_text_or_a_list_and_no_is_norwegian(tmp_path: Path, said: str) -> None:
    recipe = load_recipe(write(tmp_path, GOOD.replace("en,de", said)), Catalogue())
    assert recipe.targets["xnli"].languages == "de,no"
    bare = load_recipe(write(tmp_path, GOOD.replace("en,de", "no")), Catalogue())
    assert bare.targets["xnli"].languages == "no"


def test_setups_are_canonical_and_each_there_once(tmp_path: Path) -> None:
    recipe = load_recipe(
        write(tmp_path, GOOD.replace("- mnli\n", "- fuse(mnli, stsb)\n  - average(stsb, mnli)\n")), Catalogue()
    )
    assert recipe.setups == ("none", "fuse(mnli, stsb)", "average(mnli, stsb)")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("seeds:", "sedes:", 3),
        ("lr: 0.01", "rate: 0.01", 7),
        ("lr: 0.01", "lr: fast", 7),
        ("lr: 0.01", "lr: 0", 7),
        ("mnli: {epochs: 1}", "mnli: {epochs: []}", 5),
        ("languages: en,de", "languages: [en, 3]", 16),
        ("languages: en,de", "languages: true", 16),
        ("train: {limit: 8}", "train: {limit: true}", 15),
        ("train: {limit: 8}", "train: {epochs: 1e308}", 15),
        ("train: {limit: 8}", "train: {epochs: .inf}", 15),
        ("train: {limit: 8}", "train: {batch_size: 1e9}", 15),
        ("train: {limit: 8}", "train: {adapter_config: seq_bm}", 15),
        ("train: {limit: 8}", "train: {adapter_config: 'seq_bn[reduction_factor=-4]'}", 15),
        ("train: {limit: 8}", "train: {adapter_config: 'lora@0', adapter_layers: 1}", 15),
        ("    languages: en,de", "    pool_limit: 5", 16),
        ("seeds: [1, 2]", "seeds: [1, 1]", 3),
        ("seeds: [1, 2]", "seeds: [1, true]", 3),
        ("seeds: [1, 2]", "seeds: [-1]", 3),
        ("seeds: [1, 2]", "compositions: {fusoin: {limit: 3}}", 3),
        ("seeds: [1, 2]", "variants: {deep: {adapter_config: lora, adapter_layers: top}}", 3),
        ("seeds: [1, 2]", "base: ''", 3),
        ("  xnli:", "  xtreme:", 14),
        ("  stsb:", "  tatoeba:", 6),
        ("fuse(stsb, mnli)", "fuse(stsb, 1e999*mnli)", 12),
        ("fuse(stsb, mnli)", "fuse(stsb, tatoeba)", 12),
        ("train: {limit: 8}", "train: {limit: -8}", 15),
        ("seeds: [1, 2]", "seeds: [1, two]", 3),
        ("seeds: [1, 2]", "seeds: []", 3),
        ("  - mnli\n", "  - 7\n", 11),
        ("name: small", "name: ../../etc", 1),
        pytest.param(
            "    languages: en,de",
            "    languages: en,de\n    mode: pile",
            17,
        ),
    ],
)
def test_a_wrong_key_or_value_names_file_and_line(tmp_path: Path, old: str, new: str, line: int) -> None:
    check_fault(tmp_path, old, new, line=line)


def test_an_unknown_task_names_file_line_and_the_nearest_one(tmp_path: Path) -> None:
    check_fault(tmp_path, "  xnli:", "  xnlii:", "'xnlii'", line=14, advice="'xnli'")
    check_fault(tmp_path, "mnli: {epochs", "mnlii: {epochs", "'mnlii'", line=5, advice="'mnli'")


def test_a_setup_that_does_not_parse_names_file_and_line(tmp_path: Path) -> None:
    check_fault(tmp_path, "fuse(stsb, mnli)", "fuse(stsb, mnli", "fuse(stsb, mnli", "bracket", line=12)


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    check_fault(tmp_path, "title: A small experiment\n", "", "title")


@pytest.mark.parametrize("text", ["name: [unclosed\n", "name: a\n  title: b\n", "a: b: c\n", "\tname: a\n"])
def test_what_is_not_yaml_names_file_and_line(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with refused(f"{path}:", "YAML"):
        load_recipe(path, Catalogue())


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words\n"])
def test_what_is_no_recipe_is_one_line(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with refused(path, advice="setups and targets"):
        load_recipe(path, Catalogue())


def test_a_key_that_is_not_text_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path, "1: 2\n")
    with refused(path):
        load_recipe(path, Catalogue())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("- fuse(stsb, mnli)", "- fuse(stack(stsb, squad), mnli)"),
        ("  xnli:", "  tatoeba:"),
        ("    languages: en,de", "    mode: continue"),
    ],
)
def test_a_recipe_that_cannot_be_planned_names_its_file(tmp_path: Path, old: str, new: str) -> None:
    from xadapt.experiments.steps import plan_steps

    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))
    with refused(path):
        plan_steps(load_recipe(path, Catalogue()))


def test_a_setup_without_any_head_for_a_target_is_refused_before_anything_runs(tmp_path: Path) -> None:
    from xadapt.experiments.steps import plan_steps

    path = write(tmp_path, GOOD.replace("    train: {limit: 8}\n", ""))
    with refused(path, "none", "xnli", advice="train budget"):
        plan_steps(load_recipe(path, Catalogue()))


def test_a_missing_recipe_is_one_line(tmp_path: Path) -> None:
    with refused("nowhere.yaml"):
        load_recipe(tmp_path / "nowhere.yaml", Catalogue())


def test_every_recipe_of_the_project_is_sound() -> None:
    from xadapt.experiments.steps import plan_steps

    recipes = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
    assert recipes
    for path in recipes:
        assert plan_steps(load_recipe(path, Catalogue())), path


@pytest.mark.parametrize(
    ("text", "layers"), [("6-11", "6-11"), ("6", "6"), ("'0,2,1'", "0-2"), ("'6-'", "6-"), ("all", "all")]
)
def test_layers_are_read_as_a_number_or_as_text(tmp_path: Path, text: str, layers: str) -> None:
    made = load_recipe(write(tmp_path, GOOD.replace("{epochs: 1}", f"{{adapter_layers: {text}}}")), Catalogue())
    assert made.adapters["mnli"].adapter_layers == layers


def test_layers_that_say_nothing_name_file_and_line(tmp_path: Path) -> None:
    check_fault(tmp_path, "lr: 0.01", "adapter_layers: top", "'top'", line=7)
