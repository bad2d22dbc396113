"""The terms that items are filed under, and the words that find them: rule files read into plain values."""

from functools import lru_cache
from pathlib import Path

from db.vocabulary.read import VocabularyError, default_cache, read_vocabulary
from db.vocabulary.shapes import (
    Craft,
    Employer,
    Institution,
    Region,
    Rule,
    Topic,
    Union,
    Vocabulary,
    Words,
    WordSet,
)

__all__ = [
    "Craft",
    "Employer",
    "Institution",
    "Region",
    "Rule",
    "Topic",
    "Union",
    "Vocabulary",
    "VocabularyError",
    "WordSet",
    "Words",
    "default_cache",
    "load_vocabulary",
]

FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def load_vocabulary() -> Vocabulary:
    """The vocabulary that comes with the package, read once. Raises VocabularyError when a rule file is wrong."""
    return read_vocabulary(FOLDER, default_cache())
