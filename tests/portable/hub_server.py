"""A stand-in for the hub: the part of its HTTP API that pushing and pulling use, on a folder, in a thread."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

WRITER, READER = "hf_writer", "hf_reader"


@dataclass
class Repo:
    """A repository: its commits, each a file's blob and whether it is a large file, by path; branches point at them."""

    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, tuple[str, bool]]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def commit(self, branch: str, files: dict[str, tuple[str, bool]], message: str) -> str:
        sha = hashlib.sha1(f"{len(self.commits)} {message} {sorted(files.items())}".encode()).hexdigest()
        self.commits[sha] = files
        self.branches[branch] = sha
        self.messages.append(message)
        return sha


class StandIn:
    """The hub as its clients see it.

    Attributes:
        root: Where file contents are kept, by SHA-256.
        endpoint: Where it answers.
        repos: Repositories by id.
        requests: Every request so far, as method and path.
        cut: Files whose next download breaks off after so many bytes, by path or, for a large file, SHA-256.
        spoilt: Files whose downloads have another last byte, named like those.
        meddle: Whether somebody else commits just before the next commit comes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repos: dict[str, Repo] = {}
        self.requests: list[str] = []
        self.cut: dict[str, int] = {}
        self.spoilt: set[str] = set()
        self.meddle = False
        hub = self

        class Bound(_Handler):
            stand_in = hub

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def keep(self, data: bytes) -> str:
        oid = hashlib.sha256(data).hexdigest()
        self.root.mkdir(exist_ok=True)
        (self.root / oid).write_bytes(data)
        return oid

    def read(self, repo: str, path: str, branch: str = "main") -> bytes:
        """A file's content as the hub has it."""
        return (self.root / self.files(repo, branch)[path][0]).read_bytes()

    def files(self, repo: str, branch: str = "main") -> dict[str, tuple[str, bool]]:
        """The files of a branch."""
        return self.repos[repo].commits[self.repos[repo].branches[branch]]

    def write(self, repo: str, path: str, data: bytes | None) -> None:
        """Change a file behind the client's back; None removes it."""
        repository = self.repos.setdefault(repo, Repo())
        files = dict(self.files(repo)) if "main" in repository.branches else {}
        files.pop(path, None)
        if data is not None:
            files[path] = (self.keep(data), path.endswith(".safetensors"))
        repository.commit("main", files, "by hand")


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str, **more: str) -> None:
        self.status, self.code, self.message, self.more = status, code, message, more


