"""The library `reader`, as its documentation has it. `python with_reader.py DATABASE URLS`"""

import sys
from pathlib import Path

from reader import make_reader

reader = make_reader(sys.argv[1])
for url in Path(sys.argv[2]).read_text().split():
    reader.add_feed(url, exist_ok=True)
reader.update_feeds(scheduled=False, workers=10)
