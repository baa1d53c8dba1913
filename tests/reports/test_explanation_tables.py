from tests.reports.blocks import lines
from xadapt.reports.explanation_tables import page_attention
from xadapt.store.explanation_record import ExplanationRecord


def test_attention_is_coloured_by_its_distance_from_uniform():
    stored = {
        "explained": "fuse(mnli, stsb)",
        "task": "xnli",
        "base": "e5-small",
        "data": "hub",
        "seed": 42,
        "fusion": True,
        "members": ["mnli", "stsb"],
        "layers": ["1", "all"],
        "uniform": 0.5,
        "mean": {"weights": [[1.0, 0.0], [0.5, 0.5]]},
        "languages": {"en": {"weights": [[1, 0], [0.6, 0.4]]}, "sw": {"weights": [[1, 0], [0.4, 0.6]]}},
    }
    explanation = ExplanationRecord.of(stored, "made up")
    layers, languages = page_attention(explanation)
    assert [(cell.text, cell.depth) for cell in layers.rows[0][1:]] == [("100.0", 100), ("0.0", -100)]
    assert [(cell.text, cell.depth) for cell in layers.rows[1][1:]] == [("50.0", 0), ("50.0", 0)]
    assert "Uniform is 50.0 %" in layers.caption
    assert lines(languages) == {"English": ["60.0", "40.0"], "Swahili": ["40.0", "60.0"]}
    assert page_attention(explanation.model_copy(update={"fusion": False})) == []
