"""Templates are read when the server starts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from api.pages import rendering
from tests.api.archive import Shelf, make_client


def test_a_server_that_runs_needs_no_template_from_disk_any_more(
    shelf: Shelf, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update takes the files away under it."""
    templates = tmp_path / "templates"
    shutil.copytree(rendering.TEMPLATES, templates)
    monkeypatch.setattr(rendering, "TEMPLATES", templates)
    rendering.environment.cache_clear()
    try:
        with make_client(database_url) as client:
            shutil.rmtree(templates)
            wanted = {"accept": "text/html"}
            assert client.get("/about", headers=wanted).status_code == 200
            assert "<html" in client.get("/nowhere", headers=wanted).text
    finally:
        rendering.environment.cache_clear()
