"""mem0 in process: nothing inferred, a local embedder, chroma as its vector store."""

import sys
from typing import Any

from lines import serve

FOLDER, MODEL = sys.argv[1:]
USER = "ada"


class Opened:
    """The memory, opened by the first call."""

    memory: Any = None

    @classmethod
    def get(cls) -> Any:
        """Return the memory."""
        if cls.memory is None:
            from mem0 import Memory

            cls.memory = Memory.from_config(
                {
                    "embedder": {"provider": "huggingface", "config": {"model": MODEL}},
                    "vector_store": {
                        "provider": "chroma",
                        "config": {"collection_name": "memory", "path": f"{FOLDER}/chroma"},
                    },
                    # Never asked: it only has to exist.
                    "llm": {"provider": "openai", "config": {"api_key": "unused"}},
                    "history_db_path": f"{FOLDER}/history.db",
                }
            )
        return cls.memory


def store(ids: list[str], texts: list[str]) -> None:
    """Add texts; mem0 takes one message at a time when it is not to infer."""
    memory = Opened.get()
    for mark, text in zip(ids, texts, strict=True):
        memory.add(text, user_id=USER, metadata={"record": mark}, infer=False)


def find(query: str) -> list[str]:
    """Return the ids of the five best."""
    found = Opened.get().search(query, top_k=5, filters={"user_id": USER})
    return [item["metadata"]["record"] for item in found["results"]]


serve(store=store, find=find)
