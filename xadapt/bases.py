"""Names of bases: the packed default, what it was called before, what others call it, and bases cut to some layers."""

from __future__ import annotations

import re

DEFAULT_BASE = "e5-small"
#: What a base was called in earlier versions, whose records are still read.
FORMER_NAMES = {"minilm": DEFAULT_BASE}
#: The hub's ids of bases that have shorter names, too.
ALIASES = {
    DEFAULT_BASE: "intfloat/multilingual-e5-small",
    "multilingual-e5-small": "intfloat/multilingual-e5-small",
    "xlm-roberta-base": "FacebookAI/xlm-roberta-base",
    "xlm-roberta-large": "FacebookAI/xlm-roberta-large",
}


def split_name(name: str) -> tuple[str, int | None]:
    """A name such as ``e5-small:9`` as the base and the number of its first layers, None for all."""
    cut = re.fullmatch(r"(.+):(\d+)", name)
    return (cut[1], int(cut[2])) if cut else (name, None)


def base_name(name: str) -> str:
    """The name that a base has today, whether it is given by that or by a former one, cut or whole."""
    whole, depth = split_name(name)
    today = FORMER_NAMES.get(whole, whole)
    return today if depth is None else f"{today}:{depth}"


def same_base(first: str, second: str) -> bool:
    """Whether two names are of one base: a hub's id, a name without an owner, or the path of a folder called so.

    A folder in the hub's cache has the id in its path.
    """
    names = [_known(name) for name in (first, second)]
    if names[0] == names[1]:
        return True
    # A path and a name without an owner say less than an id does.
    last = [_known(_parts(name)[-1]).rpartition("/")[2] for name in names]
    return last[0] == last[1] and any(_is_path(name) or len(_parts(name)) == 1 for name in names)


def _known(name: str) -> str:
    cached = re.search(r"(?:^|[/\\])models--([^/\\]+)--([^/\\]+)(?:[/\\]|$)", name)
    plain = base_name(f"{cached[1]}/{cached[2]}" if cached else name.rstrip("/\\"))
    whole, depth = split_name(plain)
    found = ALIASES.get(whole, whole)
    return found if depth is None else f"{found}:{depth}"


def _parts(name: str) -> list[str]:
    return re.split(r"[/\\]", name) if name else [""]


def _is_path(name: str) -> bool:
    """Whether a name can be no hub's id."""
    return len(_parts(name)) > 2 or name.startswith(("/", ".", "~")) or "\\" in name
