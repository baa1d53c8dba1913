"""Tasks with test rows in many languages, one declaration each: XTREME, XTREME-R and translated STS."""

from __future__ import annotations

from itertools import permutations

from xadapt.tasks.intermediate import (
    COPA_COLUMNS,
    COPA_DEV,
    COPA_TRAIN,
    COPA_VALUES,
    MNLI_DEV,
    MNLI_TRAIN,
    NLI,
    NLI_COLUMNS,
    PARAPHRASE,
    POS_COLUMNS,
    QA_COLUMNS,
    SENTENCES,
    SIMILARITY,
    SQUAD_DEV,
    SQUAD_TRAIN,
    STSB_COLUMNS,
    UPOS,
)
from xadapt.tasks.kinds import (
    AnswerRetrieval,
    EntityRetrieval,
    Mining,
    MultipleChoice,
    Retrieval,
    SpanQA,
    Tagging,
)
from xadapt.tasks.languages import codes
from xadapt.tasks.task import Rows, Task

_TYDIQA = "google-research-datasets/tydiqa"
_MLQA = "ar de en es hi vi zh"
_MEWSLI = "izhx/mewsli-x"

TARGET = (
    Task(
        name="xnli",
        kind=NLI,
        columns=NLI_COLUMNS,
        train=MNLI_TRAIN,
        dev=MNLI_DEV,
        test=Rows("facebook/xnli", config="{language}", split=("test", "validation")),
        languages=codes("ar bg de el en es fr hi ru sw th tr ur vi zh"),
        parallel=True,
        metric="accuracy",
        bundled="nli",
        suites=("xtreme", "xtreme-r"),
        source="https://arxiv.org/abs/1809.05053",
    ),
    Task(
        name="pawsx",
        kind=PARAPHRASE,
        columns=SENTENCES,
        hub_labels=("0", "1"),
        train=Rows("google-research-datasets/paws-x", config="en", split="train"),
        dev=Rows("google-research-datasets/paws-x", config="en", split="validation"),
        test=Rows("google-research-datasets/paws-x", config="{language}", split=("test", "validation")),
        languages=codes("de en es fr ja ko zh"),
        parallel=True,
        metric="accuracy",
        suites=("xtreme",),
        source="https://arxiv.org/abs/1908.11828",
    ),
    Task(
        name="xcopa",
        kind=MultipleChoice(),
        columns=COPA_COLUMNS,
        values=COPA_VALUES,
        train=COPA_TRAIN,
        dev=COPA_DEV,
        # In some languages the choices change places, so that rows are not parallel.
        test=Rows("cambridgeltl/xcopa", config="{language}", split="test", spare=("validation",)),
        languages=codes("et ht id it qu sw ta th tr vi zh"),
        after="siqa",
        metric="accuracy",
        suites=("xtreme-r",),
        source="https://arxiv.org/abs/2005.00333",
    ),
    Task(
        name="udpos",
        kind=UPOS,
        columns=POS_COLUMNS,
        train=Rows("google/xtreme", config="udpos.English", split="train"),
        dev=Rows("google/xtreme", config="udpos.English", split="validation"),
        test=Rows("google/xtreme", config="udpos.{name}", split=("test", "validation")),
        languages=codes(
            "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko lt mr nl pl pt ro ru ta te th tl tr uk ur vi "
            "wo yo zh"
        ),
        spelled={"zh": "Chinese"},
        metric="pos",
        suites=("xtreme", "xtreme-r"),
        source="https://universaldependencies.org",
    ),
    Task(
        name="wikiann",
        kind=Tagging(labels=("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")),
        columns={"tokens": "tokens", "tags": "ner_tags"},
        train=Rows("unimelb-nlp/wikiann", config="en", split="train"),
        dev=Rows("unimelb-nlp/wikiann", config="en", split="validation"),
        test=Rows("unimelb-nlp/wikiann", config="{language}", split=("test", "validation")),
        languages=codes(
            "af ar az bg bn de el en es et eu fa fi fr gu he hi hu id it ja jv ka kk ko lt ml mr ms my nl pa pl pt qu "
            "ro ru sw ta te th tl tr uk ur vi yo zh"
        ),
        metric="entities",
        suites=("xtreme", "xtreme-r"),
        source="https://aclanthology.org/P17-1178",
    ),
    Task(
        name="xquad",
        kind=SpanQA(),
        columns=QA_COLUMNS,
        train=SQUAD_TRAIN,
        dev=SQUAD_DEV,
        test=Rows("google/xquad", config="xquad.{language}", split="validation"),
        languages=codes("ar de el en es hi ro ru th tr vi zh"),
        metric="squad",
        bundled="qa",
        suites=("xtreme", "xtreme-r"),
        source="https://arxiv.org/abs/1910.11856",
    ),
    Task(
        name="mlqa",
        kind=SpanQA(),
        columns=QA_COLUMNS,
        train=SQUAD_TRAIN,
        dev=SQUAD_DEV,
        test=Rows("facebook/mlqa", config="mlqa.{language}.{language}", split=("test", "validation")),
        languages=codes(_MLQA),
        trained_as="xquad",
        metric="mlqa",
        suites=("xtreme", "xtreme-r"),
        source="https://arxiv.org/abs/1910.07475",
    ),
    Task(
        name="mlqa-cross",
        kind=SpanQA(),
        columns=QA_COLUMNS,
        train=SQUAD_TRAIN,
        dev=SQUAD_DEV,
        test=Rows("facebook/mlqa", config="mlqa.{first}.{second}", split=("test", "validation")),
        languages=tuple(f"{context}-{question}" for context, question in permutations(codes(_MLQA), 2)),
        trained_as="xquad",
        metric="mlqa",
        note="a pair is the context's language, then the question's",
        source="https://arxiv.org/abs/1910.07475",
    ),
    Task(
        name="tydiqa",
        kind=SpanQA(),
        columns=QA_COLUMNS,
        train=Rows(_TYDIQA, config="secondary_task", split="train", id_prefix="english-"),
        dev=Rows(_TYDIQA, config="secondary_task", split="validation", id_prefix="english-"),
        test=Rows(_TYDIQA, config="secondary_task", split="validation", id_prefix="{lower}-", spare=("train",)),
        languages=codes("ar bn en fi id ko ru sw te"),
        metric="squad",
        suites=("xtreme", "xtreme-r"),
        source="https://arxiv.org/abs/2003.05002",
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
        spelled={"zh": "cmn", "fa": "pes", "sw": "swh"},
        metric="retrieval",
        bundled="retrieval",
        suites=("xtreme", "xtreme-r"),
        source="https://arxiv.org/abs/1812.10464",
    ),
    Task(
        name="bucc",
        kind=Mining(),
        columns={"id": "id", "text": "sentence"},
        test=Rows("google/xtreme", config="bucc18.{language}.source", split=("test", "validation"), on_hub=False),
        pool=Rows("google/xtreme", config="bucc18.{language}.target", split=("test", "validation"), on_hub=False),
        gold=Rows(
            "google/xtreme",
            config="bucc18.{language}",
            split=("test", "validation"),
            columns={"source": "source_id", "target": "target_id"},
            on_hub=False,
        ),
        languages=codes("de fr ru zh"),
        metric="mining",
        suites=("xtreme",),
        note="the hub has the gold pairs without their ids, and no other sentence: make bucc18.LANGUAGE.source and "
        ".target (columns id, sentence) and bucc18.LANGUAGE (source_id, target_id) in google/xtreme of a mirror from "
        "the files of the shared task's page",
        source="https://comparable.limsi.fr/bucc2018/bucc2018-task.html",
    ),
    Task(
        name="lareqa",
        kind=AnswerRetrieval(),
        columns=QA_COLUMNS,
        optional={"sentences": "sentences", "breaks": "sentence_breaks"},
        train=SQUAD_TRAIN,
        dev=SQUAD_DEV,
        test=Rows("google-research-datasets/xquad_r", config="{language}", split="validation"),
        languages=codes("ar de el en es hi ru th tr vi zh"),
        metric="map@20",
        suites=("xtreme-r",),
        source="https://arxiv.org/abs/2004.05484",
    ),
    Task(
        name="mewslix",
        kind=EntityRetrieval(),
        columns={"text": "mention", "entity": "entity_id"},
        train=Rows(
            _MEWSLI, config="wikipedia_pairs", split="train", columns={"text": "mention", "description": "entity"}
        ),
        dev=Rows(
            _MEWSLI, config="wikipedia_pairs", split="validation", columns={"text": "mention", "description": "entity"}
        ),
        test=Rows(_MEWSLI, config="{language}", split="test"),
        pool=Rows(
            _MEWSLI,
            config="candidate_entities",
            split="test",
            columns={"entity": "entity_id", "description": "description"},
        ),
        languages=codes("ar de en es fa ja pl ro ta tr uk"),
        metric="map@20",
        suites=("xtreme-r",),
        source="https://arxiv.org/abs/2104.07412",
    ),
    Task(
        name="sts-multi",
        kind=SIMILARITY,
        columns={"first": "sentence1", "second": "sentence2", "score": "similarity_score"},
        train=Rows("PhilipMay/stsb_multi_mt", config="en", split="train"),
        dev=Rows("PhilipMay/stsb_multi_mt", config="en", split="dev"),
        test=Rows("PhilipMay/stsb_multi_mt", config="{language}", split=("test", "dev")),
        languages=codes("de en es fr it ja nl pl pt ru zh"),
        parallel=True,
        metric="correlation",
        bundled="sts",
        source="https://github.com/PhilipMay/stsb-multi-mt",
    ),
    Task(
        name="sts17",
        kind=SIMILARITY,
        columns={"first": "sentence1", "second": "sentence2", "score": "score"},
        train=Rows("nyu-mll/glue", config="stsb", split="train", columns=STSB_COLUMNS),
        dev=Rows("nyu-mll/glue", config="stsb", split="validation", columns=STSB_COLUMNS),
        test=Rows("mteb/sts17-crosslingual-sts", config="{language}", split="test"),
        languages=codes("ar-ar en-ar en-de en-en en-tr es-en es-es fr-en it-en ko-ko nl-en"),
        trained_as="sts-multi",
        metric="correlation",
        source="https://arxiv.org/abs/1708.00055",
    ),
)
