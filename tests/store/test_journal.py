"""The journal: a copy of every version, until nobody can need it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from kagura_git.store import codec
from kagura_git.store.files import blob_id
from kagura_git.store.journal import Journal, Version
from tests.record_strategies import MOMENT, decision


def kept(journal: Journal) -> list[tuple[str, str]]:
    return [(version.id, version.blob) for version in journal.versions()]


def test_every_version_is_kept_once(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "journal"))
    first, second = codec.dumps(decision()), codec.dumps(decision(status="accepted"))
    assert kept(journal) == []
    for data in (first, second, first):
        journal.keep("D-7k3f9q2m", data, MOMENT)
    assert sorted(kept(journal)) == sorted(
        [("D-7k3f9q2m", blob_id(first)), ("D-7k3f9q2m", blob_id(second))]
    )
    found = {version.blob: Path(version.path).read_bytes() for version in journal.versions()}
    assert found == {blob_id(first): first, blob_id(second): second}


def test_versions_come_by_month_with_the_time_they_were_written(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    journal.keep("D-00000002", b"b", MOMENT + timedelta(days=40))
    journal.keep("D-00000001", b"a", MOMENT, durable=False)
    versions = list(journal.versions())
    assert [version.id for version in versions] == ["D-00000001", "D-00000002"]
    assert versions[0] == Version(
        "D-00000001",
        blob_id(b"a"),
        str(tmp_path / "2026-03" / f"D-00000001.{blob_id(b'a')}.yaml"),
        Path(versions[0].path).stat().st_mtime,
    )


def test_what_else_lies_there_is_passed_over(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    journal.keep("D-00000001", b"a", MOMENT)
    (tmp_path / ".DS_Store").write_bytes(b"")
    (tmp_path / "2026-03" / "notes.yaml").write_bytes(b"")
    (tmp_path / "2026-03" / ".D-00000001.x.yaml.12.ab.tmp").write_bytes(b"torn")
    (tmp_path / "2026-03" / "D-00000001.x.yaml.tmp").write_bytes(b"torn")
    assert kept(journal) == [("D-00000001", blob_id(b"a"))]
