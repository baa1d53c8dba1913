from xadapt.analysis.comparison import compare
from xadapt.reports.block_names import named_blocks


def test_blocks_have_the_shortest_names_that_differ(result):
    one = result("stack(mnli, xnli)", {"en": 1.0, "de": 1.0})
    layers = [result("mnli", {"de": 1.0}, details={"layer": layer, "pooling": "mean"}) for layer in (8, 12)]
    other = result("stack(mnli, xnli)", {"en": 1.0, "de": 1.0}, limit=50)
    names = [each.name for each in named_blocks(compare(layers))]
    assert names == ["xnli: Layer 8, mean pooling", "xnli: Layer 12, mean pooling"]
    names = [each.name for each in named_blocks(compare([one, other]))]
    assert names == ["xnli on e5-small, hub data", "xnli on e5-small, hub data, at most 50 rows per language"]
