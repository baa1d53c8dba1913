"""The Hugging Face hub: reached, read from, and its errors in one line each."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import tqdm

from xadapt.errors import RunFailed, XadaptError
from xadapt.libraries.huggingface_hub import NoBar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: How a user gets a token.
LOGIN = "log in with `hf auth login` or set HF_TOKEN"


def connect() -> HfApi:
    """The hub of the environment (``HF_ENDPOINT``, and ``HF_TOKEN`` or a login).

    Raises:
        RunFailed: If it cannot be reached.
    """
    from xadapt import __version__
    from xadapt.connection import prepare_hub

    api = HfApi(library_name="xadapt", library_version=__version__)
    if not prepare_hub():
        raise RunFailed(f"{api.endpoint} cannot be reached: check the connection, HF_ENDPOINT and HF_HUB_OFFLINE")
    return api


def fetch(api: HfApi, repo: str, revision: str, names: Sequence[str], folder: Path, bar: bool = False) -> None:
    """Download files of a repository into a folder, going on from what an earlier try left there.

    Args:
        api: The hub.
        repo: The repository.
        revision: The commit.
        names: The files' paths in it.
        folder: Where they go, at the same paths.
        bar: Whether a progress bar may be shown.

    Raises:
        RunFailed: If one did not come.
    """
    if not names:
        return
    # The library reads names as patterns, in which a bracket has a meaning.
    patterns = [name.replace("[", "[[]") for name in names]
    shown = tqdm if bar else NoBar
    api.snapshot_download(repo, revision=revision, allow_patterns=patterns, local_dir=folder, tqdm_class=shown)
    # It gives back what an earlier try left when the hub stops answering at its first question.
    missing = next((name for name in names if not (folder / name).is_file()), None)
    if missing:
        raise RunFailed(f"{api.endpoint} broke off before {missing} of {repo} came: give the same command again")


@contextmanager
def hub_errors(api: HfApi, repo: str, revision: str | None) -> Iterator[None]:
    """Turn errors of the hub's library, which run over many lines, into one that says what to do.

    Args:
        api: The hub.
        repo: The repository that is worked with.
        revision: Its branch, tag or commit.

    Raises:
        XadaptError: For what the user can put right.
        RunFailed: For a hub that does not answer.
    """
    try:
        yield
    except (HfHubHTTPError, requests.RequestException, HFValidationError, ValueError, RuntimeError, OSError) as error:
        explained = _explained(error, api.endpoint, repo, revision)
        if explained is None:
            raise
        raise explained from None


def _explained(error: BaseException, endpoint: str, repo: str, revision: str | None) -> XadaptError | None:
    if isinstance(error, RuntimeError) and error.__cause__:
        # The library wraps the error of an upload in one that only names the file.
        error = error.__cause__
    again = "give the same command again"
    match error:
        case LocalEntryNotFoundError() | requests.ConnectionError() | requests.Timeout() | ConnectionError():
            return RunFailed(f"{endpoint} cannot be reached or broke off: check the connection and {again}")
        case GatedRepoError():
            return XadaptError(f"{repo} is gated: accept its terms on {endpoint}/{repo}, then {LOGIN}")
        case RepositoryNotFoundError():
            return XadaptError(
                f"{endpoint} has no repository {repo} that you may read: check the name; if it is private, {LOGIN}"
            )
        case RevisionNotFoundError():
            return XadaptError(f"{repo} has no revision {revision!r}: name a branch, tag or commit that it has")
        case HFValidationError():
            return XadaptError(f"{repo!r} is not the name of a repository: write OWNER/NAME")
        case requests.HTTPError() if error.response is not None:
            return _refusal(error, error.response.status_code, endpoint, repo)
        case requests.RequestException() | RuntimeError() | ValueError():
            return RunFailed(f"{repo}: {_first_line(error)}: {again}")
        case OSError() if error.errno is None:
            # What the disk refuses has a number; this is a file whose size is not the one that the hub gave.
            return RunFailed(f"{repo}: {_first_line(error)}: {again}")
    return None


def _refusal(error: requests.HTTPError, status: int, endpoint: str, repo: str) -> XadaptError:
    if status == 401:
        return XadaptError(f"{endpoint} does not accept your token: {LOGIN}")
    if status == 403:
        return XadaptError(f"your token may not do this to {repo}: use one that may write there, or another repository")
    if status == 412:
        return RunFailed(f"{repo} was changed by someone else at the same moment: give the same command again")
    reason = getattr(error, "server_message", None) or _first_line(error)
    return RunFailed(f"{endpoint} answered {status} ({reason.splitlines()[0][:90]}): try again later")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120].rstrip(".")
