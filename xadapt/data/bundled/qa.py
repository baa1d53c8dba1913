"""Extractive question answering over short contexts that name several people, places and numbers.

The material marks every answer in its context, as ``[2:Vienna]`` for the answer to the second question. The
marks are taken out here and the offsets counted on the way, so a span is right even where its text occurs twice.
"""

import re

from xadapt.data.bundled.material import load
from xadapt.store.records import Json
from xadapt.tasks import Row

_MARK = re.compile(r"\[(\d+):([^\]]+)\]")
# Every template lists seven pairs of things; the last pair is held out for dev.
_INSTANCES = {"train": range(6), "dev": range(6, 7)}


def rows(language: str, split: str) -> list[Row]:
    """Ask every question of every context of one language and split.

    Args:
        language: One of the ten languages; English for ``"train"`` and ``"dev"``.
        split: ``"train"``, ``"dev"`` or ``"test"``. Dev uses other names than train; no test context is an instance
            of a training template.

    Returns:
        Rows ``{"id", "question", "context", "answers"}``, where ``answers`` holds one ``text`` and one
        ``answer_start``, counted in code points.

    Raises:
        KeyError: The material has no such language or split.
    """
    texts = [item[language] for item in load("qa")["test"]] if split == "test" else _fill(split)
    return [
        {
            "id": f"{language}-{split}-{text_number}-{number}",
            "question": question,
            "context": context,
            "answers": {"text": [spans[number][0]], "answer_start": [spans[number][1]]},
        }
        for text_number, text in enumerate(texts)
        for context, spans in [_unmark(text["context"])]
        for number, question in enumerate(text["questions"], start=1)
    ]


def _fill(split: str) -> list[Json]:
    material = load("qa")
    texts = []
    for instance in _INSTANCES[split]:
        for position, template in enumerate(material["templates"]):
            words = _words(material, split, instance, position)
            words["x"], words["y"] = template["things"][instance]
            texts.append(
                {
                    "context": template["context"].format(**words),
                    "questions": [question.format(**words) for question in template["questions"]],
                }
            )
    return texts


def _words(material: Json, split: str, instance: int, position: int) -> Json:
    people, places = material["pools"][split]["people"], material["pools"][split]["places"]
    # The strides differ by instance, so that the same people and places do not always meet.
    turn = 12 * instance + position
    stride = instance + 1
    a, b, c = (people[(3 * turn + stride * step) % len(people)] for step in range(3))
    p, q = (places[(2 * turn + stride * step) % len(places)] for step in range(2))
    m, n, k = (11 + (37 * turn + 23 * step) % 88 for step in range(3))
    day = material["days"][turn % len(material["days"])]
    return {"a": a, "b": b, "c": c, "p": p, "q": q, "m": m, "n": n, "k": k, "d": day}


def _unmark(marked: str) -> tuple[str, dict[int, tuple[str, int]]]:
    context, spans, position = "", {}, 0
    for mark in _MARK.finditer(marked):
        context += marked[position : mark.start()]
        spans[int(mark[1])] = (mark[2], len(context))
        context += mark[2]
        position = mark.end()
    return context + marked[position:], spans
