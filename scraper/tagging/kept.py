"""Compiled rules, kept between two starts: reading them back takes a third of the time that compiling them takes.

They are kept as Python keeps its compiled modules: by all that they were made of, and read from a file of our own only,
since a pickle can do whatever its writer could. Without the file, or with a damaged one, they are compiled.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from db import shapes
from db.vocabulary import Vocabulary
from scraper.tagging.rulebook import Rulebook, collector_at_rest


def kept_rulebook(folder: Path, vocabulary: Vocabulary, language: str, compiled: Callable[[], Rulebook]) -> Rulebook:
    """The rulebook from `folder`; else `compiled()`, which is then kept there."""
    path = folder / f"rulebook-{language}-{_made_of(vocabulary.rules_version)}.pickle"
    rules = _read(path)
    if rules is None:
        rules = compiled()
        _write(path, language, rules)
    rules.vocabulary = vocabulary
    return rules


@lru_cache
def _made_of(rules_version: str) -> str:
    """A hash of rule files, code and Python."""
    digest = hashlib.blake2b(f"{rules_version} {sys.version}".encode(), digest_size=8)
    for source in (*sorted(Path(__file__).parent.glob("*.py")), Path(shapes.__file__)):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> Rulebook | None:
    try:
        with path.open("rb") as file:
            owner = os.fstat(file.fileno())
            if owner.st_uid != os.geteuid() or owner.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None
            with collector_at_rest():
                rules = pickle.load(file)  # noqa: S301  # written by ourselves, which has just been checked
    except Exception:  # whatever a damaged file makes of it
        return None
    return rules if isinstance(rules, Rulebook) else None


def _write(path: Path, language: str, rules: Rulebook) -> None:
    """A folder that cannot be written to is no fault: the next start compiles again."""
    _ = rules.details  # to be kept as well
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob(f"rulebook-{language}-*.pickle"):
            old.unlink(missing_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:  # which only we can read
            pickle.dump(rules, part, protocol=pickle.HIGHEST_PROTOCOL)
        os.replace(part.name, path)
