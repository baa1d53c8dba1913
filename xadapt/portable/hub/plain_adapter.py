"""A plain adapter of the hub, which was not pushed by xadapt: its own files come, and nothing else."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from xadapt.errors import RunFailed, XadaptError, option, quoted
from xadapt.methods.peft_library import CONFIG
from xadapt.portable.export_record import RECORD
from xadapt.portable.found_adapters import check_no_pickle, subfolders
from xadapt.portable.hub.access import connect, fetch, hub_errors
from xadapt.portable.hub.index import INDEX, check_names
from xadapt.store.files import sha256_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from huggingface_hub import HfApi

    from xadapt.context import Context

_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_ENDS = (".safetensors", ".json")
#: The folders of an export's parts.
_PARTS = ("adapters/", "fusions/", "heads/")


def is_repository(name: str) -> bool:
    """Whether a text can be the name of a repository, ``OWNER/NAME``."""
    return _ID.fullmatch(name) is not None


@contextmanager
def fetched_adapter(
    context: Context, repo: str, subfolder: str | None = None, revision: str | None = None, api: HfApi | None = None
) -> Iterator[Path]:
    """Download an adapter for as long as the block runs.

    Args:
        context: The store under which it lies meanwhile; a download that was cut goes on when it is asked for again.
        repo: The repository.
        subfolder: Where the adapter is in it; None for the repository itself.
        revision: A branch, tag or commit, None for the newest.
        api: The hub, that of the environment when None.

    Yields:
        A folder with the repository's files, as far as they are the adapter's.

    Raises:
        XadaptError: If there is no such repository, no adapter in it, or none in safetensors.
        RunFailed: If the hub cannot be reached.
    """
    api = api or connect()
    with hub_errors(api, repo, revision):
        info = api.model_info(repo, revision=revision)
        names = [sibling.rfilename for sibling in info.siblings or ()]
        wanted = _wanted(repo, names, subfolder)
        staging = context.store.partial_path(f"import-{sha256_json([api.endpoint, repo, info.sha, subfolder])[:16]}")
        context.display.say(f"importing from {repo} at {str(info.sha)[:8]}")
        fetch(api, repo, str(info.sha), wanted, staging, bar=True)
    try:
        yield staging
    except RunFailed:
        raise
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    shutil.rmtree(staging, ignore_errors=True)


def _wanted(repo: str, names: Sequence[str], subfolder: str | None) -> list[str]:
    """The files of an adapter among those of a repository.

    Raises:
        XadaptError: If there are none; says what there is instead.
    """
    if INDEX in names:
        raise XadaptError(f"{repo} was pushed by xadapt: use `xadapt pull {repo}`")
    within = f"{subfolder.strip('/')}/" if subfolder else ""
    own = [name for name in names if name.startswith(within) and _is_of(name.removeprefix(within))]
    if f"{within}{CONFIG}" not in own and f"{within}{RECORD}" not in own:
        there = subfolders(names)
        if subfolder:
            raise XadaptError(f"{repo} has no adapter in {quoted(subfolder)}: it has {there or 'none'}")
        what = f"it has some in subfolders: name one with {option('subfolder')}: {there}" if there else f"no {CONFIG}"
        raise XadaptError(f"{repo} holds no adapter ({what})")
    if not any(name.endswith(".safetensors") for name in own):
        here = [name.removeprefix(within) for name in names if name.startswith(within)]
        form = "peft" if any(name.startswith("adapter_model") for name in here) else "adapterhub"
        check_no_pickle(repo, (name for name in here if "/" not in name), form)
        raise XadaptError(f"{repo} has no weights in safetensors: have them uploaded")
    check_names(own, repo)
    return own


def _is_of(name: str) -> bool:
    """Whether a file beside an adapter's configuration may be the adapter's."""
    return name.endswith(_ENDS) and ("/" not in name or name.startswith(_PARTS))
