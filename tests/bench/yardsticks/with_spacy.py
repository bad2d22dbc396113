"""spaCy's PhraseMatcher over texts; prints how many a second of CPU. `python with_spacy.py TEXTS.json`"""

import json
import sys
import time
from pathlib import Path

import spacy
from spacy.matcher import PhraseMatcher

given = json.loads(Path(sys.argv[1]).read_text())
english = spacy.blank("en")
matcher = PhraseMatcher(english.vocab, attr="LOWER")
matcher.add("terms", list(english.tokenizer.pipe(given["phrases"])))
began = time.process_time()
for document in english.tokenizer.pipe(given["texts"]):
    matcher(document)
print(len(given["texts"]) / (time.process_time() - began))
