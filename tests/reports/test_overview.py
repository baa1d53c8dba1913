from tests.made_up_results import run_of
from xadapt.analysis.comparison import compare
from xadapt.reports.conclusion import judged_cases
from xadapt.reports.overview import _draw, overview_png


def several(measured, tasks):
    scores = {"mnli": 0.5, "average(mnli, stsb)": 0.4, "fuse(mnli, stsb)": 0.7}
    return [
        measured(setup, {"en": share, "de": share}, seed, task=task, run=run_of(f"{task} {setup} {seed}"))
        for task in tasks
        for seed in (1, 2)
        for setup, share in scores.items()
    ]


def test_each_task_has_a_line_with_an_interval_and_its_other_compositions(measured, tmp_path):
    comparisons = compare(several(measured, ("xnli", "xcopa")), None, tmp_path / "examples")
    assert overview_png(comparisons).startswith(b"\x89PNG")
    axes = _draw(judged_cases(comparisons)).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["xcopa\nagainst mnli", "xnli\nagainst mnli"]
    assert len(axes.containers) == 2
    for container, comparison in zip(axes.containers, comparisons, strict=True):
        (row,) = [row for row in comparison.blocks[0].rows if row.family == "fuse"]
        (segment,) = container.lines[2][0].get_segments()
        assert [x for x, _ in segment] == [row.tested.low, row.tested.high]
    legend = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert legend == ["average", "judged composition, 95 % interval (filled: p < 0.05 after Holm)"]


def test_one_task_needs_no_overview(measured, tmp_path):
    assert overview_png(compare(several(measured, ("xnli",)), None, tmp_path / "examples")) is None
