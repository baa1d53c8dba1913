import pytest

from tests.error_checks import check_line
from xadapt.errors import RunFailed, XadaptError, option, options_as_flags, quoted, reason_of, shortened, unknown


def test_a_misspelt_name_is_answered_with_the_nearest_one():
    error = unknown("task", "xnlii", ["xnli", "squad"])
    check_line(str(error), "task", "'xnlii'", advice="'xnli'")
    assert error.nearest == "xnli"


def test_case_does_not_hide_the_nearest_name_and_its_own_case_is_shown():
    error = unknown("task", "xnli-en", ["XNLI-En", "squad"])
    assert error.nearest == "XNLI-En"
    assert "'XNLI-En'" in str(error)


def test_a_name_like_no_other_is_answered_with_the_choices():
    error = unknown("task", "qqqq", ["b", "a"])
    check_line(str(error), "task", "'qqqq'", advice="a, b")
    assert error.nearest is None


def test_a_long_list_of_choices_is_cut():
    message = str(unknown("language", "?", [f"name{i:02}" for i in range(40)]))
    assert "name11" in message
    assert "name12" not in message


def test_an_unknown_name_among_none_is_still_one_line():
    check_line(str(unknown("adapter", "mnli", [])), "adapter", "'mnli'")


def test_bad_input_and_a_failed_run_have_their_own_exit_codes():
    assert (XadaptError.exit_code, RunFailed.exit_code) == (2, 1)
    with pytest.raises(XadaptError):
        raise RunFailed("out of memory")


def test_an_option_is_called_by_its_argument_in_python_and_by_its_flag_on_the_command_line():
    assert (option("batch_size"), option("batch_size", 8)) == ("batch_size", "batch_size=8")
    with options_as_flags():
        assert (option("batch_size"), option("batch_size", 8)) == ("--batch-size", "--batch-size 8")
    assert option("batch_size") == "batch_size"


def test_flags_are_forgotten_after_an_error_too():
    with pytest.raises(XadaptError), options_as_flags():
        raise XadaptError("wrong")
    assert option("seed") == "seed"


def test_the_reason_that_a_library_gives_is_one_short_line():
    assert reason_of(ValueError("\n  bad sizes\nmore of it")) == "bad sizes"
    assert reason_of(KeyError()) == "KeyError"
    assert reason_of(ValueError("x" * 300), 10) == "x" * 10


def test_what_is_quoted_is_cut_and_has_no_character_that_a_terminal_acts_on():
    assert quoted("mnli") == "'mnli'"
    assert quoted("a\x1b[31m\u202eb\n") == "'a\\x1b[31m\\u202eb\\n'"
    assert len(quoted("x" * 10_000)) < 100
    assert len(quoted(["x" * 50] * 1000)) < 100


def test_what_python_does_not_print_is_quoted_by_its_type():
    assert quoted(10**5000) == "a int"
    assert quoted({"a": 10**5000}) == "a dict"


def test_an_unknown_name_of_any_length_is_one_short_line():
    assert len(str(unknown("task", "x" * 100_000, ["mnli", "y" * 5000]))) < 1000


def test_a_long_message_keeps_its_beginning_and_its_advice():
    message = "recipe.yaml:3: " + "x" * 5000 + ": use 'e5-small'"
    assert len(shortened(message)) <= 1000
    assert shortened(message).startswith("recipe.yaml:3: ")
    assert shortened(message).endswith(": use 'e5-small'")
    assert shortened("short") == "short"
