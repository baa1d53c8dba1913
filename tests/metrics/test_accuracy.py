import pytest

from xadapt.errors import XadaptError
from xadapt.metrics import compute


def test_accuracy_is_the_share_of_right_labels_in_per_cent():
    assert compute("accuracy", [0, 1, 2, 2], [0, 1, 2, 0]) == {"accuracy": 75.0}


def test_a_label_that_is_no_integer_is_refused_and_not_rounded():
    with pytest.raises(XadaptError, match=r"prediction 1 is 0\.7"):
        compute("accuracy", [0, 0.7], [0, 0])


def test_fewer_predictions_than_references_are_refused():
    with pytest.raises(XadaptError, match="1 predictions for 2 references"):
        compute("accuracy", [0], [0, 1])
