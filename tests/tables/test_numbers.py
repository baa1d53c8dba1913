import pytest

from xadapt.tables.numbers import count, megabytes, plain, signed, spread


@pytest.mark.parametrize(("value", "shown"), [(1.25, "+1.2"), (-0.26, "−0.3"), (-0.04, "0.0"), (None, "–")])
def test_a_difference_has_a_sign_unless_it_rounds_to_nothing(value, shown):
    assert signed(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(60.04, "60.0"), (-0.01, "0.0"), (-9.0, "−9.0"), (None, "–")])
def test_a_score_has_one_decimal_and_no_negative_zero(value, shown):
    assert plain(value) == shown


def test_thousands_are_set_apart():
    assert (count(1234567), count(0), count(None)) == ("1,234,567", "0", "–")


def test_a_spread_follows_its_number_if_there_is_one():
    assert (spread("61.0", 0.25), spread("61.0", None)) == ("61.0 ± 0.2", "61.0")


def test_bytes_are_printed_in_millions():
    assert (megabytes(2_087_430), megabytes(None)) == ("2.09", "–")
