"""How far a list can be trusted to be all there was, in one sentence and its particulars."""

from __future__ import annotations

from dataclasses import dataclass

from api.dependencies import Context
from api.pages import words
from api.pages.answering import FRESH_SECONDS
from api.pages.views import View
from db.archive import SECONDS_PER_DAY, Snapshot
from db.coverage import Watched, watch_of

DAYS = 7  # of a view that names no dates


@dataclass(frozen=True, slots=True)
class Coverage:
    """`complete` says that no source was blind at any time."""

    sentence: str
    particulars: list[str]
    complete: bool


def cover(context: Context, snapshot: Snapshot, view: View) -> Coverage:
    wanted = view.query.filter
    end = wanted.end if wanted.end is not None else _end_of_step(context.moment().timestamp())
    start = end - DAYS * SECONDS_PER_DAY if wanted.start is None else wanted.start // FRESH_SECONDS * FRESH_SECONDS
    watched = watch_of(snapshot, wanted, start, end, context.checks)
    if not watched and not snapshot.one("SELECT count(*) FROM source WHERE enabled"):
        asked = snapshot.one("SELECT max(id) FROM fetch_log") is not None
        state = "No source is watched any more" if asked else "No source has been asked yet"
        return Coverage(f"{state}, so an empty list here says nothing.", [], False)
    window = "in this time" if wanted.start is not None else f"in the last {DAYS} days"
    return in_words(watched, window)


def last_days(context: Context) -> tuple[int, int]:
    """From when to when the last DAYS days are, in seconds since 1970."""
    end = _end_of_step(context.moment().timestamp())
    return end - DAYS * SECONDS_PER_DAY, end


def _end_of_step(moment: float) -> int:
    """Windows move with the clock by FRESH_SECONDS, so that many views ask for the checks of the same one."""
    return (int(moment) // FRESH_SECONDS + 1) * FRESH_SECONDS


def in_words(watched: list[Watched], window: str) -> Coverage:
    if not watched:
        return Coverage(
            "None of the sources we watch may have such items, so an empty list here says little.", [], False
        )
    blind = [one for one in watched if one.state == "blind"]
    partly = [one for one in watched if one.state == "partly blind"]
    well = len(watched) - len(blind) - len(partly)
    if len(watched) == 1:
        how = "could not be read" if blind else "could not be read all the time" if partly else "could be read"
        sentence = f"The one source that may have such news {how} {window}."
    else:
        sentence = f"{well} of the {len(watched)} sources that may have such news could be read {window}."
        gaps = [f"{len(blind)} could not"] * bool(blind) + [f"{len(partly)} not all the time"] * bool(partly)
        sentence += f" {', '.join(gaps)}." if gaps else ""
    if not any(one.proven for one in watched):
        sentence += " None of them has ever had such an item."
    if blind or partly:
        sentence += " There may be news that we did not see."
    return Coverage(sentence, [_particulars(one) for one in (*blind, *partly)], not blind and not partly)


def _particulars(one: Watched) -> str:
    since = f", last read {words.short_day(one.since)}" if one.since is not None else ", not read yet"
    times = "" if one.state == "blind" else f" ({one.failed} of {one.checks} times)"
    return f"{one.name}: {words.reason(one.reason)}{times}{since}"
