import unicodedata
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.error_checks import refused
from xadapt.problems import make_problem
from xadapt.problems.predict import predict
from xadapt.problems.tagging import IGNORED, tag_index, whole_words
from xadapt.tasks import Tagging, Task, get_task

#: Words as treebanks and WikiANN cut them, single characters among them.
WORDS = {
    "en": ["In", "1929", ",", "the", "bridge", "'s", "owner", "(", "Smith", ")", "said", "“", "no", "”", "."],
    "zh": ["東", "京", "都", "是", "日", "本", "的", "首", "都", "。"],
    "zh-words": ["看似", "簡單", ",", "只", "是", "二", "選", "一", "做", "決擇"],
    "ja": ["東京", "タワー", "は", "、", "日本", "の", "港区", "に", "ある", "ー", "。"],
    "th": ["สะพาน", "ข้าม", "แม่น้ำ", "ไรน์", "ถูก", "ปิด", "ๆ", "เพราะ", "น้ำท่วม"],
    "my": ["ရန်ကုန်", "မြို့", "သည်", "မြန်မာ", "နိုင်ငံ", "၏", "မြို့တော်", "ဟောင်း", "ဖြစ်", "သည်", "။"],
    "ko": ["서울", "은", "대한민국", "의", "수도", "이다", "."],
    "ar": ["أُغلق", "الجسر", "في", "عام", "١٩٢٩", "،"],
    "hi": ["राइन", "नदी", "पर", "बना", "पुल", "१९२९", "।"],
}
#: Of these the tokenizer leaves nothing.
NOTHING = ["", "\u200b", " ", "\ufeff"]
LABELS = get_task("wikiann").kind.labels


def row(words, tags=None):
    return {"tokens": words, "tags": tags or [LABELS[i % len(LABELS)] for i in range(len(words))]}


@pytest.fixture(params=["packed", "tiny"])
def ner(request, tokenizer, tiny):
    return make_problem(get_task("wikiann"), tokenizer if request.param == "packed" else tiny.tokenizer, 64)


@pytest.fixture
def packed(tokenizer):
    return make_problem(get_task("wikiann"), tokenizer, 24)


def perfect(problem, features):
    """Logits that point at the labels, and at another label elsewhere."""
    raw = []
    for feature in features:
        logits = np.zeros((len(feature["labels"]), len(problem.task.kind.labels)), np.float32)
        logits[np.arange(len(logits)), [4 if label == IGNORED else label for label in feature["labels"]]] = 9
        raw.append(logits)
    return raw


@pytest.mark.parametrize("language", WORDS)
def test_every_word_has_its_label_once_at_a_piece_of_its_own(ner, language):
    words = WORDS[language]
    (feature,) = ner.encode([row(words)], labelled=True)
    encoded = ner.tokenizer(words, is_split_into_words=True)
    assert feature["input_ids"] == encoded["input_ids"]
    assert [encoded.word_ids()[index] for index in feature["tagged"]] == list(range(len(words)))
    given = [feature["labels"][index] for index in feature["tagged"]]
    assert given == [LABELS.index(tag) for tag in row(words)["tags"]]
    assert sum(label != IGNORED for label in feature["labels"]) == len(words)


@pytest.mark.parametrize("language", WORDS)
def test_the_label_is_at_the_first_letters_of_the_word(packed, language):
    for feature in packed.encode([row(WORDS[language])], labelled=True):
        pieces = packed.tokenizer.convert_ids_to_tokens(feature["input_ids"])
        for index in feature["tagged"]:
            assert pieces[index].strip("▁")
            assert pieces[index].startswith("▁") or pieces[index - 1] == "▁"
    found = [
        piece.strip("▁")
        for feature in packed.encode([row(WORDS[language])], labelled=False)
        for piece in np.array(packed.tokenizer.convert_ids_to_tokens(feature["input_ids"]))[feature["tagged"]]
    ]
    normal = [unicodedata.normalize("NFKC", word) for word in WORDS[language]]
    assert all(word.startswith(piece) for word, piece in zip(normal, found, strict=True))


def test_the_mark_of_a_words_beginning_carries_no_label(packed):
    assert packed.tokenizer.tokenize("東") == ["▁", "東"], "or this shows nothing"
    (feature,) = packed.encode([row(["東", "本"], ["B-LOC", "I-LOC"])], labelled=True)
    assert packed.tokenizer.convert_ids_to_tokens(feature["input_ids"]) == ["<s>", "▁", "東", "▁本", "</s>"]
    assert feature["labels"] == [IGNORED, IGNORED, LABELS.index("B-LOC"), LABELS.index("I-LOC"), IGNORED]


