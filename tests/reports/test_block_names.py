from xadapt.analysis.comparison import compare
from xadapt.reports.block_names import named_blocks


def test_blocks_have_the_shortest_names_that_differ(result):
    one = result("stack(mnli, xnli)", {"en": 1.0, "de": 1.0})
    straight = result("mnli", {"en": 1.0, "de": 1.0})
    other = result("stack(mnli, xnli)", {"en": 1.0, "de": 1.0}, limit=50)
    names = [each.name for each in named_blocks(compare([one, straight]))]
    assert names == ["xnli: Not trained on the target", "xnli: Trained on the target's English rows"]
    names = [each.name for each in named_blocks(compare([one, other]))]
    assert names == ["xnli on e5-small, hub data", "xnli on e5-small, hub data, at most 50 rows per language"]
