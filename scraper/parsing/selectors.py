"""How sources.toml says where in a page something is: "h3 a", "time@datetime", "." or "@href"."""

from __future__ import annotations

import re

_PLACE = re.compile(r"(?P<selector>.*?)\s*(?:@(?P<attribute>[A-Za-z_][\w.:-]*))?", re.DOTALL)
_ITSELF = ("", ".")
_ONE = r"(?:[a-zA-Z][\w-]*|(?=[.#]))(?:[.#][a-zA-Z_][\w-]*)*"
_PLAIN = re.compile(rf"{_ONE}(?:\s*[\s,>]\s*{_ONE})*")  # tags, classes, ids: right, and known to be so at once


def read_place(value: str) -> tuple[str, str]:
    """A CSS selector, "" for the item itself, and the attribute behind it, "" when none is stated."""
    found = _PLACE.fullmatch(value.strip())
    selector, attribute = (found["selector"], found["attribute"] or "") if found else (value.strip(), "")
    return ("" if selector in _ITSELF else selector), attribute


def selector_fault(value: str, *, of_item: bool) -> str:
    """What is wrong with a selector as sources.toml writes it; "" when nothing is. `of_item`: "." and @ are allowed."""
    selector = read_place(value)[0] if of_item else value
    if (of_item and not selector) or _PLAIN.fullmatch(selector):
        return ""
    import soupsieve  # a third of a second, which every command would pay

    try:
        soupsieve.compile(selector)
    except soupsieve.SelectorSyntaxError as error:
        return str(error).partition("\n")[0].rstrip(":")
    return ""