class _Handler(BaseHTTPRequestHandler):
    stand_in: StandIn
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: the second of two would wait for the first one's receipt.
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        hub, path = self.stand_in, unquote(urlsplit(self.path).path)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        hub.requests.append(f"{self.command} {path}")
        try:
            if self.token not in ("", WRITER, READER):
                raise _RefusedError(401, "", "Invalid credentials in Authorization header")
            for pattern, method in _ROUTES:
                match = re.fullmatch(pattern, path)
                if match:
                    getattr(self, method)(*match.groups())
                    return
            raise _RefusedError(404, "", f"no such route: {path}")
        except _RefusedError as error:
            headers = {"X-Error-Message": error.message, **({"X-Error-Code": error.code} if error.code else {})}
            self._json({"error": error.message, **error.more}, error.status, headers)

    do_HEAD = do_POST = do_PUT = do_GET

    def _json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(json.dumps(value).encode(), status, {"Content-Type": "application/json", **(headers or {})})

    def _send(self, data: bytes, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _repo(self, name: str) -> Repo:
        repo = self.stand_in.repos.get(name)
        if repo is None or (repo.private and not self.token):
            # The hub does not say which of the two it is.
            raise _RefusedError(404 if self.token else 401, "RepoNotFound", "Repository not found")
        if repo.gated and self.token != WRITER:
            raise _RefusedError(403, "GatedRepo", f"Access to model {name} is restricted")
        return repo

    def _sha(self, repo: Repo, revision: str) -> str:
        sha = repo.branches.get(revision, revision)
        if sha not in repo.commits:
            raise _RefusedError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return sha

    def _check_writer(self) -> None:
        if self.token != WRITER:
            raise _RefusedError(403 if self.token else 401, "", "You don't have the rights")

    def _create(self) -> None:
        asked = json.loads(self.body)
        name = f"{asked.get('organization') or 'org'}/{asked['name']}"
        self._check_writer()
        url = f"{self.stand_in.endpoint}/{name}"
        if name in self.stand_in.repos:
            raise _RefusedError(409, "", "You already created this model repo", url=url)
        self.stand_in.repos[name] = Repo(private=bool(asked.get("private")))
        self.stand_in.write(name, ".gitattributes", b"*.safetensors filter=lfs\n")
        self._json({"url": url})

    def _info(self, name: str, revision: str | None) -> None:
        repo = self._repo(name)
        sha = self._sha(repo, revision or "main")
        siblings = [{"rfilename": path} for path in repo.commits[sha]]
        facts = {"id": name, "modelId": name, "private": repo.private, "tags": [], "gated": repo.gated}
        self._json({**facts, "sha": sha, "siblings": siblings})

    def _branch(self, name: str, branch: str) -> None:
        repo = self._repo(name)
        self._check_writer()
        if branch in repo.branches:
            raise _RefusedError(409, "", "Reference already exists")
        repo.branches[branch] = repo.branches["main"]
        self._json({})

    def _validate(self) -> None:
        matter = json.loads(self.body)["content"].split("---\n")[1]
        wrong = not isinstance(yaml.safe_load(matter), dict)
        self._json({"errors": [{"message": "not a mapping"}] if wrong else [], "warnings": []}, 400 if wrong else 200)

    def _preupload(self, name: str, revision: str) -> None:
        repo = self._repo(name)
        self._check_writer()
        files = repo.commits[self._sha(repo, revision)]
        modes = []
        for file in json.loads(self.body)["files"]:
            large, oid = file["path"].endswith(".safetensors"), None
            if file["path"] in files:
                data = (self.stand_in.root / files[file["path"]][0]).read_bytes()
                oid = files[file["path"]][0] if large else hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            mode = "lfs" if large else "regular"
            modes.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        self._json({"files": modes})

    def _batch(self, name: str) -> None:
        self._repo(name)
        self._check_writer()
        objects = [
            {**one, "actions": {"upload": {"href": f"{self.stand_in.endpoint}/large/{one['oid']}"}}}
            for one in json.loads(self.body)["objects"]
        ]
        self._json({"transfer": "basic", "objects": objects})

    def _large(self, oid: str) -> None:
        if self.command == "PUT":
            same = self.stand_in.keep(self.body) == oid
            self._send(b"", 200 if same else 400, {})
        else:
            self._content((self.stand_in.root / oid).read_bytes(), oid)

    def _commit(self, name: str, branch: str) -> None:
        repo = self._repo(name)
        self._check_writer()
        if self.stand_in.meddle:
            self.stand_in.meddle = False
            self.stand_in.write(name, "other.md", b"by somebody else")
        head, *changes = [json.loads(line) for line in self.body.splitlines()]
        if head["value"].get("parentCommit") not in (None, repo.branches[branch]):
            raise _RefusedError(412, "", "A commit has happened since. Please refresh and try again.")
        files = dict(repo.commits[repo.branches[branch]])
        for change in changes:
            value = change["value"]
            if change["key"] == "file":
                files[value["path"]] = (self.stand_in.keep(base64.b64decode(value["content"])), False)
            elif change["key"] == "lfsFile":
                files[value["path"]] = (value["oid"], True)
            elif change["key"] == "deletedFolder":
                files = {path: blob for path, blob in files.items() if not path.startswith(value["path"])}
        sha = repo.commit(branch, files, head["value"]["summary"])
        self._json({"success": True, "commitOid": sha, "commitUrl": f"{self.stand_in.endpoint}/{name}/commit/{sha}"})

    def _resolve(self, name: str, revision: str, path: str) -> None:
        repo = self._repo(name)
        sha = self._sha(repo, revision)
        if path not in repo.commits[sha]:
            raise _RefusedError(404, "EntryNotFound", "Entry not found")
        oid, large = repo.commits[sha][path]
        data = (self.stand_in.root / oid).read_bytes()
        if large:
            linked = {"X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(data))}
            moved = {"Location": f"{self.stand_in.endpoint}/large/{oid}", "X-Repo-Commit": sha}
            self._send(b"", 302, {**linked, **moved})
        else:
            self._content(data, path, {"ETag": f'"{hashlib.sha1(data).hexdigest()}"', "X-Repo-Commit": sha})

    def _content(self, data: bytes, name: str, headers: dict[str, str] | None = None) -> None:
        """Send a file, or the part that is asked for; ``name`` is its path or, for a large file, its SHA-256."""
        hub = self.stand_in
        if name in hub.spoilt:
            data = data[:-1] + bytes([data[-1] ^ 1])
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(asked.group(1)) if asked else 0
        span = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if asked else {}
        if self.command == "GET" and name in hub.cut:
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: hub.cut.pop(name)])
        else:
            self._send(data[start:], 206 if asked else 200, {**(headers or {}), **span})


_REPO = r"([^/]+/[^/]+)"
_ROUTES = [
    ("/api/repos/create", "_create"),
    ("/api/validate-yaml", "_validate"),
    (f"/api/models/{_REPO}(?:/revision/(.+))?", "_info"),
    (f"/api/models/{_REPO}/branch/(.+)", "_branch"),
    (f"/api/models/{_REPO}/preupload/(.+)", "_preupload"),
    (f"/api/models/{_REPO}/commit/(.+)", "_commit"),
    (f"/{_REPO}.git/info/lfs/objects/batch", "_batch"),
    ("/large/([0-9a-f]{64})", "_large"),
    (f"/{_REPO}/resolve/([^/]+)/(.+)", "_resolve"),
]


if __name__ == "__main__":
    import sys

    print(StandIn(Path(sys.argv[1])).endpoint, flush=True)
    threading.Event().wait()
