import pytest

from xadapt.store.cards import card
from xadapt.store.records import RunRecord


@pytest.fixture
def stored():
    return {
        "heads": ["squad"],
        "setup": "stack(mnli, squad)",
        "trains": "adapter",
        "under": "mnli",
        "run": "0123456789abcdef",
        "base": {"name": "e5-small", "fingerprint": "ab" * 32},
        "seed": 7,
        "data": "mirror:hub",
        "rows": {"squad": 11900},
        "sources": {"squad": "rajpurkar/squad (plain_text)"},
        "decides": {
            "versions": {"xadapt": "0.1.0"},
            "settings": {
                "batch_size": 16,
                "epochs": 2.0,
                "lr": 0.001,
                "adapter_config": "seq_bn",
                "precision": "bf16",
            },
        },
        "figures": {
            "parameters": 893000,
            "steps": 1488,
            "seconds": 61.5,
            "device": "cpu",
            "threads": 2,
            "dev": {"squad": {"f1": 61.234, "exact_match": 50.0}},
            "dev_rows": {"squad": 500},
        },
    }


def card_of(stored, library="adapters"):
    return card(RunRecord.of(stored, "a made-up record"), library)


def test_a_card_says_what_a_user_must_know(stored):
    text = card_of(stored)
    for fact in (
        "# stack(mnli, squad)",
        "Made with xadapt 0.1.0 on the",
        "base `e5-small` (fingerprint `abababababababab`)",
        "893,000 parameters",
        "11,900 of rajpurkar/squad (plain_text) (squad)",
        "1,488 of batch 16, 2 epochs, lr 0.001, `seq_bn`, bf16",
        "| seed | 7 |",
        "| squad | 500 | f1 61.2, exact_match 50.0 |",
        "MIT licence",
    ):
        assert fact in text


def test_a_card_starts_with_the_front_matter_that_hubs_read(stored):
    lines = card_of(stored).splitlines()
    assert lines[0] == "---"
    assert "library_name: adapters" in lines[1 : lines.index("---", 1)]


def test_the_card_of_an_adapter_of_peft_says_how_peft_loads_it(stored):
    text = card_of(stored, "peft")
    assert "library_name: peft" in text
    assert 'peft.PeftModel.from_pretrained(encoder, "adapter")' in text


def test_the_card_of_a_method_that_its_author_registered_says_that_xadapt_loads_it(stored):
    text = card_of(stored, "own")
    assert "library_name: xadapt" in text
    assert "$XADAPT_PLUGINS" in text


def test_the_card_of_an_imported_adapter_makes_nothing_up():
    text = card_of(
        {
            "setup": "mnli",
            "trains": "imported",
            "under": "none",
            "run": "0123456789abcdef",
            "base": {"name": "e5-small", "fingerprint": "ab" * 32},
            "seed": 42,
            "heads": ["mnli"],
            "figures": {"parameters": 893000, "dev": {}, "dev_rows": {}},
            "imported": {"form": "adapterhub", "name": "nli", "base": None, "library": None},
        }
    )
    for fact in (
        "# mnli",
        "not trained by xadapt",
        "| came as | adapterhub (library version unknown) |",
        "it does not say; its sizes fit the one above",
        "| parameters | 893,000 |",
        "| training rows, steps, scores | unknown |",
        "| seed | unknown; filed under 42 |",
        "trained elsewhere; the terms of its makers apply",
    ):
        assert fact in text
    assert "English development scores" not in text


def test_a_card_says_how_far_half_precision_moved_the_weights(stored):
    stored["figures"]["rounding"] = 0.000213
    assert "moved them by 2.1e-04 of their size" in card_of(stored)


def test_the_card_of_a_soup_says_its_weights_and_that_no_rows_were_trained_on(stored):
    stored["rows"] = {}
    stored["figures"]["mixture"] = {"mnli": 0.75, "squad": 0.25}
    text = card_of(stored)
    assert "| weights, chosen on English dev | 0.750 `mnli`, 0.250 `squad` |" in text
    assert "| training rows | none; taken from mirror:hub |" in text


def test_a_method_that_is_markup_stays_in_its_cell(stored):
    stored["decides"]["settings"]["adapter_config"] = "seq_bn | <img src=x>"
    assert "`seq_bn \\| <img src=x>`" in card_of(stored)
