from __future__ import annotations

from collections.abc import Iterator

import pytest
from provider import Provider


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider that every model's client is led to."""
    found = Provider()
    for name, value in found.environ.items():
        monkeypatch.setenv(name, value)
    yield found
    found.close()
