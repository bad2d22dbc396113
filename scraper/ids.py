"""Ids for new sources, from what is known of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from itertools import count

MAX_ID = 60


def free_id(taken: Container[str], *names: str) -> str:
    """The first of `names` that has letters or digits, as an id that is not taken: "Le Perchman" → le-perchman."""
    wanted = next((slug for name in names if (slug := _slug(name))), "source")
    if wanted not in taken:
        return wanted
    return next(name for number in count(2) if (name := f"{wanted}-{number}") not in taken)


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:MAX_ID].strip("-")
