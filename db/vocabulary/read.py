"""Rule files to a Vocabulary; a wrong block stops with file, block, key and what is expected."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import orjson
from platformdirs import user_cache_path

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

TAGGER_VERSION = "1"  # raise when the same rule files would tag differently
FILES = ("topics", "crafts", "regions", "organisations", "sectors", "lexicon", "masks")
LANGUAGES = ("de", "fr", "es", "it", "ja", "ko")

Block = Mapping[str, Any]
T = TypeVar("T")

_WORD_KEYS = {"forms", "weak", "never", "when", "must", "must_not", *(f"forms_{code}" for code in LANGUAGES)}
_KEYS = {
    "topics": {"label", "definition", "parent", "about", "effects", "iptc"} | _WORD_KEYS,
    "crafts": {"label", "department", "sectors", "tier", "soc", "isco", "code_match", "unions", "yields_to", "exposure"}
    | _WORD_KEYS,
    "regions": {"label", "level", "parent", "iso", "alpha3", "note"} | _WORD_KEYS,
    "employers": {"name", "sectors", "country", "type", "parent", "region", "note"} | _WORD_KEYS,
    "unions": {"name", "type", "country", "sectors", "crafts", "region", "note"} | _WORD_KEYS,
    "lexicon": {"definition", "forms", *(f"forms_{code}" for code in LANGUAGES)},
    "masks": {"definition", "forms", *(f"forms_{code}" for code in LANGUAGES)},
}
_RULE_KEYS = {"forms", "near", "within", "unless", "field", "fallback"}


class VocabularyError(ValueError):
    """A rule file is wrong; the message names file, block, key and what is expected."""

    def __init__(self, file: str, block: str, key: str, expected: str) -> None:
        super().__init__(f"{file}.toml, block [{block}], key {key!r}: {expected}")
        self.file, self.block, self.key = file, block, key


def read_vocabulary(folder: Path, cache: Path | None = None) -> Vocabulary:
    """The vocabulary of a folder of rule files; `cache` is where the parsed files may be kept, by their hash."""
    contents = {name: (folder / f"{name}.toml").read_bytes() for name in FILES if (folder / f"{name}.toml").exists()}
    version = rules_version(contents)
    return build_vocabulary(_parse(contents, version, cache), version)


def default_cache() -> Path:
    return user_cache_path("craftwatch")


def rules_version(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.blake2b(TAGGER_VERSION.encode(), digest_size=6)
    for name in sorted(contents):
        digest.update(name.encode() + b"\0" + contents[name] + b"\0")
    return digest.hexdigest()


def _parse(contents: Mapping[str, bytes], version: str, cache: Path | None) -> dict[str, dict[str, Any]]:
    """tomllib needs 100 ms and more for these files, orjson for the same as JSON 5: hence the cache."""
    kept = cache / f"vocabulary-{version}.json" if cache else None
    if kept:
        try:
            return orjson.loads(kept.read_bytes())  # type: ignore[no-any-return]  # our own file, written below
        except (OSError, ValueError):
            pass
    parsed = {name: _parse_file(name, raw) for name, raw in contents.items()}
    if kept:
        _keep(kept, parsed)
    return parsed


def _keep(path: Path, parsed: dict[str, dict[str, Any]]) -> None:
    """A cache that cannot be written is no fault: the next start reads the TOML again."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob("vocabulary-*.json"):
            old.unlink(missing_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(orjson.dumps(parsed))
        part.replace(path)
    except OSError:
        return


def _parse_file(name: str, raw: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise VocabularyError(name, "-", "-", f"is not readable TOML ({error})") from error


def build_vocabulary(files: Mapping[str, Mapping[str, Any]], version: str) -> Vocabulary:
    """Parsed files to a checked vocabulary."""
    crafts = dict(files.get("crafts", {}))
    regions = dict(files.get("regions", {}))
    organisations = files.get("organisations", {})
    departments = crafts.pop("departments", {})
    institutions = regions.pop("institution", [])
    vocabulary = Vocabulary(
        topics=_terms("topics", files.get("topics", {}), _topic),
        crafts=_terms("crafts", crafts, _craft),
        departments=_labels("crafts", "departments", departments),
        regions=_terms("regions", regions, _region),
        institutions=tuple(_institution(number, block) for number, block in enumerate(institutions, 1)),
        employers=_terms("employers", organisations.get("employers", {}), _employer),
        unions=_terms("unions", organisations.get("unions", {}), _union),
        sectors=_sectors(files.get("sectors", {})),
        lexicon=_terms("lexicon", files.get("lexicon", {}), _word_set),
        masks=_terms("masks", files.get("masks", {}), _word_set),
        rules_version=version,
        department_parents={
            name: block["parent"]
            for name, block in departments.items()
            if isinstance(block, dict) and "parent" in block
        },
    )
    _check_links(vocabulary)
    return vocabulary


def _labels(file: str, name: str, entries: Mapping[str, Any]) -> dict[str, str]:
    """id → label of entries that are a label, or a block with a label and perhaps a parent."""
    for entry, value in entries.items():
        block = {"label": value} if isinstance(value, str) else value
        if not isinstance(block, dict) or not isinstance(block.get("label"), str) or block.keys() - {"label", "parent"}:
            raise VocabularyError(file, name, entry, "expected a label, or { label = …, parent = … }")
    return {entry: value if isinstance(value, str) else value["label"] for entry, value in entries.items()}


def _sectors(file: Mapping[str, Any]) -> dict[str, str]:
    return {name: block if isinstance(block, str) else block["label"] for name, block in file.items()}


def _terms(kind: str, blocks: Mapping[str, Any], make: Callable[[str, Block], T]) -> dict[str, T]:
    terms = {}
    for name, block in blocks.items():
        if not isinstance(block, dict):
            raise VocabularyError(_file_of(kind), name, "-", "a block of keys is expected here")
        for key in block.keys() - _KEYS[kind]:
            raise VocabularyError(
                _file_of(kind), name, key, f"unknown; expected one of {', '.join(sorted(_KEYS[kind]))}"
            )
        terms[name] = make(name, block)
    return terms


def _file_of(kind: str) -> str:
    return "organisations" if kind in ("employers", "unions") else kind


def _topic(name: str, block: Block) -> Topic:
    return Topic(
        id=name,
        label=_text("topics", name, block, "label"),
        definition=_text("topics", name, block, "definition"),
        words=_words("topics", name, block),
        parent=block.get("parent", ""),
        about=_forms("topics", name, block, "about"),
        effects=_forms("topics", name, block, "effects"),
        iptc=tuple(block.get("iptc", ())),
    )


def _craft(name: str, block: Block) -> Craft:
    return Craft(
        id=name,
        label=_text("crafts", name, block, "label"),
        department=_text("crafts", name, block, "department"),
        words=_words("crafts", name, block),
        sectors=tuple(block.get("sectors", ())),
        tier=block.get("tier", 2),
        soc=tuple(block.get("soc", ())),
        isco=tuple(block.get("isco", ())),
        code_match=block.get("code_match", ""),
        unions=tuple(block.get("unions", ())),
        yields_to=tuple(block.get("yields_to", ())),
        exposure=tuple(block.get("exposure", ())),
    )


def _region(name: str, block: Block) -> Region:
    return Region(
        id=name,
        label=_text("regions", name, block, "label"),
        level=_text("regions", name, block, "level"),
        words=_words("regions", name, block),
        parent=block.get("parent", ""),
        alpha3=block.get("alpha3", ""),
    )


def _institution(number: int, block: Block) -> Institution:
    name = f"institution {number}"
    return Institution(forms=_forms("regions", name, block, "forms"), region=_text("regions", name, block, "region"))


def _employer(name: str, block: Block) -> Employer:
    return Employer(
        id=name,
        name=_text("organisations", name, block, "name"),
        words=_words("organisations", name, block),
        sectors=tuple(block.get("sectors", ())),
        country=block.get("country", ""),
        type=block.get("type", ""),
        parent=block.get("parent", ""),
        region=block.get("region", ""),
    )


def _union(name: str, block: Block) -> Union:
    return Union(
        id=name,
        name=_text("organisations", name, block, "name"),
        words=_words("organisations", name, block),
        type=block.get("type", "union"),
        country=block.get("country", ""),
        sectors=tuple(block.get("sectors", ())),
        crafts=tuple(block.get("crafts", ())),
        region=block.get("region", ""),
    )


def _word_set(name: str, block: Block) -> WordSet:
    return WordSet(
        id=name,
        definition=_text("lexicon", name, block, "definition"),
        forms=_forms("lexicon", name, block, "forms"),
        foreign=_foreign("lexicon", name, block),
    )


def _words(file: str, name: str, block: Block) -> Words:
    return Words(
        forms=_forms(file, name, block, "forms"),
        weak=_forms(file, name, block, "weak"),
        never=_forms(file, name, block, "never"),
        when=tuple(_rule(file, f"{name}.when {number}", rule) for number, rule in enumerate(block.get("when", ()), 1)),
        foreign=_foreign(file, name, block),
        must=_forms(file, name, block, "must"),
        must_not=_forms(file, name, block, "must_not"),
    )


def _rule(file: str, name: str, block: Block) -> Rule:
    for key in block.keys() - _RULE_KEYS:
        raise VocabularyError(file, name, key, f"unknown; expected one of {', '.join(sorted(_RULE_KEYS))}")
    within = block.get("within")
    if within is not None and not (isinstance(within, int) and within > 0):
        raise VocabularyError(file, name, "within", "a whole number of words above 0 is expected")
    if block.get("field", "") not in ("", "title", "summary"):
        raise VocabularyError(file, name, "field", '"title" or "summary" is expected')
    rule = Rule(
        forms=_forms(file, name, block, "forms"),
        near=_forms(file, name, block, "near"),
        within=within,
        unless=_forms(file, name, block, "unless"),
        field=block.get("field", ""),
        fallback=bool(block.get("fallback", False)),
    )
    if not rule.forms:
        raise VocabularyError(file, name, "forms", "at least one form is expected")
    if not rule.near:
        raise VocabularyError(
            file, name, "near", "at least one form is expected; without company it belongs to `forms`"
        )
    return rule


def _foreign(file: str, name: str, block: Block) -> dict[str, tuple[str, ...]]:
    return {code: _forms(file, name, block, f"forms_{code}") for code in LANGUAGES if f"forms_{code}" in block}


def _text(file: str, name: str, block: Block, key: str) -> str:
    value = block.get(key)
    if not isinstance(value, str) or not value:
        raise VocabularyError(file, name, key, "a text is expected")
    return value


def _forms(file: str, name: str, block: Block, key: str) -> tuple[str, ...]:
    value = block.get(key, ())
    if not isinstance(value, (list, tuple)) or not all(isinstance(form, str) and form.strip() for form in value):
        raise VocabularyError(file, name, key, "a list of texts, none empty, is expected")
    for form in value:
        if form.count("{") != form.count("}"):
            raise VocabularyError(file, name, key, f"{form!r} opens a brace that it does not close")
    return tuple(value)


def _check_links(vocabulary: Vocabulary) -> None:
    for file, block, key, value, known in _links(vocabulary):
        if value and value not in known:
            raise VocabularyError(file, block, key, f"{value!r} is not known; it must be the name of a block")


def _links(vocabulary: Vocabulary) -> Iterator[tuple[str, str, str, str, Mapping[str, Any]]]:
    """Every name in a block that must be the name of another."""
    for topic in vocabulary.topics.values():
        yield "topics", topic.id, "parent", topic.parent, vocabulary.topics
    for department, parent in vocabulary.department_parents.items():
        yield "crafts", "departments", department, parent, vocabulary.departments
    for craft in vocabulary.crafts.values():
        yield "crafts", craft.id, "department", craft.department, vocabulary.departments
        for other in craft.yields_to:
            yield "crafts", craft.id, "yields_to", other, vocabulary.crafts
    for region in vocabulary.regions.values():
        yield "regions", region.id, "parent", region.parent, vocabulary.regions
    for institution in vocabulary.institutions:
        yield "regions", f"institution {institution.forms[0]}", "region", institution.region, vocabulary.regions
    for employer in vocabulary.employers.values():
        yield "organisations", employer.id, "region", employer.region, vocabulary.regions
    for union in vocabulary.unions.values():
        yield "organisations", union.id, "region", union.region, vocabulary.regions
        for craft_id in union.crafts:
            yield "organisations", union.id, "crafts", craft_id, vocabulary.crafts
    yield from _set_links(vocabulary)


def _set_links(vocabulary: Vocabulary) -> Iterator[tuple[str, str, str, str, Mapping[str, Any]]]:
    blocks: list[tuple[str, Topic | Craft]] = [("topics", topic) for topic in vocabulary.topics.values()]
    blocks += [("crafts", craft) for craft in vocabulary.crafts.values()]
    dynamic = ("employer", "union", "topic", "headcount", "entertainment")
    for file, term in blocks:
        for rule in term.words.when:
            for key, forms in (("near", rule.near), ("unless", rule.unless)):
                for form in forms:
                    if form.startswith("@") and form[1:].split(".")[0] not in dynamic:
                        yield file, f"{term.id}.when", key, form[1:], vocabulary.lexicon
