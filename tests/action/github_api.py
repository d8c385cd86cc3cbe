"""The part of GitHub's REST API that the Action uses, on a local port."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-of-the-workflow"
BOT = {"login": "github-actions[bot]", "type": "Bot"}


class Trouble(NamedTuple):
    """What the next requests of a method get instead of an answer."""

    method: str
    status: int
    headers: dict[str, str]
    done: bool = False
    body: bytes | None = None


class GitHub:
    """Comments of one repository's pull requests, as the API keeps and tells them.

    Attributes:
        read_only: whether the token may not write, as for pull requests from forks.
        page_size: how many items a page has at most, whatever is asked for.
        seen: the requests, as ``METHOD path``.
    """

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.pulls: dict[str, list[dict[str, Any]]] = {}
        self.trouble: list[Trouble] = []
        self.seen: list[str] = []
        self.strangers: list[str] = []
        self.read_only = False
        self.page_size = 100
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def say(self, body: str, user: dict[str, str] = BOT) -> dict[str, Any]:
        """Add a comment."""
        number = len(self.comments) + 1
        url = f"https://host.example/o/n/pull/7#issuecomment-{number}"
        self.comments.append({"id": number, "user": user, "body": body, "html_url": url})
        return self.comments[-1]

    def fail(self, method: str, status: int, times: int = 1, **more: Any) -> None:
        """Let the next requests of a method fail; ``done``: after they were carried out."""
        headers = {name.replace("_", "-"): str(text) for name, text in more.pop("h", {}).items()}
        self.trouble += [Trouble(method, status, headers, **more)] * times

    def answer(self, method: str, path: str, data: Any) -> tuple[int, Any, dict[str, str]]:
        parts = urlsplit(path)
        if found := re.fullmatch(r"/(?:repos/o/n|repositories/1)/issues/7/comments", parts.path):
            if method == "POST":
                return self._written(None, data)
            return self._listed(found[0], parse_qs(parts.query))
        if found := re.fullmatch(r"/repos/o/n/issues/comments/(\d+)", parts.path):
            return self._written(int(found[1]), data)
        if found := re.fullmatch(r"/repos/o/n/commits/([0-9a-f]{40})/pulls", parts.path):
            return 200, self.pulls.get(found[1], []), {}
        return 404, {"message": "Not Found"}, {}

    def _listed(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any, dict[str, str]]:
        size = min(self.page_size, int(query.get("per_page", ["30"])[0]))
        page = int(query.get("page", ["1"])[0])
        items = self.comments[(page - 1) * size : page * size]
        links = [f'<{self.url}/repositories/1/issues/7/comments?page=1>; rel="first"']
        if page * size < len(self.comments):
            place = f"{self.url}/repositories/1/issues/7/comments?per_page={size}&page={page + 1}"
            links.insert(0, f'<{place}>; rel="next"')
        return 200, items, {"Link": ", ".join(links)}

    def _written(self, number: int | None, data: Any) -> tuple[int, Any, dict[str, str]]:
        if self.read_only:
            return 403, {"message": "Resource not accessible by integration"}, {}
        if len(data["body"]) > 65_536:
            return 422, {"message": "Validation Failed: body is too long"}, {}
        if number is None:
            return 201, self.say(data["body"]), {}
        self.comments[number - 1]["body"] = data["body"]
        return 200, self.comments[number - 1], {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                data = json.loads(self.rfile.read(length)) if length else None
                method = self.command
                site.seen.append(f"{method} {self.path}")
                trouble = next((t for t in site.trouble if t.method == method), None)
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    self.reply(401, {"message": "Bad credentials"}, {})
                elif trouble is None:
                    self.reply(*site.answer(method, self.path, data))
                else:
                    site.trouble.remove(trouble)
                    if trouble.done:
                        site.answer(method, self.path, data)
                    said = trouble.body if trouble.body is not None else {"message": "trouble"}
                    self.reply(trouble.status, said, trouble.headers)

            do_GET = do_POST = do_PATCH = handle_one

            def reply(self, status: int, data: Any, headers: dict[str, str]) -> None:
                body = data if isinstance(data, bytes) else json.dumps(data).encode()
                self.send_response(status)
                for name, text in headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler
