"""Numbers that an item states, with the words that state them: jobs cut, share of staff, votes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from db.shapes import Evidence, Figure
from scraper.tagging.tokens import has_digit

_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SPELLED = {word: value for value, word in enumerate((*_UNITS, *_TEENS), 1)}
_SPELLED |= {word: value * 10 for value, word in enumerate(_TENS, 2)}
_WORDS_THAT_COUNT = _SPELLED.keys() - {"one", "two"}
_FRACTIONS = {"half": 50, "third": 33, "quarter": 25, "fifth": 20, "tenth": 10, "two-thirds": 67, "three-quarters": 75}
_FRACTION_WORDS = frozenset({"half", "third", "thirds", "quarter", "quarters", "fifth", "tenth"})
NUMBER_WORDS = _FRACTION_WORDS | _SPELLED.keys()
_QUALIFIERS = {
    "about": r"about|around|approximately|approx\.?|roughly|nearly|almost|some|an estimated|estimated|close to|circa",
    "up_to": r"up to|as many as",
    "more_than": r"more than|over|upwards of|in excess of",
    "at_least": r"at least",
    "fewer_than": r"fewer than|less than|under",
}


# All patterns but the names of companies are for text in lower case: to ignore case takes three times as long.


_DIGITS = r"(?:\d{1,3}(?:[,\u202f]\d{3})+|\d+(?:\.\d+)?)(?![\d.,]*\d)(?:\s?k\b)?"
_RUN_OF_DIGITS = re.compile(r"[0-9][0-9,.]*")
_IN_DIGITS = re.compile(rf"(?<![\w.$£€#-])(?:{_DIGITS}\s*(?:-|–|to|and)\s*)?(?P<digits>{_DIGITS})")
_IN_WORDS = re.compile(
    rf"\b(?P<words>(?:{'|'.join(_TENS)})(?:-(?:{'|'.join(_UNITS)}))?|{'|'.join((*_UNITS, *_TEENS))})\b(?!-)"
)
_QUALIFIER_BEFORE = re.compile(rf"\b({'|'.join(_QUALIFIERS.values())})\s+$")

_KINDS = (
    r"(?:(?:full[- ]time|part[- ]time|contract|permanent|corporate|remaining|unioni[sz]ed|u\.?s\.?(?:[- ]based)?"
    r"|global|additional|more|other|editorial|newsroom|salaried|union|game|games|gaming|video game|studio"
    r"|tech|production|creative|company|local|news|division|of its|of the|of their|its)\s+)*"
)
# Plural only: "Destiny 2 developer" counts nobody.
_PEOPLE = (
    r"(?:jobs|roles|positions|posts|employees|staffers|staff members|staff|workers|people|developers|devs|team members"
    r"|members of staff|members|headcount|artists|animators|journalists|reporters|crew members|crew|redundancies"
    r"|layoffs|engineers|testers|contractors|musicians|colleagues|personnel|freelancers|individuals|job cuts"
    r"|job losses|editors|writers|executives|managers)\b"
)
_PEOPLE_AFTER = re.compile(
    rf"\+?(?: or so)?[\s-]+{_KINDS}{_PEOPLE}|-(?:person|job|employee)\s(?:layoffs?|job cuts?|redundanc(?:y|ies))\b"
)
_CUT_AFTER = re.compile(
    r"\+?\s+(?:were |are |have been |being |to be )?(?:laid off|let go|made redundant|affected|impacted|furloughed)\b"
)
_CUT_BEFORE = re.compile(
    r"\b(?:lay(?:s|ing)? off|laid off|lets? go(?: of)?|letting go(?: of)?|sack(?:s|ed)?|furlough(?:s|ed)?|sheds?"
    r"|axe[sd]?|layoffs of|layoffs (?:affect|hit|impact)(?:s|ing)?|jobs? cuts? of|cuts)\s+$"
)
_UNIT_AFTER = re.compile(
    r"\s*(?:%|per ?cent|years?|million|billion|m\b|bn\b|days?|weeks?|months?|hours?|minutes?|-|episodes?|seasons?"
    r"|shows?|films?|games?|series|studios?|channels?|st\b|nd\b|th\b|of the|titles?|projects?|offices?|stores?)"
)
_CUT = re.compile(
    r"\b(?:la(?:y|ys|id|ying)[- ]?offs?|la(?:y|ys|id|ying)\b[^.]{0,60}?\boff|lay-?offs?|cut(?:s|ting)?"
    r"|cull(?:s|ed|ing)?|ax(?:e|es|ed|ing)?|slash(?:es|ed|ing)?|trim(?:s|med|ming)?|shed(?:s|ding)?|eliminat(?:e|es|ed|ing)"
    r"|let(?:s|ting)?(?: \S+){0,6}? go|sack(?:s|ed|ing)?|fir(?:e|es|ed|ing)|redundan(?:t|cy|cies)|job loss(?:es)?"
    r"|furlough(?:s|ed|ing)?|at risk|to go|lost|reduc(?:e|es|ed|ing|tions?)|downsiz(?:e|es|ed|ing)|impact(?:s|ed|ing)?"
    r"|affect(?:s|ed|ing)?|los(?:e|es|ing)|loss of|out of work|dismiss(?:es|ed|ing)?|part(?:s|ed|ing)? ways"
    r"|clos(?:e|es|ed|ing|ure)|shut(?:s|ting|ter|ters|tered)?|jobless|unemployed|depart(?:s|ed|ing)?|buyouts?|going"
    r"|scrap(?:s|ped)?|drop(?:s|ped)?)\b"
)
# People who stay, join or are counted as a whole: "employs 300", "of its 2,500 staff", "hires 40 artists".
_NOT_CUT_BEFORE = re.compile(
    r"(?:\bemploy(?:s|ed|ing)?|\bwith a staff of|\bcompany of|\bteam of|\bworkforce of|\bhad|\bhas|\bhave"
    r"|\bof (?:its|the|their|some|about|around|roughly|more than|over|nearly|approximately)|\bout of|\bcurrently"
    r"|\bhir(?:e|es|ed|ing)|\bcreat(?:e|es|ed|ing)|\badd(?:s|ed|ing)?|\brepresent(?:s|ed|ing)?|\bunioni[sz]\w*"
    r"|\bone in)\s*$"
)
_WORKFORCE = (
    r"(?:staff|work ?force|employees|head ?count|jobs|roles|team|studio|company|workers|positions|employee base|people"
    r"|personnel|developers|newsroom|payroll)\b"
)
_OWN = (
    r"(?:(?:of|its|the|their|all|global|total|our|entire|worldwide|overall|current|editorial|his|full-time|u\.?s\.?"
    r"|development|remaining|corporate|\w+['’]s?)\s+)*"
)
_PERCENT_AFTER = re.compile(rf"\s?(?:%|per ?cent|percent)\s+{_OWN}{_WORKFORCE}")
_PERCENT = re.compile(r"\s?(?:%|per ?cent)")
_WORKFORCE_BEFORE = re.compile(
    rf"\b(?:workforce|staff|headcount|jobs|team)\s+(?:reduction\s+)?(?:cuts?\s+)?(?:by|of)\s+"
    rf"(?:(?:{'|'.join(_QUALIFIERS.values())})\s+)?$"
)
_FRACTION = re.compile(
    rf"(?:\b(?:a|one)[- ])?\b(half|two[- ]thirds|three[- ]quarters|third|quarter|fifth|tenth)\s+{_OWN}{_WORKFORCE}"
)
_VOTE_CUE = re.compile(
    r"\b(?:ratif\w+|approv\w+|vot(?:e|es|ed|ing)|authori[sz]\w+|ballot\w*|reject\w*|in favou?r|unioni[sz]e|strike)\b"
)
_TURNOUT = re.compile(r"\bturn-?out\b")
_NUMBERED_NAME = re.compile(r"(?<!\w)\d+ (?:Industries|Studios?|Entertainment|Pictures|Productions)\b")
_SENTENCE_END = re.compile(r"[.!?](?<=\w{3}.)(?=\s)")  # looks behind second: what begins with a set is found faster
_STATUS = (
    ("rumoured", re.compile(r"\b(?:rumou?r\w*|reportedly|fear\w*|could|may|might|bracing|brace[sd]?)\b")),
    ("reported", re.compile(r"\b(?:according to|sources|report(?:s|ed)?)\b")),
    ("planned", re.compile(r"\b(?:plan(?:s|ned|ning)?|to cut|to lay|to axe|propos\w+|will|set to|at risk|to go)\b")),
    ("announced", re.compile(r"\b(?:announc\w+|confirm\w*|says|said|lays off|laid off|cuts?)\b")),
)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number in a text; `start` includes its qualifier, `end` the noun that it counts."""

    value: float
    qualifier: str
    start: int
    digits: int  # where the number itself starts
    end: int


