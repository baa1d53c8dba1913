"""Something done to a text, a value or bytes, as people, programs and attackers do."""

from __future__ import annotations

import json
import random
from typing import Any

Rng = random.Random

#: Values that people, programs and attackers write where something else is wanted.
VALUES: tuple[Any, ...] = (
    *(None, True, False, "", " ", 0, -1, 1.5, -0.0, 10**18, 1e308, float("inf"), float("nan"), 10**60, "10e400"),
    *("no", "yes", "null", "all", "none", "@", "de,zh-CN", "xtreme", "mnli", "fuse(mnli, squad)", "x" * 10_000),
    *("../../etc/passwd", "/dev/zero", "~", "C:\\x", "a/b", ".", "CON", "{language}", "{0}", "%s", "$HOME", "`id`"),
    *(
        "\x1b[31mred\x1b[0m",
        "a\rb",
        "a\nb",
        "a\0b",
        "\u202eevil",
        "\u200b",
        "\ufeff",
        "\U0001f4a5",
        "e\u0301",
        "<script>",
    ),
    *([], {}, [[]], {"a": 1}, [None], ["de", True], {"": ""}, [1] * 500),
)
#: What stands in a text where nobody expects it.
SNIPPETS = (
    *(
        "\0",
        "\x1b]0;title\x07",
        "\t",
        "\r",
        "\n\n",
        "\ufeff",
        "\u2028",
        "'",
        '"',
        '"""',
        "`",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
    ),
    *(
        "#",
        "&a ",
        "*a",
        "!!int ",
        "!!python/object:os.system ",
        "<<: ",
        "%",
        ",",
        ",,,,",
        "|",
        "(",
        ")",
        "@",
        "-1",
        "1e999",
    ),
    *(
        "9" * 5000,
        "[" * 3000,
        "{a: " * 200,
        "(" * 500,
        "x" * 20_000,
        "\\",
        "\\u12",
        "\\ud800",
        "NaN",
        "../",
        "--",
        "é",
        "日本",
    ),
)


def mangled(rng: Rng, text: str) -> str:
    """Do something to a text, once or several times."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((0, 1, 3, 10, 60)))
        part = text[start:end]
        new = rng.choice(("", part * 2, part[::-1], part.upper(), rng.choice(SNIPPETS), rng.choice(SNIPPETS)))
        text = text[:start] + new + text[end:]
    return text


def changed(rng: Rng, value: Any) -> Any:
    """A value with one part of it, at any depth, replaced, left out, doubled or renamed."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(list(value))
        how = rng.choice(("inside", "inside", "inside", "value", "out", "rename", "more"))
        rest = {k: v for k, v in value.items() if k != key}
        if how == "inside":
            return {**value, key: changed(rng, value[key])}
        if how == "value":
            return {**value, key: rng.choice(VALUES)}
        if how == "out":
            return rest
        if how == "rename":
            return {**rest, rng.choice((f"{key}s", key.upper(), str(rng.choice(VALUES)))): value[key]}
        return {**value, str(rng.choice(VALUES)): rng.choice(VALUES)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        how = rng.choice(("inside", "inside", "out", "twice", "more"))
        if how == "inside":
            return [*value[:at], changed(rng, value[at]), *value[at + 1 :]]
        if how == "out":
            return value[:at] + value[at + 1 :]
        return [*value, value[at] if how == "twice" else rng.choice(VALUES)]
    if isinstance(value, str) and rng.random() < 0.5:
        return mangled(rng, value)
    return rng.choice(VALUES)


def yaml_of(rng: Rng, content: Any) -> bytes:
    """YAML of a content: written by hand as people do, or as JSON, which YAML takes too."""
    import yaml

    if rng.random() < 0.5:
        return json.dumps(content, indent=1).encode()
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode("utf-8", "surrogatepass")


def raw_of(rng: Rng, text: str) -> bytes:
    """Bytes of a text: mostly UTF-8, sometimes another coding, cut short or empty."""
    raw = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.9:
        return raw
    return rng.choice(
        (
            b"\xef\xbb\xbf" + raw,
            text.encode("utf-16", "replace"),
            raw[: len(raw) // 2],
            raw + b"\xff\xfe",
            b"",
            b"\0" * 100,
        )
    )


def wrong_yaml(rng: Rng, content: Any) -> bytes:
    """A YAML file with something done to its content, or to its text."""
    if rng.random() < 0.6:
        return yaml_of(rng, changed(rng, content))
    return raw_of(rng, mangled(rng, yaml_of(rng, content).decode()))
