"""A model's provider on loopback: real HTTP, in the formats of OpenAI, Anthropic and Gemini."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    """What the provider does with one request.

    ``text`` is what the model says; ``status`` other than 200 is an error; ``slow``
    waits so many seconds first; ``cut`` closes the connection in the middle.
    """

    text: str = "{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0
    cut: bool = False
    refusal: bool = False
    ended: str = "stop"
    tokens_in: int = 1_200
    tokens_out: int = 340


@dataclass
class Asked:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def texts(self) -> list[str]:
        """What the model is told, whichever format it came in, in order."""
        return list(_strings(self.body))


def _strings(value: Any) -> Any:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


class Provider:
    """The server; it answers in turn, and the last answer again and again."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [Answer()]
        self.asked: list[Asked] = []
        self.think: Callable[[Asked], Answer] | None = None
        self._lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                provider.handle(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # Polled often: closing waits for the next look.
        serve = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        serve.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def says(self, *answers: Answer | str) -> None:
        """Set what the next requests are answered with."""
        self.answers = [Answer(text=a) if isinstance(a, str) else a for a in answers]

    @property
    def environ(self) -> dict[str, str]:
        """The environment that leads every client here."""
        return {
            "OPENAI_API_KEY": "sk-test-openai-0123456789", "OPENAI_BASE_URL": f"{self.url}/v1",
            "OPENAI_API_BASE": f"{self.url}/v1",
            "ANTHROPIC_API_KEY": "sk-ant-test-0123456789", "ANTHROPIC_API_BASE": self.url,
            "ANTHROPIC_BASE_URL": self.url,
            "GEMINI_API_KEY": "gemini-test-0123456789", "GEMINI_API_BASE": self.url,
            "NO_PROXY": "127.0.0.1",
        }  # fmt: skip

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        size = int(request.headers.get("content-length") or 0)
        body = json.loads(request.rfile.read(size) or b"{}")
        asked = Asked(request.path, {k.lower(): v for k, v in request.headers.items()}, body)
        with self._lock:
            self.asked.append(asked)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if self.think:
            answer = self.think(asked)
        time.sleep(answer.slow)
        data = json.dumps(self._body(asked, answer)).encode()
        try:
            request.send_response(answer.status)
            request.send_header("content-type", "application/json")
            request.send_header("content-length", str(len(data)))
            for name, value in answer.headers.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(data[: len(data) // 2] if answer.cut else data)
            if answer.cut:
                request.close_connection = True
        except OSError:
            pass  # whoever asked has gone

    def _body(self, asked: Asked, answer: Answer) -> dict[str, Any]:
        if answer.status != 200:
            error = {"message": f"{answer.text}", "type": "error", "code": None}
            return {"type": "error", "error": error}
        if "/messages" in asked.path:
            return _anthropic(asked.body, answer)
        if "generateContent" in asked.path:
            return _gemini(answer)
        return _openai(asked.body, answer)


def _openai(body: dict[str, Any], answer: Answer) -> dict[str, Any]:
    message = {"role": "assistant", "content": answer.text, "refusal": None}
    if answer.refusal:
        message |= {"content": None, "refusal": answer.text}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": answer.ended}],
        "usage": {
            "prompt_tokens": answer.tokens_in, "completion_tokens": answer.tokens_out,
            "total_tokens": answer.tokens_in + answer.tokens_out,
        },
    }  # fmt: skip


def _anthropic(body: dict[str, Any], answer: Answer) -> dict[str, Any]:
    content: dict[str, Any] = {"type": "text", "text": answer.text}
    ended = {"stop": "end_turn", "length": "max_tokens"}[answer.ended]
    if answer.refusal:
        ended = "refusal"
    elif body.get("tools"):
        # How litellm asks this provider for an answer of a fixed form.
        try:
            given = json.loads(answer.text)
            name = body["tools"][0]["name"]
            content = {"type": "tool_use", "id": "toolu_1", "name": name, "input": given}
            ended = "tool_use"
        except ValueError:
            pass
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"],
        "content": [content], "stop_reason": ended, "stop_sequence": None,
        "usage": {"input_tokens": answer.tokens_in, "output_tokens": answer.tokens_out},
    }  # fmt: skip


def _gemini(answer: Answer) -> dict[str, Any]:
    ended = {"stop": "STOP", "length": "MAX_TOKENS"}[answer.ended]
    return {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"text": answer.text}]},
                "finishReason": "SAFETY" if answer.refusal else ended, "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": answer.tokens_in, "candidatesTokenCount": answer.tokens_out,
            "totalTokenCount": answer.tokens_in + answer.tokens_out,
        },
        "modelVersion": "gemini",
    }  # fmt: skip
