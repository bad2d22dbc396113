"""From an address that asks for something wrong to the addresses that may have been meant."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl

from api.filters import LIST_PARAMETERS
from api.links import query_string
from api.problems import Fault

_DATES = frozenset({"from", "to", "window"})  # of which one may be wrong because of another


def meant(path: str, query: bytes, fault: Fault) -> list[tuple[str, str]]:
    """(name, address) of what is near the fault; "" for an address that cannot be made of it."""
    return [(near, _mended(path, query, fault, near)) for near in fault.nearest]


def without(path: str, query: bytes, faults: Iterable[Fault]) -> str:
    """The address without what is wrong in its query; "" where nothing is, or where nothing else is asked."""
    wrong = {fault.parameter for fault in faults}
    wrong |= _DATES if wrong & _DATES else set()
    pairs = _pairs(query)
    kept = [(name, value) for name, value in pairs if name not in wrong]
    return f"{path}?{query_string(kept)}" if kept and len(kept) < len(pairs) else ""


def _mended(path: str, query: bytes, fault: Fault, near: str) -> str:
    if not fault.detail:  # it is the last part of the path that is wrong
        return f"{path.rpartition('/')[0]}/{near}"
    pairs = _pairs(query)
    if fault.parameter not in LIST_PARAMETERS and near in LIST_PARAMETERS:
        mended = [(near if name == fault.parameter else name, value) for name, value in pairs]
    else:
        mended = [
            (name, _replaced(value, fault.value, near) if name == fault.parameter else value) for name, value in pairs
        ]
    return f"{path}?{query_string(mended)}" if mended != pairs else ""


def _replaced(value: str, word: str, near: str) -> str:
    """With another word in a comma list, which may be negated."""
    parts = [part.strip() for part in value.split(",")]
    return ",".join(f"{'-' * word.startswith('-')}{near}" if part == word else part for part in parts)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode("utf-8", "replace"), keep_blank_values=True)