def test_a_word_of_nothing_but_marks_is_labelled_at_the_first():
    assert [tag_index(pieces) for pieces in (["▁"], ["▁", "▁"], ["▁a", "b"], ["▁", "▁", "x"])] == [0, 0, 0, 2]


def test_words_without_a_piece_are_read_as_unknown_and_keep_their_position(packed):
    words = [word for nothing in NOTHING for word in (nothing, "bridge")]
    assert all(not packed.tokenizer.tokenize(nothing) for nothing in NOTHING), "or this shows nothing"
    features = packed.encode([row(words)], labelled=True)
    ids = [feature["input_ids"][index] for feature in features for index in feature["tagged"]]
    assert [i == packed.tokenizer.unk_token_id for i in ids] == [True, False] * len(NOTHING)
    assert packed.decode(perfect(packed, features), features, [row(words)]) == [row(words)["tags"]]


def test_a_word_with_a_space_in_it_is_one_word(ner):
    (feature,) = ner.encode([row(["New York", "is", "big"])], labelled=True)
    assert len(feature["tagged"]) == sum(label != IGNORED for label in feature["labels"]) == 3


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("length", [16, 24, 128])
def test_a_long_sentence_is_cut_between_words_and_loses_none(tokenizer, language, length):
    problem = make_problem(get_task("wikiann"), tokenizer, length)
    words = [*WORDS[language] * 20, *NOTHING]
    short, long = row(WORDS[language]), row(words)
    rows = [short, long, short]
    features = problem.encode(rows, labelled=True)
    assert len(features) > 3
    assert all(len(feature["input_ids"]) <= length for feature in features)
    assert [feature["row"] for feature in features] == sorted(feature["row"] for feature in features)
    whole = tokenizer(words, is_split_into_words=True, add_special_tokens=False)["input_ids"]
    joined = [i for f in features if f["row"] == 1 for i in f["input_ids"][1:-1]]
    assert joined == whole + [tokenizer.unk_token_id] * len(NOTHING)
    assert problem.decode(perfect(problem, features), features, rows) == problem.references(rows)


def test_windows_are_as_full_as_whole_words_allow():
    words = [[1], [2, 2], [3, 3, 3], [4], [5, 5, 5, 5], [6]]
    assert list(whole_words(words, 4)) == [words[:2], words[2:4], words[4:5], words[5:]]
    assert list(whole_words(words, 99)) == [words]
    assert list(whole_words([], 4)) == []


def test_a_word_longer_than_a_window_loses_its_end_and_no_other_word(packed):
    words = ["the", "很" * 200, "end"]
    features = packed.encode([row(words)], labelled=True)
    assert [len(feature["tagged"]) for feature in features] == [1, 1, 1]
    assert len(features[1]["input_ids"]) == 24
    assert packed.decode(perfect(packed, features), features, [row(words)]) == [row(words)["tags"]]


def test_labels_are_padded_with_what_is_ignored(ner):
    features = ner.encode([row(WORDS["zh"]), row(["a"])], labelled=True)
    batch = ner.collate(features)
    assert batch.keys() == {"input_ids", "attention_mask", "labels"}
    assert batch["labels"].shape == batch["input_ids"].shape == batch["attention_mask"].shape
    assert batch["labels"].dtype == torch.int64
    assert bool((batch["labels"][batch["attention_mask"] == 0] == IGNORED).all())
    assert [batch["labels"][n, : len(f["labels"])].tolist() for n, f in enumerate(features)] == [
        feature["labels"] for feature in features
    ]


def test_a_batch_without_labels_has_none(ner):
    features = ner.encode([row(["a"])], labelled=False)
    assert ner.collate(features).keys() == {"input_ids", "attention_mask"}


def test_loss_is_cross_entropy_at_labelled_pieces_alone(ner):
    logits = torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[IGNORED, 2, IGNORED], [IGNORED, 1, 6]])
    expected = -torch.log_softmax(logits, dim=-1)[[0, 1, 1], [1, 1, 2], [2, 1, 6]].mean()
    assert ner.loss(SimpleNamespace(logits=logits), {"labels": labels}).item() == pytest.approx(expected.item())
    logits[labels == IGNORED] = 50.0
    assert ner.loss(SimpleNamespace(logits=logits), {"labels": labels}).item() == pytest.approx(expected.item())


