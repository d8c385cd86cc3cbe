"""Records about to be committed that kagura did not write itself: are they whole, and safe?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kagura_git.errors import InvalidRecord
from kagura_git.git import versions
from kagura_git.git.run import Git
from kagura_git.git.versions import Version
from kagura_git.model.redact import redact, redact_record
from kagura_git.store import codec
from kagura_git.store.strict_yaml import MAX_BYTES


def problems(git: Git, staged: Sequence[Version]) -> list[InvalidRecord]:
    """Return what is wrong with these records, each with its file and line."""
    files = [version.blob for version in staged if version.is_file]
    contents = versions.blobs(git, files, MAX_BYTES + 1)
    return [problem for version in staged for problem in _look(version, contents.get(version.blob))]


def _look(version: Version, data: bytes | None) -> Iterator[InvalidRecord]:
    if data is None and not version.path.endswith(".yaml"):
        hint = "Replace it with a folder; no record is read through it."
        yield InvalidRecord("a link where records belong", hint=hint, where=version.path)
        return
    if data is None:
        hint = "Replace it with the record's text."
        yield InvalidRecord("a record must be a regular file", hint=hint, where=version.path)
        return
    try:
        record = codec.loads(data, version.path)
    except InvalidRecord as problem:
        yield problem
        return
    _, kinds = redact_record(record)  # type: ignore[type-var]
    if kinds:
        lines = enumerate(data.decode("utf-8").splitlines(), 1)
        line = next((number for number, text in lines if redact(text)[1]), 1)
        yield InvalidRecord(
            f"holds a secret ({', '.join(kinds)})",
            hint=f"Write [redacted:{kinds[0]}] in its place.",
            where=f"{version.path}:{line}",
        )
