"""The README tells everything that can be typed, set or asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from api.app import create_app
from api.documents import ITEM_FIELDS
from api.filters import ITEM_PARAMETERS, Reader, read_query
from api.names import make_names
from api.settings import ApiSettings
from db.settings import DatabaseSettings
from db.shapes import Failure
from db.sources import SourceName
from db.vocabulary import load_vocabulary
from scraper.cli import main
from scraper.settings import ScraperSettings
from scraper.sources import load_sources

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def commands(group: click.Group, prefix: str = "craftwatch") -> Iterator[str]:
    for name, command in group.commands.items():
        yield f"{prefix} {name}"
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")


def options(group: click.Group) -> Iterator[str]:
    for command in group.commands.values():
        yield from (option.opts[0] for option in command.params if isinstance(option, click.Option))
        if isinstance(command, click.Group):
            yield from options(command)


def settings() -> list[str]:
    classes = (ScraperSettings, DatabaseSettings, ApiSettings)
    return [f"CRAFTWATCH_{name.upper()}" for kind in classes for name in kind.model_fields]


def endpoints() -> list[str]:
    return sorted(create_app().openapi()["paths"])


@pytest.mark.parametrize("command", list(commands(main)))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`{command}" in README


@pytest.mark.parametrize("option", sorted(set(options(main))))
def test_every_option_is_in_the_readme(option: str) -> None:
    assert option in README


@pytest.mark.parametrize("setting", settings())
def test_every_setting_is_in_the_readme(setting: str) -> None:
    assert f"`{setting}`" in README


@pytest.mark.parametrize("path", endpoints())
def test_every_endpoint_is_in_the_readme(path: str) -> None:
    assert f"`{path}`" in README


@pytest.mark.parametrize("reason", [failure.value for failure in Failure])
def test_every_failure_is_in_the_readme(reason: str) -> None:
    assert f"`{reason}`" in README


def inline_parameters() -> list[str]:
    """`name=value` as it stands in the text, where name is a parameter of the lists."""
    known = "|".join(ITEM_PARAMETERS)
    return sorted(set(re.findall(rf"`((?:{known})=[^`\s]*)`", README)))


@pytest.mark.parametrize("query", inline_parameters())
def test_every_parameter_named_in_the_readme_with_a_value_can_be_asked_for(query: str) -> None:
    sources = {source.id: SourceName(source.id, source.name, source.kind) for source in load_sources()}
    names = make_names(load_vocabulary(), sources, {("language", "en"): 1, ("language", "de"): 2})
    reader = Reader(query.encode(), ITEM_PARAMETERS)
    read_query(reader, names, NOW)
    reader.choices("fields", ITEM_FIELDS)
    assert reader.faults == []


def test_the_readme_names_parameters_with_values() -> None:
    assert {"region=US", "topic=ai", "department=sound"} <= set(inline_parameters())
