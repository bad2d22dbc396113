"""Numbers, moments and codes as a reader says them."""

from __future__ import annotations

from datetime import UTC, datetime

from db.shapes import Failure


def day(seconds: int) -> str:
    """Tuesday 24 November 2026."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%A} {moment.day} {moment:%B %Y}"


def short_day(seconds: int) -> str:
    """24 Nov."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.day} {moment:%b}"


def month(seconds: int) -> str:
    """November 2026."""
    return f"{datetime.fromtimestamp(seconds, UTC):%B %Y}"


def moment(seconds: int | None) -> str:
    """24 November 2026, 08:30 UTC."""
    if seconds is None:
        return "never"
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def stamp(seconds: int) -> str:
    """What <time datetime> takes."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def number(value: float, is_estimate: bool = False) -> str:
    """1,234; an estimate is said to be one."""
    return f"{'about ' if is_estimate else ''}{value:,.0f}"


def short(value: int) -> str:
    """As wide as a column is on a phone: 987, 1.24k, 12.4k."""
    return str(value) if value < 1_000 else f"{value / 1_000:.3g}k" if value < 1_000_000 else f"{value / 1e6:.3g}m"


def counted(items: int, one: str, many: str = "", is_estimate: bool = False) -> str:
    """1 item, 2 items, about 3,000 items."""
    return f"{number(items, is_estimate)} {one if items == 1 else many or f'{one}s'}"


def sentence(text: str) -> str:
    """With a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def listed(names: list[str], most: int = 3) -> str:
    """A, B and 4 more."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def reason(code: str | None) -> str:
    """Why a source gave nothing, for somebody who does not run servers."""
    return REASONS.get(code or "", (code or "unknown").replace("_", " "))


REASONS = {
    Failure.DNS: "its address could not be found",
    Failure.TLS: "its certificate could not be trusted",
    Failure.CONNECT: "its server could not be reached",
    Failure.TIMEOUT: "its server took too long",
    Failure.TOO_LARGE: "its feed is too large",
    Failure.TRUNCATED: "its feed broke off",
    Failure.HTTP_4XX: "its feed was not there",
    Failure.BLOCKED: "it refuses to be read by programs",
    Failure.CHALLENGE: "it asks visitors to prove that they are human",
    Failure.HTTP_5XX: "its server had an error",
    Failure.RATE_LIMITED: "it asked us to come less often",
    Failure.GONE: "its feed has been taken down for good",
    Failure.HTML_NOT_FEED: "it sent a web page instead of its feed",
    Failure.NOT_A_FEED: "what it sent is no feed",
    Failure.PARSE_TIMEOUT: "its feed took too long to read",
    Failure.PARSE_FAILED: "its feed could not be read",
    Failure.EMPTY: "its feed was empty",
    Failure.REFUSED_ADDRESS: "its address is not a public one",
    Failure.SELECTOR_MATCHED_NOTHING: "its page has changed",
    "stopped": "it has ended",
    "not checked": "it has not been asked",
}

QUALIFIERS = {
    "": "",
    "about": "about ",
    "more_than": "more than ",
    "up_to": "up to ",
    "fewer_than": "fewer than ",
    "at_least": "at least ",
}

STATUSES = {"": "", "announced": "announced", "planned": "planned", "reported": "reported", "rumoured": "rumoured"}

STAGES = {
    "talks": "talks",
    "deadline": "deadline",
    "strike-authorisation": "strike vote",
    "strike": "strike",
    "tentative": "tentative agreement",
    "ratification": "ratification",
}


def confidence(value: float, implied: bool) -> str:
    """The steps of the tagger's scale (db/vocabulary)."""
    if implied:
        return "follows from another tag"
    if value >= 0.95:
        return "very sure: said outright in the title"
    if value >= 0.85:
        return "sure: said outright in the summary"
    if value >= 0.75:
        return "fairly sure: words of the title taken together"
    if value >= 0.65:
        return "less sure: words taken together, in the summary"
    return "unsure"
