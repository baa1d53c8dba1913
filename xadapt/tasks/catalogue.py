"""Every task that comes with xadapt, one declaration each."""

from __future__ import annotations

from xadapt.tasks.kinds import PairClassification, PairRegression, Retrieval, SpanQA
from xadapt.tasks.languages import codes
from xadapt.tasks.task import Rows, Task

NLI = PairClassification(labels=("entailment", "neutral", "contradiction"))
SIMILARITY = PairRegression(low=0.0, high=5.0)
_NLI_COLUMNS = {"first": "premise", "second": "hypothesis", "label": "label"}
_QA_COLUMNS = {"id": "id", "question": "question", "context": "context", "answers": "answers"}

INTERMEDIATE = (
    Task(
        name="mnli",
        kind=NLI,
        columns=_NLI_COLUMNS,
        train=Rows("nyu-mll/multi_nli", split="train"),
        dev=Rows("nyu-mll/multi_nli", split="validation_matched"),
        metric="accuracy",
        bundled="nli",
        source="https://arxiv.org/abs/1704.05426",
    ),
    Task(
        name="lingnli",
        kind=NLI,
        columns=_NLI_COLUMNS,
        train=Rows("metaeval/lingnli", split="train"),
        dev=Rows("metaeval/lingnli", split="validation"),
        metric="accuracy",
        bundled="nli",
        source="https://arxiv.org/abs/2104.07179",
    ),
    Task(
        name="squad",
        kind=SpanQA(),
        columns=_QA_COLUMNS,
        train=Rows("rajpurkar/squad", config="plain_text", split="train"),
        dev=Rows("rajpurkar/squad", config="plain_text", split="validation"),
        metric="squad",
        bundled="qa",
        source="https://arxiv.org/abs/1606.05250",
    ),
    Task(
        name="stsb",
        kind=SIMILARITY,
        columns={"first": "sentence1", "second": "sentence2", "score": "label"},
        train=Rows("nyu-mll/glue", config="stsb", split="train"),
        dev=Rows("nyu-mll/glue", config="stsb", split="validation"),
        metric="correlation",
        bundled="sts",
        source="https://arxiv.org/abs/1708.00055",
    ),
)

TARGET = (
    Task(
        name="xnli",
        kind=NLI,
        columns=_NLI_COLUMNS,
        train=Rows("nyu-mll/multi_nli", split="train"),
        dev=Rows("nyu-mll/multi_nli", split="validation_matched"),
        test=Rows("facebook/xnli", config="{language}", split=("test", "validation")),
        languages=codes("ar bg de el en es fr hi ru sw th tr ur vi zh"),
        metric="accuracy",
        bundled="nli",
        suites=("xtreme", "xtreme-r"),
        source="https://arxiv.org/abs/1809.05053",
    ),
    Task(
        name="xquad",
        kind=SpanQA(),
        columns=_QA_COLUMNS,
        train=Rows("rajpurkar/squad", config="plain_text", split="train"),
        dev=Rows("rajpurkar/squad", config="plain_text", split="validation"),
        test=Rows("google/xquad", config="xquad.{language}", split="validation"),
        languages=codes("ar de el en es hi ro ru th tr vi zh"),
        metric="squad",
        bundled="qa",
        suites=("xtreme", "xtreme-r"),
        source="https://arxiv.org/abs/1910.11856",
    ),
    Task(
        name="sts-multi",
        kind=SIMILARITY,
        columns={"first": "sentence1", "second": "sentence2", "score": "similarity_score"},
        train=Rows("PhilipMay/stsb_multi_mt", config="en", split="train"),
        dev=Rows("PhilipMay/stsb_multi_mt", config="en", split="dev"),
        test=Rows("PhilipMay/stsb_multi_mt", config="{language}", split=("test", "dev")),
        languages=codes("de en es fr it ja nl pl pt ru zh"),
        metric="correlation",
        bundled="sts",
        source="https://github.com/PhilipMay/stsb-multi-mt",
    ),
    Task(
        name="tatoeba",
        kind=Retrieval(),
        columns={"first": "sentence1", "second": "sentence2"},
        test=Rows("mteb/tatoeba-bitext-mining", config="{iso3}-eng", split="test"),
        languages=codes(
            "af ar az bg bn de el es et eu fa fi fr he hi hu id it ja jv ka kk ko lt ml mr nl pl pt ro ru sw ta te "
            "th tl tr uk ur vi zh"
        ),
        iso3={"zh": "cmn", "fa": "pes", "sw": "swh"},
        metric="retrieval",
        bundled="retrieval",
        suites=("xtreme", "xtreme-r"),
        source="https://arxiv.org/abs/1812.10464",
    ),
)
