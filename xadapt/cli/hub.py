"""``push`` and ``pull``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import err, print_json, print_line
from xadapt.cli.shared import with_session

if TYPE_CHECKING:
    from xadapt.portable.hub.pull import Pulled
    from xadapt.session import Session
    from xadapt.store.store import Store

Repo = Annotated[str, typer.Argument(help="A repository of the hub, OWNER/NAME.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("push")(push_command)
    app.command("pull")(pull_command)


@with_session("base", "store", "seed")
def push_command(
    lab: Session,
    setup: Annotated[str, typer.Argument(help='A setup, such as mnli or "stack(fuse(mnli, squad, stsb), xnli)".')],
    repo: Repo,
    private: Annotated[bool, typer.Option("--private", help="Make a new repository private.")] = False,
    message: Annotated[str | None, typer.Option(help="The commit's message.")] = None,
    revision: Annotated[str | None, typer.Option(help="The branch; it is made if need be. [default: main]")] = None,
    members: Annotated[
        bool,
        typer.Option("--with-members/--without-members", help="Upload the checkpoints that it is made of, too."),
    ] = True,
    as_json: o.Json = False,
) -> None:
    """Push a setup to the Hugging Face hub.

    Needs a token that may write: HF_TOKEN or `hf auth login`. All goes in one commit; other setups that were pushed to
    the repository stay. Without members, the commit names their runs, and whoever pulls has to have them.
    """
    _calm_bars()
    pushed = lab.push(setup, repo, private=private, message=message, revision=revision, members=members)
    if as_json:
        facts = {"repo": pushed.repo, "url": pushed.url, "revision": pushed.revision}
        print_json({**facts, "pushed": pushed.sent, **pushed.entry.model_dump()})
        return
    print_line(f"{pushed.entry.setup} is at {pushed.url} ({pushed.revision[:8]})")
    print_line(f"get it anywhere with: xadapt pull {pushed.repo}" + (f" --revision {revision}" if revision else ""))


@with_session("store")
def pull_command(
    lab: Session,
    repo: Repo,
    setup: Annotated[str | None, typer.Argument(help="One of its setups. [default: all]")] = None,
    revision: Annotated[str | None, typer.Option(help="A branch, tag or commit. [default: main]")] = None,
    as_json: o.Json = False,
) -> None:
    """Pull setups that were pushed with xadapt into the store.

    What is in the store and whole is never replaced; pickled weights and whatever is not as it was pushed are refused.
    Started again, it goes on from what has come. Exit code 1 means that a setup needs checkpoints that are nowhere, or
    that have other weights here.
    """
    _calm_bars()
    pulled = lab.pull(repo, setup, revision)
    if as_json:
        print_json(_facts(pulled))
    else:
        _print(pulled, lab.store)
    if pulled.missing or pulled.differing:
        raise typer.Exit(1)


def _calm_bars() -> None:
    # Checkpoints are small: one bar over all files says enough, and in a log even that is too much.
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars(*(["huggingface_hub.http_get"] if err.is_terminal else []))


def _facts(pulled: Pulled) -> dict[str, object]:
    return {
        "repo": pulled.repo,
        "revision": pulled.revision,
        "setups": [{**entry.model_dump(), "usable": pulled.usable(entry)} for entry in pulled.entries],
        "pulled": pulled.taken,
        "kept": pulled.kept,
        "missing": pulled.missing,
        "differing": pulled.differing,
        "used_instead": pulled.instead,
        "displaced": pulled.displaced,
    }


def _print(pulled: Pulled, store: Store) -> None:
    from xadapt.portable.hub.front_page import usage

    print_line(
        f"{pulled.repo} at {pulled.revision[:8]}: {len(pulled.taken)} pulled into {store.root}, "
        f"{len(pulled.kept)} already there"
    )
    for run, name in pulled.missing.items():
        print_line(
            f"missing: {name} (run {run}) is neither in {pulled.repo} nor in {store.root}: pull it or copy it there"
        )
    for run, name in pulled.differing.items():
        print_line(
            f"differs: {name} (run {run}) was made again here, with other weights than in {pulled.repo}: move "
            f"{store.run_path(run)} away and pull again"
        )
    for name, run in pulled.instead.items():
        print_line(f"note: for {name} this store uses run {run}, which is newer than the one in {pulled.repo}")
    for name, run in pulled.displaced.items():
        print_line(f"note: {name} is another run from now on; {run}, used until now, is still in {store.root}")
    for entry in pulled.entries:
        if pulled.usable(entry):
            print_line(f"{entry.setup}: use it with {usage(entry)}")
