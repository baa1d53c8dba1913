"""English tasks that adapters are trained for, one declaration each."""

from __future__ import annotations

from xadapt.tasks.kinds import MultipleChoice, PairClassification, PairRegression, SpanQA, Tagging
from xadapt.tasks.task import Column, Rows, Task

NLI = PairClassification(labels=("entailment", "neutral", "contradiction"))
TWO_WAY_NLI = PairClassification(labels=("entailment", "not_entailment"))
PARAPHRASE = PairClassification(labels=("different", "paraphrase"))
SIMILARITY = PairRegression(low=0.0, high=5.0)
_UPOS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"
UPOS = Tagging(labels=tuple(_UPOS.split()))
_MISC = "O B-PER I-PER B-ORG I-ORG B-LOC I-LOC B-MISC I-MISC"

NLI_COLUMNS = {"first": "premise", "second": "hypothesis", "label": "label"}
SENTENCES = {"first": "sentence1", "second": "sentence2", "label": "label"}
STSB_COLUMNS = {"first": "sentence1", "second": "sentence2", "score": "label"}
QA_COLUMNS = {"id": "id", "question": "question", "context": "context", "answers": "answers"}
POS_COLUMNS = {"tokens": "tokens", "tags": "pos_tags"}
COPA_COLUMNS: dict[str, Column] = {
    "context": "premise",
    "question": "question",
    "choices": ("choice1", "choice2"),
    "label": "label",
}
COPA_VALUES = {"question": {"cause": "What was the cause?", "effect": "What happened as a result?"}}
SQUAD_TRAIN = Rows("rajpurkar/squad", config="plain_text", split="train")
SQUAD_DEV = Rows("rajpurkar/squad", config="plain_text", split="validation")
MNLI_TRAIN = Rows("nyu-mll/multi_nli", split="train")
MNLI_DEV = Rows("nyu-mll/multi_nli", split="validation_matched")
COPA_TRAIN = Rows("aps/super_glue", config="copa", split="train")
COPA_DEV = Rows("aps/super_glue", config="copa", split="validation")
_ANLI = "facebook/anli"

