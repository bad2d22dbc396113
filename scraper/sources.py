"""The publications that are watched: sources.toml read, checked and written."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db.discretion import without_credentials
from db.shapes import Selectors, Source
from scraper.cleaning.urls import canonical_url, is_web_url
from scraper.parsing.selectors import selector_fault

PACKAGED = Path(__file__).with_name("sources.toml")

KINDS = ("trade", "news", "union", "labour-press", "statistics", "association", "public-body")
SECTORS = ("film-tv", "animation-vfx", "games", "music", "stage", "broadcast-news", "publishing", "general")
SCOPES = ("entertainment", "general")
FORMATS = ("feed", "page", "sitemap")
_ISO_3166_1 = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_ISO_3166_1.split())
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")

PAGE = "page"  # the table of a block that holds the selectors
FIELDS = tuple(field.name for field in fields(Source) if field.name not in ("id", "selectors"))
PAGE_FIELDS = tuple(field.name for field in fields(Selectors))
REQUIRED = ("name", "homepage", "feed_url", "kind", "sector", "country", "language")
PAGE_REQUIRED = ("item", "title", "link")

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class SourcesError(Exception):
    """Sources that cannot be used; one line per fault, each naming file, block, field and what is expected."""


def load_sources(path: Path | None = None) -> tuple[Source, ...]:
    """The sources of a TOML file, in its order, disabled ones too; None means the file that comes with craftwatch.

    Raises SourcesError with every fault of the file.
    """
    path = path or PACKAGED
    return read_sources(_read(path), str(path))


def read_sources(text: str, file: str = "sources.toml") -> tuple[Source, ...]:
    """The sources of a TOML text; `file` is what messages call it. Raises SourcesError with every fault."""
    try:
        blocks = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SourcesError(f"{file}: {_toml_fault(error)}") from error
    faults = [f"{file}: {fault}" for fault in _all_faults(blocks)]
    if faults:
        raise SourcesError("\n".join(faults))
    return tuple(_source(source_id, block) for source_id, block in blocks.items())


def to_toml(sources: Iterable[Source]) -> str:
    """Blocks for sources.toml, as a person would write them. Credentials in addresses stay: the file is its owner's."""
    return "\n".join(_block(source) for source in sources)


def same_address(url: str) -> str:
    """What two spellings of one feed address share: no scheme, no tracking, no closing slash."""
    return canonical_url(url).partition("://")[2].rstrip("/")