def may_count(text: str, words: Iterable[str]) -> bool:
    """Whether a text of these words (in lower case) could hold a number or a fraction."""
    return not NUMBER_WORDS.isdisjoint(words) or has_digit(text.encode("utf-8", "replace"))


def headcounts(field: str, text: str, item: str = "") -> list[Figure]:
    """Jobs that go, in the order of the text; numbers of people who stay or join are left out.

    `item` is all that the item says, where a number may turn out to be a company's name.
    """
    lowered = _lowered(text)
    return [
        _figure("headcount", field, text, lowered, each)
        for each in _counts(lowered)
        if _is_count(lowered, each) and not _is_name(item or text, each)
    ]


def most_exact_first(counts: list[Figure]) -> list[Figure]:
    """The first count leads, unless it is loose ("over 100", "almost 900") and a later one is closer ("121", "870")."""
    if not counts or (not counts[0].qualifier and "+" not in counts[0].evidence.text):
        return counts
    first = counts[0]
    low, high = (
        (first.value, first.value * 1.5) if first.qualifier != "about" else (first.value * 0.9, first.value * 1.1)
    )
    closer = [each for each in counts[1:] if low <= each.value <= high and _zeros(each.value) < _zeros(first.value)]
    best = max(closer, key=lambda each: each.value, default=None)
    return [best, *(each for each in counts if each is not best)] if best else counts


