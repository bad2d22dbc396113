"""Numbers that an item states, with the words that state them: jobs cut, share of staff, votes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from db.shapes import Evidence, Figure

_WORD_VALUES = {
    word: value
    for value, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
        " eighteen nineteen twenty".split(),
        1,
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_FRACTIONS = {"half": 50, "third": 33, "quarter": 25, "fifth": 20, "tenth": 10, "two-thirds": 67, "three-quarters": 75}
_QUALIFIERS = {
    "about": "about|around|approximately|approx\\.?|roughly|nearly|almost|some|an estimated|estimated|close to|circa|~",
    "up_to": "up to|as many as",
    "more_than": "more than|over|upwards of|in excess of",
    "at_least": "at least",
    "fewer_than": "fewer than|less than|under",
}

_DIGITS = r"\d{1,3}(?:[,\u202f]\d{3})+|\d+(?:\.\d+)?"
_START = r"(?<![\w.$£€#-])"
_NUMBER = rf"(?:{_DIGITS})(?![\d.,]*\d)(?:\s?[kK]\b)?"
_SPELLED = r"\b(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-\w+)?|" + "|".join(_WORD_VALUES) + r")\b"
_QUALIFIER = rf"(?P<qualifier>{'|'.join(_QUALIFIERS.values())})\s+"
_RANGE = rf"{_START}(?:(?:{_DIGITS})\s*(?:-|–|to|and)\s*)?"
_KINDS = (
    r"(?:(?:full[- ]time|part[- ]time|contract|permanent|corporate|remaining|unioni[sz]ed|U\.?S\.?(?:[- ]based)?|global|additional|more|other"
    r"|editorial|newsroom|salaried|union|game|gaming|video game|studio|tech|production|creative|company|local|news|of its|of the|of their|its)\s+)*"
)
# Plural only: "Destiny 2 developer" counts nobody.
_PEOPLE = (
    r"(?:jobs|roles|positions|posts|employees|staffers|staff members|staff|workers|people|developers|devs|team members"
    r"|members of staff|members|headcount|artists|animators|journalists|reporters|crew members|crew|redundancies|layoffs"
    r"|engineers|testers|contractors|musicians|colleagues|personnel|freelancers|individuals|job cuts|job losses|editors"
    r"|writers|executives|managers)"
)
_CUT = (
    r"(?:la(?:y|ys|id|ying)[- ]?offs?|la(?:y|ys|id|ying)\b[^.]{0,60}?\boff|lay-?offs?|cut(?:s|ting)?|cull(?:s|ed|ing)?|ax(?:e|es|ed|ing)?|slash(?:es|ed|ing)?|trim(?:s|med|ming)?"
    r"|shed(?:s|ding)?|eliminat(?:e|es|ed|ing)|let(?:s|ting)?(?: \S+){0,6}? go|sack(?:s|ed|ing)?|fir(?:e|es|ed|ing)|redundan(?:t|cy|cies)|job loss(?:es)?"
    r"|pink[- ]slip(?:s|ped)?|furlough(?:s|ed|ing)?|at risk|to go|lost|reduc(?:e|es|ed|ing|tions?)|downsiz(?:e|es|ed|ing)|impact(?:s|ed|ing)?|affect(?:s|ed|ing)?"
    r"|los(?:e|es|ing)|loss of|out of work|dismiss(?:es|ed|ing)?|part(?:s|ed|ing)? ways|clos(?:e|es|ed|ing|ure)|shut(?:s|ting|ter|ters|tered)?|jobless|unemployed|depart(?:s|ed|ing)?|buyouts?|going|scrap(?:s|ped)?|drop(?:s|ped)?)"
)
_WORKFORCE = r"(?:staff|work ?force|employees|head ?count|jobs|roles|team|studio|company|workers|positions|employee base|people|personnel|developers|newsroom|total workforce|payroll)"
_OWN = r"(?:(?:of|its|the|their|all|global|total|our|entire|worldwide|overall|current|editorial|his|full-time|U\.?S\.?|studio's|company's|development|remaining|corporate|[A-Z]\w+['’]s?)\s+)*"

_COUNT = re.compile(
    rf"(?:{_QUALIFIER})?{_RANGE}(?P<number>{_NUMBER}|{_SPELLED})\+?(?: or so)?[\s-]+{_KINDS}{_PEOPLE}\b", re.IGNORECASE
)
_BARE = re.compile(
    rf"\b(?:lay(?:s|ing)? off|laid off|lets? go(?: of)?|letting go(?: of)?|sack(?:s|ed)?|furlough(?:s|ed)?|sheds?|axe[sd]?|layoffs of|layoffs (?:affect|hit|impact)(?:s|ing)?|jobs? cuts? of|cuts)\s+"
    rf"(?:{_QUALIFIER})?{_RANGE}(?P<number>{_NUMBER})\+?"
    r"(?!\s*(?:%|per ?cent|percent|years?|million|billion|m\b|bn\b|days?|weeks?|months?|hours?|minutes?|-|episodes?|seasons?|shows?|films?|games?|series|studios?|channels?|st\b|nd\b|th\b|of the|titles?|projects?|offices?|stores?))",
    re.IGNORECASE,
)
_AFFECTED = re.compile(
    rf"(?:{_QUALIFIER})?(?P<number>{_NUMBER})\+?\s+(?:were |are |have been |being |to be )?(?:laid off|let go|made redundant|affected|impacted|furloughed)\b",
    re.IGNORECASE,
)
_PERCENT = re.compile(
    rf"(?:{_QUALIFIER})?{_RANGE}(?P<number>{_NUMBER})\s?(?:%|per ?cent|percent|percentage)\s+{_OWN}{_WORKFORCE}\b|"
    rf"\b(?:workforce|staff|headcount|jobs|team)\s+(?:reduction\s+)?(?:cuts?\s+)?(?:by|of)\s+(?:{_QUALIFIER.replace('qualifier', 'qualifier2')})?(?P<number2>{_NUMBER})\s?(?:%|per ?cent|percent)",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    rf"(?:{_QUALIFIER})?(?:\b(?:a|one)[- ])?\b(?P<number>half|two[- ]thirds|three[- ]quarters|third|quarter|fifth|tenth)\s+{_OWN}{_WORKFORCE}\b",
    re.IGNORECASE,
)
_VOTE = re.compile(rf"(?P<number>{_NUMBER})\s?(?:%|per ?cent|percent)", re.IGNORECASE)
_VOTE_CUE = re.compile(
    r"\b(?:ratif\w+|approv\w+|vot(?:e|es|ed|ing)|authori[sz]\w+|ballot\w*|reject\w*|in favou?r|unioni[sz]e|strike)\b",
    re.IGNORECASE,
)
_TURNOUT = re.compile(r"\bturn-?out\b", re.IGNORECASE)
_CUT_CUE = re.compile(rf"\b{_CUT}\b", re.IGNORECASE)
_STAYING = re.compile(
    r"(?:\bemploy(?:s|ed|ing)?|\bwith a staff of|\bcompany of|\bteam of|\bworkforce of|\bhad|\bhas|\bhave|\bof (?:its|the|their|some|about|around|roughly|more than|over|nearly|approximately)|\bout of|\bcurrently|\bhir(?:e|es|ed|ing)|\bcreat(?:e|es|ed|ing)|\badd(?:s|ed|ing)?|\brepresent(?:s|ed|ing)?|\bunioni[sz]\w*)\s*$",
    re.IGNORECASE,
)
_ONE_IN = re.compile(r"\bone in\s*$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=\w{3})[.!?](?=\s)")
_STATUS = (
    (
        "rumoured",
        re.compile(
            r"\b(?:rumou?r\w*|reportedly|report(?:s)? claims?|fear\w*|could|may|might|bracing|brace[sd]?)\b",
            re.IGNORECASE,
        ),
    ),
    ("reported", re.compile(r"\b(?:according to|sources|report(?:s|ed)?|report:)\b", re.IGNORECASE)),
    (
        "planned",
        re.compile(
            r"\b(?:plan(?:s|ned|ning)?|to cut|to lay|to axe|propos\w+|will|set to|at risk|to go)\b", re.IGNORECASE
        ),
    ),
    ("announced", re.compile(r"\b(?:announc\w+|confirm\w*|says|said|lays off|laid off|cuts?)\b", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    value: float
    qualifier: str
    start: int
    end: int


def headcounts(field: str, text: str) -> list[Figure]:
    """Jobs that go, in the order of the text; numbers of people who stay or join are left out."""
    return [_figure("headcount", field, text, each) for each in _candidates(text) if _is_count(text, each)]


def most_exact_first(counts: list[Figure]) -> list[Figure]:
    """The first count leads, unless it is loose ("over 100") and a later one says exactly how many ("121")."""
    if not counts or not counts[0].qualifier and "+" not in counts[0].evidence.text:
        return counts
    low, high = counts[0].value, counts[0].value * 1.5
    exact = [each for each in counts[1:] if low < each.value <= high and not each.qualifier]
    best = max(exact, key=lambda each: each.value, default=None)
    return [best, *(each for each in counts if each is not best)] if best else counts


def staff_shares(field: str, text: str) -> list[Figure]:
    """Percent of a staff that goes."""
    figures = []
    for pattern in (_PERCENT, _FRACTION):
        for match in pattern.finditer(text):
            number = match["number"] or match["number2"]
            qualifier = match["qualifier"] or (match.groupdict().get("qualifier2") or "")
            value = _FRACTIONS.get(number.lower().replace(" ", "-")) or _value(number)
            candidate = _Candidate(value, _qualifier(qualifier), *match.span())
            if 0 < value <= 100 and _CUT_CUE.search(_sentence(text, candidate)):
                figures.append(_figure("headcount_pct", field, text, candidate))
    return figures


def votes(field: str, text: str) -> list[Figure]:
    """Percent of a ballot, or of those who took part in it."""
    figures = []
    for match in _VOTE.finditer(text):
        candidate = _Candidate(_value(match["number"]), "", *match.span())
        around = text[max(0, match.start() - 60) : match.end() + 60]
        if candidate.value > 100 or not _VOTE_CUE.search(around):
            continue
        close = text[max(0, match.start() - 25) : match.end() + 25]
        kind = "turnout_pct" if _TURNOUT.search(close) else "vote_pct"
        figures.append(_figure(kind, field, text, candidate))
    return figures


def _candidates(text: str) -> Iterator[_Candidate]:
    seen: set[int] = set()
    for pattern in (_COUNT, _BARE, _AFFECTED):
        for match in pattern.finditer(text):
            if match.start("number") in seen:
                continue
            seen.add(match.start("number"))
            start = match.start() if pattern is not _BARE else match.start("number")
            if match["qualifier"]:
                start = match.start("qualifier")
            yield _Candidate(_value(match["number"]), _qualifier(match["qualifier"] or ""), start, match.end())


def _is_count(text: str, candidate: _Candidate) -> bool:
    value = candidate.value
    if value < 3 or value != int(value) or _looks_like_year(text, candidate) or _is_name(text, candidate):
        return False
    before = text[max(0, candidate.start - 40) : candidate.start]
    if _STAYING.search(before) or _ONE_IN.search(before):
        return False
    return _CUT_CUE.search(_sentence(text, candidate)) is not None


def _is_name(text: str, candidate: _Candidate) -> bool:
    """343 Industries, 38 Studios: the number belongs to a company."""
    return (
        re.search(rf"\b{int(candidate.value)} (?:Industries|Studios?|Entertainment|Pictures|Productions)\b", text)
        is not None
    )


def _looks_like_year(text: str, candidate: _Candidate) -> bool:
    return 1950 <= candidate.value <= 2040 and "," not in text[candidate.start : candidate.end]


def _sentence(text: str, candidate: _Candidate) -> str:
    """The sentence around a number, 120 characters to each side at most."""
    low, high = max(0, candidate.start - 120), min(len(text), candidate.end + 120)
    ends = [match.end() for match in _SENTENCE_END.finditer(text, low, high)]
    start = max([low, *(end for end in ends if end <= candidate.start)])
    stop = min([high, *(end for end in ends if end >= candidate.end)])
    return text[start:stop]


def _value(number: str) -> float:
    """1,900 → 1900; 2K → 2000; twelve → 12."""
    word = number.lower().strip()
    if word in _WORD_VALUES:
        return _WORD_VALUES[word]
    if word[0].isalpha():
        tens, _, ones = word.partition("-")
        return _WORD_VALUES.get(tens, 0) + _WORD_VALUES.get(ones, 0)
    factor = 1000 if word.endswith("k") else 1
    return float(word.rstrip("k ").replace(",", "").replace("\u202f", "")) * factor


def _qualifier(words: str) -> str:
    low = words.lower()
    return next((name for name, pattern in _QUALIFIERS.items() if low and re.fullmatch(pattern, low)), "")


def _figure(kind: str, field: str, text: str, candidate: _Candidate) -> Figure:
    sentence = _sentence(text, candidate)
    status = next((name for name, pattern in _STATUS if pattern.search(sentence)), "") if "head" in kind else ""
    words = text[candidate.start : candidate.end]
    evidence = Evidence(field, candidate.start, candidate.end, words, f"figures/{kind}/pattern")
    return Figure(kind, candidate.value, candidate.qualifier, status, evidence)