def test_a_tag_to_learn_that_is_no_label_is_refused_by_name(ner):
    rows = [row(["a"], ["O"]), row(["a", "b"], ["O", "B-GPE"])]
    with refused("wikiann", "row 1", "'B-GPE'", advice="declare the label"):
        ner.encode(rows, labelled=True)


def test_a_gold_tag_that_is_no_label_counts_as_an_error():
    task = Task(name="super", kind=Tagging(labels=("N", "V")), metric="tokens", source="")
    rows = [row(["a", "b", "c", "d"], ["N", "V", "S/NP", "N"])]

    class Words:
        model_max_length = 64

    problem = make_problem(task, Words())
    assert problem.references(rows) == [["N", "V", "S/NP", "N"]]
    assert problem.score([["N", "V", "N", "N"]], rows) == {"token_accuracy": 75.0}


def test_a_row_with_a_strange_tag_can_still_be_predicted(model, tiny):
    problem = make_problem(get_task("wikiann"), tiny.tokenizer)
    assert len(predict(model, problem, [row(["a", "b"], ["O", "B-GPE"])], "wikiann")[0]) == 2


def test_tags_are_those_of_the_highest_logits_even_where_they_do_not_fit_together(packed):
    rows = [row(["a", "b", "c"], ["I-PER", "I-ORG", "B-LOC"])]
    features = packed.encode(rows, labelled=True)
    assert packed.decode(perfect(packed, features), features, rows) == [["I-PER", "I-ORG", "B-LOC"]]


def test_perfect_tags_score_a_hundred(packed):
    rows = [row(WORDS[language]) for language in WORDS]
    assert set(packed.score(packed.references(rows), rows, "zh").values()) == {100.0}


def test_a_head_names_its_labels(model):
    assert model.heads["wikiann"].config["label2id"] == {label: i for i, label in enumerate(LABELS)}


def test_every_row_gets_as_many_tags_as_words_and_padding_changes_none(model, tiny):
    problem = make_problem(get_task("wikiann"), tiny.tokenizer, 16)
    rows = [row([*WORDS[language] * (1 + n % 3), *NOTHING[: n % 4]]) for n, language in enumerate(WORDS)]
    together = predict(model, problem, rows, "wikiann")
    assert [len(tags) for tags in together] == [len(r["tokens"]) for r in rows]
    assert {tag for tags in together for tag in tags} <= set(LABELS)
    assert together == [predict(model, problem, [r], "wikiann")[0] for r in rows]


def test_raw_outputs_are_logits_of_every_token(model, tiny):
    problem = make_problem(get_task("wikiann"), tiny.tokenizer)
    batch = problem.collate(problem.encode([row(WORDS["en"]), row(["a"])], labelled=False))
    with torch.inference_mode():
        found = problem.read(problem.forward(model, batch, "wikiann"))
    assert found.shape == (*batch["input_ids"].shape, len(LABELS))
    assert found.dtype == np.float32


def test_a_few_steps_learn_a_handful_of_sentences(learn, tiny):
    kind = replace(get_task("wikiann").kind, labels=("O", "B-PER", "B-LOC"))
    problem = make_problem(replace(get_task("wikiann"), kind=kind), tiny.tokenizer, 48)
    tags = {"a": "O", "house": "B-LOC", "man": "B-PER", "is": "O", "old": "B-LOC"}
    rows = [row(words.split(), [tags[word] for word in words.split()]) for words in ("a man is old", "a house", "old")]
    trained, losses = learn(problem, rows)
    assert losses[-1] < losses[0] / 5
    assert predict(trained, problem, rows, "new") == problem.references(rows)


@pytest.mark.parametrize(
    ("labels", "metric", "told"),
    [
        ("O B-PER I-PER", "entities", {}),
        ("O B-PER I-PER", "entities_iob2", {"entities": "strict IOB2"}),
        ("O U-PER B-PER L-PER", "entities", {"entities": "strict BILOU"}),
        ("O B_PER I_PER", "entities", {"spelling": "B_PER"}),
        ("O B-PER I-PER", "tokens", {}),
        ("O U-PER", "tokens", {}),
    ],
)
def test_a_result_says_by_what_rules_entities_were_read(tiny, labels, metric, told):
    task = Task("mine", Tagging(tuple(labels.split())), metric, "mine")
    problem = make_problem(task, tiny.tokenizer, 64)
    assert problem.details() == {"max_length": 64, **told}