def _zeros(value: float) -> int:
    digits = str(int(value))
    return len(digits) - len(digits.rstrip("0"))


def staff_shares(field: str, text: str) -> list[Figure]:
    """Percent of a staff that goes."""
    lowered = _lowered(text)
    found = [each for each in (*_percentages(lowered), *_fractions(lowered)) if each.value <= 100]
    return [
        _figure("headcount_pct", field, text, lowered, each) for each in found if _CUT.search(_sentence(lowered, each))
    ]


def votes(field: str, text: str) -> list[Figure]:
    """Percent of a ballot, or of those who took part in it."""
    if not _has_percent(text):
        return []
    figures, lowered = [], _lowered(text)
    for match in _numbers(lowered):
        percent = _PERCENT.match(lowered, match.end())
        if not percent or not _VOTE_CUE.search(lowered[max(0, match.start() - 60) : percent.end() + 60]):
            continue
        around = lowered[max(0, match.start() - 25) : percent.end() + 25]
        number = _Number(_value(match), "", match.start(), match.start(), percent.end())
        if number.value <= 100:
            kind = "turnout_pct" if _TURNOUT.search(around) else "vote_pct"
            figures.append(_figure(kind, field, text, lowered, number))
    return figures


def _lowered(text: str) -> str:
    """In lower case, every character where it was."""
    lowered = text.lower()
    if len(lowered) != len(text):  # İ becomes two
        return "".join(each.lower() if len(each.lower()) == 1 else each for each in text)
    return lowered


def _numbers(text: str, spelled: Set[str] = _SPELLED.keys()) -> list[re.Match[str]]:
    """Every number in digits or words, in the order of the text; in words only if it has one of `spelled`."""
    found = _in_digits(text)
    if _holds(text, spelled):
        found += _IN_WORDS.finditer(text)
        found.sort(key=lambda match: match.start())
    return found


def _in_digits(text: str) -> list[re.Match[str]]:
    """Numbers in digits; to look for a digit first is five times as fast as to try the pattern everywhere."""
    found: list[re.Match[str]] = []
    for digit in _RUN_OF_DIGITS.finditer(text):
        if not found or digit.start() >= found[-1].end():
            number = _IN_DIGITS.match(text, digit.start())
            if number:
                found.append(number)
    return found


def _holds(text: str, words: Set[str]) -> bool:
    return not words.isdisjoint(text.replace("-", " ").split())


