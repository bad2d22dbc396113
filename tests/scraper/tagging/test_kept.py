"""Compiled rules are kept between two starts, and never trusted blindly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from db.shapes import Tagging
from db.vocabulary import Vocabulary, load_vocabulary
from scraper import tag
from scraper.tag import Tagger

TITLE = "Pixel House lays off 120 animators in Vancouver as it turns to generative AI"
VOCABULARY = load_vocabulary()


def tagged(cache: Path | None, vocabulary: Vocabulary = VOCABULARY) -> Tagging:
    """By a tagger that has just started."""
    return Tagger(vocabulary, cache).tag(TITLE, "", language="en", scope="entertainment")


def kept(folder: Path) -> Path:
    (file,) = folder.glob("rulebook-en-*.pickle")
    return file


@pytest.fixture
def nothing_compiles(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    def compile_rules(*parts: object) -> None:
        raise AssertionError("the rules were compiled")

    monkeypatch.setattr(tag, "Rulebook", compile_rules)
    return monkeypatch


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    tagged(tmp_path)
    return tmp_path


def test_what_was_compiled_is_read_back(cache: Path, nothing_compiles: pytest.MonkeyPatch) -> None:
    assert tagged(cache).tracked


def test_rules_that_were_kept_tag_as_compiled_ones_do(cache: Path) -> None:
    assert tagged(cache) == tagged(None)


def test_other_rules_are_compiled_anew(cache: Path) -> None:
    assert tagged(cache, replace(VOCABULARY, topics={}, rules_version="other")).tags == ()


def test_the_rules_before_are_not_kept(cache: Path) -> None:
    before = kept(cache)
    tagged(cache, replace(VOCABULARY, rules_version="other"))
    assert kept(cache) != before


@pytest.mark.parametrize(
    "content", [b"", b"not a pickle", b"\x80\x05K\x01."], ids=["empty", "damaged", "something else"]
)
def test_a_damaged_file_is_compiled_anew(cache: Path, content: bytes) -> None:
    kept(cache).write_bytes(content)
    assert tagged(cache) == tagged(None)


def test_a_file_that_others_may_write_is_not_read(cache: Path, nothing_compiles: pytest.MonkeyPatch) -> None:
    kept(cache).chmod(0o622)
    with pytest.raises(AssertionError, match="were compiled"):
        tagged(cache)


def test_a_folder_that_cannot_be_written_to_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert tagged(tmp_path / "file" / "cache") == tagged(None)