def one_line(text: str) -> str:
    """`text` as a field may hold it: on one line, of characters that can be seen."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


# Reading


def _source(source_id: str, block: Mapping[str, Any]) -> Source:
    stated = {name: value for name, value in block.items() if name != PAGE}
    return Source(id=source_id, **stated, selectors=Selectors(**block[PAGE]) if PAGE in block else None)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        reason = "is not UTF-8"
    raise SourcesError(f"{path}: {reason}; expected a sources.toml. CRAFTWATCH_SOURCES names the file that is used.")


def _toml_fault(error: tomllib.TOMLDecodeError) -> str:
    twice = re.match(r"Cannot declare \('([^']+)',\) twice \((.*)\)", str(error))
    if twice:
        return f"[{twice[1]}]: id: used twice; expected one block per id ({twice[2]})"
    return f"not TOML: {error}"


# Checking


def _all_faults(blocks: Mapping[str, Any]) -> Iterator[str]:
    if not blocks:
        yield "no source; expected one block per source, such as [deadline]"
    for source_id, block in blocks.items():
        for fault in _faults(source_id, block):
            yield f"[{source_id}]: {fault}"
    yield from _repeated_addresses(blocks)


def _faults(source_id: str, block: Any) -> Iterator[str]:
    if not isinstance(block, dict):
        yield "not a block; expected [id] on a line of its own, the fields below it"
        return
    if not _ID.fullmatch(source_id):
        yield "id: expected lower-case letters and digits with single hyphens between them"
    for name in [name for name in block if name not in (*FIELDS, PAGE)]:
        yield f"{name}: no such field{_nearest(name, FIELDS)}; expected {_listed(FIELDS)}"
    for name in REQUIRED:
        if name not in block:
            yield f"{name}: missing; expected {_EXPECTED[name]}"
    for name in FIELDS:
        if name in block and not _is_valid(name, block[name]):
            yield f"{name}: {_shown(name, block[name])}{_hint(name, block[name])}; expected {_EXPECTED[name]}"
    yield from _page_faults(source_id, block)


def _page_faults(source_id: str, block: Mapping[str, Any]) -> Iterator[str]:
    is_page = block.get("format") == "page"
    expected = f"[{source_id}.{PAGE}] with CSS selectors: {_listed(PAGE_FIELDS)}"
    if PAGE not in block:
        if is_page:
            yield f"{PAGE}: missing; expected {expected}"
        return
    if not is_page:
        yield f'{PAGE}: selectors for a block that is no page; expected format = "page" beside them'
    selectors = block[PAGE]
    if not isinstance(selectors, dict):
        yield f"{PAGE}: {selectors!r}; expected {expected}"
        return
    for name in [name for name in selectors if name not in PAGE_FIELDS]:
        yield f"{PAGE}.{name}: no such field{_nearest(name, PAGE_FIELDS)}; expected {_listed(PAGE_FIELDS)}"
    for name in [name for name in PAGE_REQUIRED if name not in selectors]:
        yield f"{PAGE}.{name}: missing; expected {_EXPECTED_OF_PAGE[name]}"
    for name in [name for name in PAGE_FIELDS if name in selectors]:
        fault = _selector_fault(name, selectors[name])
        if fault is not None:
            yield f"{PAGE}.{name}: {selectors[name]!r}{fault}; expected {_EXPECTED_OF_PAGE[name]}"


def _selector_fault(name: str, value: Any) -> str | None:
    """What is wrong with a selector, in brackets, or "" when it says so itself; None when it is right."""
    if not isinstance(value, str) or not value.isprintable():
        return ""
    if name == "date_format":
        return None if not value or _reads_dates(value) else ""
    if not value.strip():
        return "" if name in PAGE_REQUIRED else None
    fault = selector_fault(value, of_item=name != "item")
    return f" ({fault})" if fault else None


def _reads_dates(date_format: str) -> bool:
    """Whether a day written in this way is read as the same day."""
    day = datetime(2026, 11, 25, tzinfo=UTC)
    try:
        read = datetime.strptime(day.strftime(date_format), date_format).replace(tzinfo=UTC)
    except ValueError:
        return False
    return read.date() == day.date()


def _is_valid(name: str, value: Any) -> bool:
    if name == "enabled":
        return isinstance(value, bool)
    if not isinstance(value, str) or not value.isprintable():
        return False
    if name == "name":
        return bool(value.strip())
    if name in _CHOICES:
        return value in _CHOICES[name]
    if name in ("homepage", "feed_url"):
        return is_web_url(value) and value.isascii() and " " not in value
    if name == "country":
        return not value or value in COUNTRIES
    if name == "language":
        return not value or LANGUAGE_TAG.fullmatch(value) is not None
    return True


def _repeated_addresses(blocks: Mapping[str, Any]) -> Iterator[str]:
    first: dict[str, str] = {}
    for source_id, block in blocks.items():
        address = block.get("feed_url") if isinstance(block, dict) else None
        if not isinstance(address, str) or not is_web_url(address):
            continue
        other = first.setdefault(same_address(address), source_id)
        if other != source_id:
            yield f"[{source_id}]: feed_url: the address of [{other}]; expected an address of its own"


# Messages


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


_CHOICES = {"kind": KINDS, "sector": SECTORS, "scope": SCOPES, "format": FORMATS}
_EXPECTED = {
    "name": "the name of the publication, on one line",
    "homepage": "an http:// or https:// address",
    "feed_url": "an http:// or https:// address, other characters than ASCII percent-encoded",
    "kind": _listed(KINDS),
    "sector": _listed(SECTORS),
    "country": 'an ISO 3166-1 alpha-2 code such as GB, or "" when not known',
    "language": 'a BCP 47 tag such as en or fr-CA, or "" when not known',
    "scope": _listed(SCOPES),
    "enabled": "true or false",
    "note": "text on one line",
    "format": _listed(FORMATS),
}
_OF_ITEM = "a CSS selector seen from one item, with @attribute behind it for an attribute"
_EXPECTED_OF_PAGE = {
    "item": "a CSS selector that matches each item",
    "title": f"{_OF_ITEM}, such as h3",
    "link": f"{_OF_ITEM}, such as a@href",
    "date": f"{_OF_ITEM}, such as time@datetime",
    "date_format": "a strptime format with day, month and year, such as %d.%m.%Y",
    "summary": f"{_OF_ITEM}, such as p",
}
_COUNTRY_HABITS = {"UK": "GB", "EN": "GB", "USA": "US", "EL": "GR", "SP": "ES", "JA": "JP"}


def _hint(name: str, value: Any) -> str:
    if not isinstance(value, str):
        return ""
    if name in _CHOICES:
        return _nearest(value, _CHOICES[name])
    if name == "country":
        code = _COUNTRY_HABITS.get(value.upper(), value.upper())
        return f" (did you mean {code}?)" if code in COUNTRIES else ""
    if name == "language":
        tag = value.replace("_", "-")
        tag = tag[:3].lower() + tag[3:]
        return f" (did you mean {tag}?)" if LANGUAGE_TAG.fullmatch(tag) else ""
    return ""


def _nearest(word: str, words: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.lower(), list(words), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _shown(name: str, value: Any) -> str:
    if name in ("homepage", "feed_url") and isinstance(value, str):
        value = without_credentials(value)
    return repr(value)


# Writing


def _block(source: Source) -> str:
    lines = [f"[{source.id}]"]
    lines += [
        f"{name} = {_toml_value(getattr(source, name))}" for name in FIELDS if not _goes_without_saying(source, name)
    ]
    if source.selectors is not None:
        lines += ["", f"[{source.id}.{PAGE}]"]
        lines += [f"{name} = {_toml_value(value)}" for name, value in asdict(source.selectors).items() if value]
    return "\n".join(lines) + "\n"


def _goes_without_saying(source: Source, name: str) -> bool:
    return (name == "note" and not source.note) or (name == "format" and source.format == "feed")


def _toml_value(value: str | bool) -> str:
    # A JSON string is a TOML basic string but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
