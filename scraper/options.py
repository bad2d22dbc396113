"""Settings that are options of a command as well: their values, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import click


class OptionSetting(NamedTuple):
    """What a variable makes of its option: the default where it is not set, or has a `fault`."""

    value: Any
    fault: str = ""


def settings_of_options(command: click.Command, environment: Mapping[str, str]) -> dict[str, OptionSetting]:
    """By name, of a command and all below it."""
    settings = {
        str(option.envvar): _setting_of(option, environment.get(str(option.envvar)))
        for option in command.params
        if option.envvar
    }
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        settings |= settings_of_options(below, environment)
    return settings


def _setting_of(option: click.Parameter, text: str | None) -> OptionSetting:
    if not text:
        return OptionSetting(option.default)
    try:
        return OptionSetting(option.type.convert(text, option, None))
    except click.BadParameter as error:
        return OptionSetting(option.default, error.message)
