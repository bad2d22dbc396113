"""Templates and static files, read once: `render` makes bytes, `static_address` names a file by its contents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.pages import words
from db.recent import NEWEST

PACKAGE = Path(__file__).parent.parent
TEMPLATES, STATIC = PACKAGE / "templates", PACKAGE / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of `static/`; `name` carries a hash of its contents, so it can be kept for good."""

    name: str
    body: bytes
    media_type: str


@lru_cache(maxsize=1)
def static_files() -> Mapping[str, StaticFile]:
    """Name on disk → file."""
    files = {}
    for path in sorted(STATIC.iterdir()):
        if path.suffix in MEDIA_TYPES:
            body = path.read_bytes()
            digest = hashlib.blake2b(body, digest_size=5).hexdigest()
            files[path.name] = StaticFile(f"{path.stem}.{digest}{path.suffix}", body, MEDIA_TYPES[path.suffix])
    return files


def static_address(name: str) -> str:
    return f"/static/{static_files()[name].name}"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Everything is escaped, whatever the template's suffix: titles are other people's words."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(static=static_address, newest_items=NEWEST)
    made.filters.update(
        day=words.day,
        moment=words.moment,
        stamp=words.stamp,
        number=words.number,
        short=words.short,
        counted=words.counted,
    )
    return made


def load_all() -> None:
    """Read every template and static file now: an update may take them away from under a server that runs."""
    static_files()
    fingerprint()
    for template in environment().list_templates():
        environment().get_template(template)


def render(template: str, values: Mapping[str, Any]) -> bytes:
    # UTF-8 has no halves of characters.
    return environment().get_template(template).render(values).encode("utf-8", "replace")


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Changes with every template and static file."""
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted((*TEMPLATES.iterdir(), *STATIC.iterdir())):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
