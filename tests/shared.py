"""Where other people's words are, for the tests that need real recordings; they are not part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("CRAFTWATCH_SHARED", Path(__file__).parents[2] / "shared"))


def shared(name: str) -> Path:
    """The path of shared material, or a skip that says what is missing."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"no {name} beside the checkout (CRAFTWATCH_SHARED names another place)")
    return path
