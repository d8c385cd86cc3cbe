from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from provider import Provider

# For tests that ask litellm itself: it would fetch its prices at import.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider that every model's client is led to."""
    found = Provider()
    for name, value in found.environ.items():
        monkeypatch.setenv(name, value)
    yield found
    found.close()
