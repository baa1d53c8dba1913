"""Rows with an answer in a text, and a model that points at the labels."""

import numpy as np


def row(context, answer, question="what?", number="q"):
    """A row with an answer that is in its context."""
    return {
        "id": number,
        "question": question,
        "context": context,
        "answers": {"text": [answer], "answer_start": [context.index(answer)]},
    }


def perfect(features):
    """Logits that point at the labels, and at nothing elsewhere."""
    raw = []
    for feature in features:
        logits = np.zeros((len(feature["input_ids"]), 2), np.float32)
        logits[feature["start_positions"], 0] = logits[feature["end_positions"], 1] = 9
        raw.append(logits)
    return raw


def decoded(problem, rows):
    """Answers of a model that points at the labels."""
    features = problem.encode(rows, labelled=True)
    return [prediction["text"] for prediction in problem.decode(perfect(features), features, rows)]