def _counts(text: str) -> Iterator[_Number]:
    """Numbers of people; "one" and "two" count nobody."""
    for match in _numbers(text, _WORDS_THAT_COUNT):
        after = _PEOPLE_AFTER.match(text, match.end()) or _CUT_AFTER.match(text, match.end())
        if after or (match.re is _IN_DIGITS and _is_bare_count(text, match)):
            yield _number(text, _value(match), match.start(), after.end() if after else match.end())


def _is_bare_count(text: str, match: re.Match[str]) -> bool:
    """ "Lays off 75": nothing is counted, but the verb says that people are."""
    before = _without_qualifier(text[max(0, match.start() - 50) : match.start()])
    return _CUT_BEFORE.search(before) is not None and _UNIT_AFTER.match(text, match.end()) is None


def _has_percent(text: str) -> bool:
    return "%" in text or "cent" in text


def _fractions(text: str) -> Iterator[_Number]:
    for match in _FRACTION.finditer(text) if _holds(text, _FRACTION_WORDS) else ():
        yield _number(text, _FRACTIONS[match[1].replace(" ", "-")], match.start(), match.end())


def _percentages(text: str) -> Iterator[_Number]:
    for match in _numbers(text) if _has_percent(text) else ():
        after = _PERCENT_AFTER.match(text, match.end())
        if not after and _WORKFORCE_BEFORE.search(text[max(0, match.start() - 60) : match.start()]):
            after = _PERCENT.match(text, match.end())
        if after:
            yield _number(text, _value(match), match.start(), after.end())


def _is_count(text: str, number: _Number) -> bool:
    if number.value < 3 or number.value != int(number.value):
        return False
    if _looks_like_year(text, number):
        return False
    if _NOT_CUT_BEFORE.search(text[max(0, number.start - 40) : number.start]):
        return False
    return _CUT.search(_sentence(text, number)) is not None


def _looks_like_year(text: str, number: _Number) -> bool:
    return 1950 <= number.value <= 2040 and text[number.digits : number.digits + 4].isdigit()


def _is_name(text: str, number: _Number) -> bool:
    """343 Industries, 38 Studios: the number belongs to a company."""
    digits, place = f"{int(number.value)} ", -1
    while (place := text.find(digits, place + 1)) >= 0:
        if _NUMBERED_NAME.match(text, place):
            return True
    return False


def _number(text: str, value: float, start: int, end: int) -> _Number:
    qualifier = _QUALIFIER_BEFORE.search(text, max(0, start - 20), start)
    if not qualifier:
        return _Number(value, "", start, start, end)
    return _Number(value, _qualifier(qualifier[1]), qualifier.start(), start, end)


def _without_qualifier(text: str) -> str:
    return _QUALIFIER_BEFORE.sub("", text)


def _qualifier(words: str) -> str:
    return next(name for name, pattern in _QUALIFIERS.items() if re.fullmatch(pattern, words))


def _value(match: re.Match[str]) -> float:
    """1,900 → 1900; 2K → 2000; twenty-five → 25."""
    if match.re is _IN_WORDS:
        return sum(_SPELLED[part] for part in match["words"].split("-"))
    digits = match["digits"]
    factor = 1000 if digits.endswith("k") else 1
    return float(digits.rstrip("k ").replace(",", "").replace("\u202f", "")) * factor


def _sentence(text: str, number: _Number) -> str:
    """The sentence around a number, 120 characters to each side at most."""
    low, high = max(0, number.start - 120), min(len(text), number.end + 120)
    ends = [match.end() for match in _SENTENCE_END.finditer(text, low, high)]
    start = max([low, *(end for end in ends if end <= number.start)])
    stop = min([high, *(end for end in ends if end >= number.end)])
    return text[start:stop]


def _figure(kind: str, field: str, text: str, lowered: str, number: _Number) -> Figure:
    sentence = _sentence(lowered, number)
    status = next((name for name, pattern in _STATUS if pattern.search(sentence)), "") if "head" in kind else ""
    evidence = Evidence(field, number.start, number.end, text[number.start : number.end], f"figures/{kind}/pattern")
    return Figure(kind, number.value, number.qualifier, status, evidence)
