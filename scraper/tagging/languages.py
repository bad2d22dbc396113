"""Which language a text is in, as far as the rules care: English unless its small words say otherwise."""

from __future__ import annotations

import re

_ONLY_ENGLISH = frozenset(b"the of and with for from by its that are has have this".split())
_ENGLISH = frozenset(
    b"the of and with for after from by its that are was will has have how what this over as at is".split()
)
_OTHERS = {
    "de": frozenset(
        "der die das und ist nicht mit für von auf ein eine den dem des im bei nach werden wird zum".encode().split()
    ),
    "fr": frozenset(b"le la les des du un une et est dans pour par sur au aux avec qui ses leur plus ce cette".split()),
    "es": frozenset("el la los las del un una y en por para con que su sus al se más como este".encode().split()),
    "it": frozenset("il lo la gli dei del della di un una e che per con nel nella sono più dal alla".encode().split()),
    "pt": frozenset("o os as do da dos das um uma e em por para com que não seu sua ao mais".encode().split()),
    "nl": frozenset(b"de het een van en in op te met voor niet zijn aan door naar bij ook".split()),
    "pl": frozenset("w z na i się nie do jest to że od po za przez jak dla oraz roku".encode().split()),
    "sv": frozenset("och att det som en på är av för med till den har inte om ett".encode().split()),
}
_ANY_OTHER: frozenset[bytes] = frozenset().union(*_OTHERS.values())
_KANA, _HANGUL = re.compile(r"[\u3040-\u30ff]"), re.compile(r"[\uac00-\ud7af]")
_HAN, _CYRILLIC = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[\u0400-\u04ff]")


def detect_language(title: str, summary: str, words: set[bytes]) -> str:
    """The primary tag; `words` are the text's words in lower case."""
    if len(words & _ONLY_ENGLISH) > 1:
        return "en"
    if not (title.isascii() and summary.isascii()) and (script := _by_script(title + " " + summary)):
        return script
    if words.isdisjoint(_ANY_OTHER):
        return "en"
    english = len(words & _ENGLISH)
    code, count = max(((code, len(words & small)) for code, small in _OTHERS.items()), key=lambda pair: pair[1])
    return code if count > english and count >= 2 else "en"


def _by_script(text: str) -> str:
    letters = sum(map(str.isalpha, text)) or 1
    for code, pattern, share in (("ja", _KANA, 0.1), ("ko", _HANGUL, 0.3), ("zh", _HAN, 0.3), ("ru", _CYRILLIC, 0.3)):
        if len(pattern.findall(text)) / letters >= share:
            return code
    return ""
