"""chromadb in process: one collection on disk."""

import sys
from typing import Any

from lines import serve

FOLDER, EMBEDDER = sys.argv[1:]


class Opened:
    """The collection, opened by the first call."""

    collection: Any = None

    @classmethod
    def get(cls) -> Any:
        """Return the collection."""
        if cls.collection is None:
            import chromadb

            settings = chromadb.Settings(anonymized_telemetry=False)
            client = chromadb.PersistentClient(FOLDER, settings=settings)
            cls.collection = client.get_or_create_collection("memory", **_embedder())
        return cls.collection


def _embedder() -> dict[str, Any]:
    if EMBEDDER == "default":
        return {}
    from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

    return {"embedding_function": SentenceTransformerEmbeddingFunction(model_name=EMBEDDER)}


def store(ids: list[str], texts: list[str]) -> None:
    """Add texts in one call."""
    Opened.get().add(ids=ids, documents=texts)


def find(query: str) -> list[str]:
    """Return the ids of the five best."""
    return list(
        Opened.get().query(query_texts=[query], n_results=5, include=["documents"])["ids"][0]
    )


serve(store=store, find=find)
