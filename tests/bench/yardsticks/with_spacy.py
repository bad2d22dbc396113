"""spaCy's PhraseMatcher over texts; prints how many a second of CPU. `python with_spacy.py TEXTS.json PASSES`"""

import json
import statistics
import sys
import time
from pathlib import Path

import spacy
from spacy.matcher import PhraseMatcher

given = json.loads(Path(sys.argv[1]).read_text())
english = spacy.blank("en")
matcher = PhraseMatcher(english.vocab, attr="LOWER")
matcher.add("terms", list(english.tokenizer.pipe(given["phrases"])))
passes = []
for _ in range(int(sys.argv[2])):
    began = time.process_time()
    for document in english.tokenizer.pipe(given["texts"]):
        matcher(document)
    passes.append(len(given["texts"]) / (time.process_time() - began))
print(statistics.median(passes))
