"""A view: a filter as the address bar holds it, its menus, and the addresses of its neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from starlette.requests import Request

from api.dependencies import Context
from api.filters import LIST_PARAMETERS, Query, Reader, describe, read_query, window_start
from api.links import query_string
from api.names import AXES, Names
from api.pages.answering import Elsewhere
from api.pages.words import counted, number
from db.archive import Snapshot
from db.filters import Filter
from db.recent import NEWEST, count_since
from db.tracking import TRACKING

PER_PAGE = 25
WINDOWS = {
    "P1D": "the last 24 hours",
    "P7D": "the last 7 days",
    "P30D": "the last 30 days",
    "P90D": "the last 90 days",
    "P1Y": "the last year",
}
IN_THE_FORM = ("q", "topic", "craft", "region", "window", "from", "to")
LABELS = {
    "topic": "Topic",
    "craft": "Craft",
    "department": "Department",
    "sector": "Sector",
    "region": "Region",
    "union": "Union",
    "employer": "Employer",
    "source": "Source",
    "exclude_source": "Without source",
    "lang": "Language",
    "q": "Words",
    "from": "From",
    "to": "To",
    "window": "Time",
    "changed_since": "Changed since",
    "min_confidence": "Confidence from",
    "tracked": "Tracked",
}
_PLACE = ("cursor", "limit", "sort")  # what says where in the list, not which list
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class View:
    """`pairs`: the parameters given, empty ones and the place in the list left out."""

    query: Query
    names: Names
    pairs: Pairs
    place: Pairs = ()  # type: ignore[assignment]  # an empty one is never written to

    @property
    def title(self) -> str:
        """What is asked for, "" for nothing; a heading, so no fragment such as "in California"."""
        said = describe(self.query.filter, self.names, self.value("window"))
        return f"News {said}" if said.startswith(("in ", "from ", "with ")) else said[:1].upper() + said[1:]

    def value(self, parameter: str) -> str:
        """The value of a parameter of the form; of several, which all are to hold, the last."""
        return next((value for name, value in reversed(self.pairs) if name == parameter), "")

    def address(self, path: str = "/", changes: Mapping[str, str | None] | None = None) -> str:
        """This view with some parameters set (or, where None, taken away), from its beginning."""
        changes = changes or {}
        kept = [(name, value) for name, value in self.pairs if name not in changes]
        return _address(path, [*kept, *((name, value) for name, value in changes.items() if value)])

    def instead(self, parameter: str, code: str) -> str:
        """The list of this view with another value in the place of the last of a parameter."""
        place = max(place for place, (name, _) in enumerate(self.pairs) if name == parameter)
        return _address("/", [*self.pairs[:place], (parameter, code), *self.pairs[place + 1 :]])

    def without(self, place: int) -> str:
        """The list of this view without one of its pairs."""
        return _address("/", [*self.pairs[:place], *self.pairs[place + 1 :]])

    def narrowed(self, *terms: tuple[str, str], dates: tuple[str, str] | None = None) -> str:
        """The list of this view's items that also are under all of these (parameter, code).

        `dates`: of these days (ISO 8601), the last included, in the place of its own.
        """
        pairs = self.pairs
        if dates:
            pairs = [pair for pair in pairs if pair[0] not in ("window", "from", "to")]
            pairs += zip(("from", "to"), dates, strict=True)
        return _address("/", [*pairs, *(term for term in terms if term not in pairs)])

    def at(self, cursor: str) -> str:
        return self.address("/", {**dict(self.place), "cursor": cursor or None})


def _address(path: str, pairs: Pairs) -> str:
    query = query_string(pairs)
    return f"{path}{'?' if query else ''}{query}"


def read_view(request: Request, context: Context, names: Names, known: Iterable[str] = ()) -> View:
    """`known`: parameters of this page besides those of lists. Raises Problem, or Elsewhere for a tidier address."""
    reader = Reader(request.scope["query_string"], (*LIST_PARAMETERS, *known))
    tidy = _tidy(reader.pairs)
    if tidy != reader.pairs:
        raise Elsewhere(_address(request.scope["path"], tidy))
    query = read_query(reader, names, context.moment())
    reader.finish()
    if "limit" not in reader.values:
        query = replace(query, limit=PER_PAGE)
    own = (*_PLACE, *known)
    pairs = [(name, value) for name, value in query.pairs if name not in own]
    place = [(name, value) for name, value in query.pairs if name in _PLACE and name != "cursor"]
    return View(query, names, pairs, place)


def plain_view(context: Context, names: Names, **terms: str) -> View:
    """The view of these terms alone, as if it had been asked for."""
    reader = Reader(query_string(terms.items()).encode(), LIST_PARAMETERS)
    query = read_query(reader, names, context.moment())
    reader.finish()
    return View(query, names, list(terms.items()))


def _tidy(pairs: Pairs) -> Pairs:
    """Without what a form sends of fields left empty, and what others hang on a link; dates win over a window."""
    kept = [(name, value) for name, value in pairs if value.strip() and not TRACKING.fullmatch(name)]
    if any(name in ("from", "to") for name, _ in kept) and any(name == "from" for name, _ in kept):
        kept = [(name, value) for name, value in kept if name != "window"]
    return kept


class Choice(NamedTuple):
    """A line of a menu."""

    value: str
    text: str
    chosen: bool = False


class Group(NamedTuple):
    """Lines of a menu under one heading; "" for none."""

    label: str
    choices: list[Choice]


class Menu(NamedTuple):
    """A menu of the form: `any_label` stands first and asks nothing."""

    name: str
    label: str
    any_label: str
    groups: list[Group]
    chosen: bool


class Chip(NamedTuple):
    """A part of the filter that can be taken away."""

    label: str
    text: str
    without: str


def make_menus(context: Context, snapshot: Snapshot, view: View) -> list[Menu]:
    """Topic, craft, region and time, with counts under the rest of the filter; every craft, whatever its count."""
    tallies = {axis: _tally(context, snapshot, view, axis) for axis in ("topic", "craft", "region")}
    vocabulary = context.vocabulary
    crafts: dict[str, list[Choice]] = {label: [] for label in vocabulary.departments.values()}
    chosen = view.value("craft")
    for craft in vocabulary.crafts.values():
        department = vocabulary.departments.get(craft.department, craft.department)
        crafts.setdefault(department, []).append(_choice(view.names, "craft", craft.id, 0, tallies["craft"], chosen))
    topics = [(code, 1 if topic.parent else 0) for code, topic in vocabulary.topics.items()]
    regions = _region_order(context, tallies["region"])
    return [
        _menu(view, "topic", "All topics", [Group("", _choices(view, "topic", topics, tallies["topic"]))]),
        _menu(view, "craft", "All crafts", [Group(label, listed) for label, listed in crafts.items() if listed]),
        _menu(view, "region", "All regions", [Group("", _choices(view, "region", regions, tallies["region"]))]),
        _time_menu(context, snapshot, view),
    ]


def make_chips(view: View) -> list[Chip]:
    return [
        Chip(LABELS.get(name, name), _in_words(view, name, value), view.without(place))
        for place, (name, value) in enumerate(view.pairs)
    ]


def total_in_words(context: Context, snapshot: Snapshot, wanted: Filter) -> str:
    """65 items; where nobody counted them, more than 2,000 items."""
    total = context.newest.total(snapshot, wanted)
    if total is None:
        return f"more than {NEWEST:,} items"
    return counted(total.items, "item", is_estimate=total.is_estimate)


def looser(context: Context, snapshot: Snapshot, view: View) -> list[tuple[Chip, str]]:
    """For an empty list: each part of the filter with what there is without it."""
    found = []
    for place, chip in enumerate(make_chips(view)):
        wanted = _without(context, view, place)
        if wanted is not None and context.newest.of(snapshot, wanted).items:
            found.append((chip, total_in_words(context, snapshot, wanted)))
    return found


def hidden_fields(view: View) -> Pairs:
    """What the form passes on: that which it has no field for, and all but the last of what is asked more than once."""
    last = {name: place for place, (name, _) in enumerate(view.pairs)}
    return [pair for place, pair in enumerate(view.pairs) if pair[0] not in IN_THE_FORM or last[pair[0]] != place]


def _without(context: Context, view: View, place: int) -> Filter | None:
    """None where what is left asks nothing sensible, such as a confidence of no term."""
    pairs = [*view.pairs[:place], *view.pairs[place + 1 :]]
    reader = Reader(query_string(pairs).encode(), LIST_PARAMETERS)
    query = read_query(reader, view.names, context.moment())
    return None if reader.faults else query.filter


def _in_words(view: View, name: str, value: str) -> str:
    if name == "window":
        return WINDOWS.get(value, value)
    axis = AXES.get(name, "source" if name == "exclude_source" else "")
    if not axis:
        return value
    codes = [code.strip() for code in value.split(",") if code.strip()]
    labels = {code: _label(view, axis, code) for code in codes}
    wanted = " or ".join(label for code, label in labels.items() if not _is_unwanted(view, axis, code))
    return ", ".join([*filter(None, [wanted]), *(labels[code] for code in codes if _is_unwanted(view, axis, code))])


def _is_unwanted(view: View, axis: str, word: str) -> bool:
    return word.startswith("-") and view.names.find(axis, word) is None


def _label(view: View, axis: str, word: str) -> str:
    code = view.names.find(axis, word)
    if code is None and word.startswith("-"):
        return f"not {view.names.label(axis, view.names.find(axis, word[1:]) or word[1:])}"
    return view.names.label(axis, code or word)


class _Tally(NamedTuple):
    """Items by code; where not `complete`, of the newest only, and there may be more under any code."""

    counts: Mapping[str, int]
    complete: bool


def _tally(context: Context, snapshot: Snapshot, view: View, axis: str) -> _Tally:
    recent = context.newest.of(snapshot, _rest(context, view, axis), axis)
    return _Tally(recent.counts(axis), recent.complete)


def _rest(context: Context, view: View, axis: str) -> Filter:
    """What is asked besides the menu of an axis, which stands for the last that is asked of it."""
    place = next((place for place in reversed(range(len(view.pairs))) if view.pairs[place][0] == axis), None)
    rest = None if place is None else _without(context, view, place)
    return rest if rest is not None else view.query.filter.without({axis})


def _choices(view: View, parameter: str, codes: Iterable[tuple[str, int]], tally: _Tally) -> list[Choice]:
    """Those that have items or may have, and the one that is chosen."""
    chosen, axis = view.value(parameter), AXES[parameter]
    return [
        _choice(view.names, axis, code, depth, tally, chosen)
        for code, depth in codes
        if tally.counts.get(code) or code == chosen or (not tally.complete and (axis, code) in view.names.filed)
    ]


def _choice(names: Names, axis: str, code: str, depth: int, tally: _Tally, chosen: str) -> Choice:
    items = tally.counts.get(code)
    if items is None and (tally.complete or (axis, code) not in names.filed):
        items = 0
    return Choice(code, _line(names.label(axis, code), items, depth), code == chosen)


def _line(label: str, items: int | None, depth: int = 0) -> str:
    """`items` is None where it is not known. An option has room for words alone, so depth is room before them."""
    return "\u2002" * depth + label + ("" if items is None else f" ({number(items)})")


def _menu(view: View, name: str, any_label: str, groups: list[Group]) -> Menu:
    """Where the filter asks something that no line says, a line is added that keeps it."""
    value = view.value(name)
    if value and not any(choice.chosen for group in groups for choice in group.choices):
        groups = [Group("", [Choice(value, _in_words(view, name, value), True)]), *groups]
    return Menu(name, LABELS[name], any_label, groups, bool(value))


def _time_menu(context: Context, snapshot: Snapshot, view: View) -> Menu:
    value, others = view.value("window"), replace(view.query.filter, start=None)
    counts = count_since(snapshot, others, [window_start(window, others.end, context.moment()) for window in WINDOWS])
    lines = [
        Choice(code, _line(label.capitalize(), items), code == value)
        for (code, label), items in zip(WINDOWS.items(), counts, strict=True)
    ]
    return _menu(view, "window", "Any time", [Group("", lines)])


def _region_order(context: Context, tally: _Tally) -> list[tuple[str, int]]:
    """Countries by how much there is of them, each followed by what it contains; of those that may have items."""
    regions = context.vocabulary.regions
    children: dict[str, list[str]] = {}
    for code in filter(regions.__contains__, tally.counts) if tally.complete else regions:
        children.setdefault(regions[code].parent, []).append(code)
    ordered: list[tuple[str, int]] = []

    def add(parent: str, depth: int) -> None:
        for code in sorted(children.get(parent, ()), key=lambda code: -tally.counts.get(code, 0)):
            ordered.append((code, depth))
            add(code, depth + 1)

    add("", 0)
    return ordered
