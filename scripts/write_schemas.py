"""Write schemas/ from the structs of records and reviews."""

from pathlib import Path

from kagura_git.services.review.schema import schema_text
from kagura_git.store.schema import schema_files

folder = Path(__file__).parent.parent / "schemas"
for name, text in {**schema_files(), "review.schema.json": schema_text()}.items():
    (folder / name).write_text(text, encoding="utf-8")
    print(folder / name)
