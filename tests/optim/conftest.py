"""Every optimizer of these tests packs, walks in chunks, and leaves a rest, on tensors that are small enough for tests."""

import pytest

from gdcore.optim import engine


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch):
    monkeypatch.setattr(engine, "CHUNK", 30_000)  # 75,000 entries, the largest shape in `common`, are two and a half of them
    monkeypatch.setattr(engine, "SMALL", 100)