INTERMEDIATE = (
    Task(
        name="anli",
        kind=NLI,
        columns=NLI_COLUMNS,
        train=(
            *(Rows(_ANLI, config="plain_text", split=f"train_r{part}") for part in (1, 2, 3)),
            MNLI_TRAIN,
            Rows("stanfordnlp/snli", config="plain_text", split="train"),
        ),
        dev=tuple(Rows(_ANLI, config="plain_text", split=f"dev_r{part}") for part in (1, 2, 3)),
        metric="accuracy",
        source="https://arxiv.org/abs/1910.14599",
    ),
    Task(
        name="mnli",
        kind=NLI,
        columns=NLI_COLUMNS,
        train=MNLI_TRAIN,
        dev=MNLI_DEV,
        metric="accuracy",
        bundled="nli",
        source="https://arxiv.org/abs/1704.05426",
    ),
    Task(
        name="qqp",
        kind=PARAPHRASE,
        columns={"first": "question1", "second": "question2", "label": "label"},
        hub_labels=("not_duplicate", "duplicate"),
        train=Rows("nyu-mll/glue", config="qqp", split="train"),
        dev=Rows("nyu-mll/glue", config="qqp", split="validation"),
        metric="accuracy_f1",
        source="https://quoradata.quora.com/First-Quora-Dataset-Release-Question-Pairs",
    ),
    Task(
        name="squad",
        kind=SpanQA(),
        columns=QA_COLUMNS,
        train=SQUAD_TRAIN,
        dev=SQUAD_DEV,
        metric="squad",
        bundled="qa",
        source="https://arxiv.org/abs/1606.05250",
    ),
    Task(
        name="squad2",
        kind=SpanQA(unanswerable=True),
        columns=QA_COLUMNS,
        train=Rows("rajpurkar/squad_v2", config="squad_v2", split="train"),
        dev=Rows("rajpurkar/squad_v2", config="squad_v2", split="validation"),
        metric="squad_v2",
        source="https://arxiv.org/abs/1806.03822",
    ),
    Task(
        name="hellaswag",
        kind=MultipleChoice(),
        columns={"context": "ctx", "choices": "endings", "label": "label"},
        values={"label": {"0": 0, "1": 1, "2": 2, "3": 3, "": -1}},
        train=Rows("Rowan/hellaswag", split="train"),
        dev=Rows("Rowan/hellaswag", split="validation"),
        metric="accuracy",
        source="https://arxiv.org/abs/1905.07830",
    ),
    Task(
        name="ccg",
        kind=Tagging(tagset="ccg"),
        columns={"tokens": "tokens", "tags": "tags"},
        train=Rows("ccgbank/supertags", split="train", on_hub=False),
        dev=Rows("ccgbank/supertags", split="validation", on_hub=False),
        metric="tokens",
        note="CCGbank is licensed (LDC2005T13): put train.tsv and validation.tsv into ccgbank/supertags/default of a "
        "mirror, one token and its supertag a line, separated by a tab, an empty line between sentences",
        source="https://catalog.ldc.upenn.edu/LDC2005T13",
    ),
    Task(
        name="cosmosqa",
        kind=MultipleChoice(),
        columns={
            "context": "context",
            "question": "question",
            "choices": ("answer0", "answer1", "answer2", "answer3"),
            "label": "label",
        },
        train=Rows("allenai/cosmos_qa", split="train"),
        dev=Rows("allenai/cosmos_qa", split="validation"),
        metric="accuracy",
        source="https://arxiv.org/abs/1909.00277",
    ),
    Task(
        name="csqa",
        kind=MultipleChoice(),
        columns={"context": "question", "choices": "choices.text", "label": "answerKey"},
        values={"label": {"A": 0, "B": 1, "C": 2, "D": 3, "E": 4, "": -1}},
        train=Rows("tau/commonsense_qa", split="train"),
        dev=Rows("tau/commonsense_qa", split="validation"),
        metric="accuracy",
        source="https://arxiv.org/abs/1811.00937",
    ),
    Task(
        name="lingnli",
        kind=NLI,
        columns=NLI_COLUMNS,
        train=Rows("metaeval/lingnli", split="train"),
        dev=Rows("metaeval/lingnli", split="validation"),
        metric="accuracy",
        bundled="nli",
        source="https://arxiv.org/abs/2104.07179",
    ),
    Task(
        name="snli",
        kind=NLI,
        columns=NLI_COLUMNS,
        train=Rows("stanfordnlp/snli", config="plain_text", split="train"),
        dev=Rows("stanfordnlp/snli", config="plain_text", split="validation"),
        metric="accuracy",
        source="https://arxiv.org/abs/1508.05326",
    ),
    Task(
        name="sick",
        kind=NLI,
        columns={"first": "sentence_A", "second": "sentence_B", "label": "label"},
        train=Rows("RobZamp/sick", split="train"),
        dev=Rows("RobZamp/sick", split="validation"),
        metric="accuracy",
        source="http://www.lrec-conf.org/proceedings/lrec2014/pdf/363_Paper.pdf",
    ),
    Task(
        name="sick-r",
        kind=PairRegression(low=1.0, high=5.0),
        columns={"first": "sentence_A", "second": "sentence_B", "score": "relatedness_score"},
        train=Rows("RobZamp/sick", split="train"),
        dev=Rows("RobZamp/sick", split="validation"),
        metric="correlation",
        source="http://www.lrec-conf.org/proceedings/lrec2014/pdf/363_Paper.pdf",
    ),
    Task(
        name="rte",
        kind=TWO_WAY_NLI,
        columns=SENTENCES,
        train=Rows("nyu-mll/glue", config="rte", split="train"),
        dev=Rows("nyu-mll/glue", config="rte", split="validation"),
        metric="accuracy",
        source="https://arxiv.org/abs/1804.07461",
    ),
    Task(
        name="qnli",
        kind=TWO_WAY_NLI,
        columns={"first": "question", "second": "sentence", "label": "label"},
        train=Rows("nyu-mll/glue", config="qnli", split="train"),
        dev=Rows("nyu-mll/glue", config="qnli", split="validation"),
        metric="accuracy",
        source="https://arxiv.org/abs/1804.07461",
    ),
    Task(
        name="stsb",
        kind=SIMILARITY,
        columns=STSB_COLUMNS,
        train=Rows("nyu-mll/glue", config="stsb", split="train"),
        dev=Rows("nyu-mll/glue", config="stsb", split="validation"),
        metric="correlation",
        bundled="sts",
        source="https://arxiv.org/abs/1708.00055",
    ),
    Task(
        name="mrpc",
        kind=PARAPHRASE,
        columns=SENTENCES,
        hub_labels=("not_equivalent", "equivalent"),
        train=Rows("nyu-mll/glue", config="mrpc", split="train"),
        dev=Rows("nyu-mll/glue", config="mrpc", split="validation"),
        metric="accuracy_f1",
        source="https://aclanthology.org/I05-5002",
    ),
    Task(
        name="paws",
        kind=PARAPHRASE,
        columns=SENTENCES,
        hub_labels=("0", "1"),
        train=Rows("google-research-datasets/paws", config="labeled_final", split="train"),
        dev=Rows("google-research-datasets/paws", config="labeled_final", split="validation"),
        metric="accuracy",
        source="https://arxiv.org/abs/1904.01130",
    ),
    Task(
        name="siqa",
        kind=MultipleChoice(),
        columns={
            "context": "context",
            "question": "question",
            "choices": ("answerA", "answerB", "answerC"),
            "label": "label",
        },
        values={"label": {"1": 0, "2": 1, "3": 2}},
        train=Rows("allenai/social_i_qa", split="train"),
        dev=Rows("allenai/social_i_qa", split="validation"),
        metric="accuracy",
        source="https://arxiv.org/abs/1904.09728",
    ),
    Task(
        name="copa",
        kind=MultipleChoice(),
        columns=COPA_COLUMNS,
        values=COPA_VALUES,
        train=COPA_TRAIN,
        dev=COPA_DEV,
        metric="accuracy",
        source="https://aclanthology.org/S12-1052",
    ),
    Task(
        name="conll2003",
        kind=Tagging(labels=tuple(_MISC.split())),
        columns={"tokens": "tokens", "tags": "ner_tags"},
        train=Rows("eriktks/conll2003", config="conll2003", split="train"),
        dev=Rows("eriktks/conll2003", config="conll2003", split="validation"),
        metric="entities",
        source="https://aclanthology.org/W03-0419",
    ),
    Task(
        name="pos",
        kind=UPOS,
        columns=POS_COLUMNS,
        train=Rows("google/xtreme", config="udpos.English", split="train"),
        dev=Rows("google/xtreme", config="udpos.English", split="validation"),
        metric="pos",
        source="https://universaldependencies.org",
    ),
)
