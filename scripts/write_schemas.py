"""Write schemas/ from the record structs."""

from pathlib import Path

from kagura_git.store.schema import schema_files

folder = Path(__file__).parent.parent / "schemas"
for name, text in schema_files().items():
    (folder / name).write_text(text, encoding="utf-8")
    print(folder / name)
