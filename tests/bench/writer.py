"""`python -m tests.bench.writer URL`: saves documents of 50 new items without a pause, until it is ended."""

from __future__ import annotations

import itertools
import sys
from datetime import UTC, datetime

from db.engine import open_engine
from db.shapes import Axis
from db.store import Store
from tests.bench.archive import make_sources
from tests.db.factory import make_check, make_draft, make_memory, make_tagging

LABELS = ((Axis.TOPIC, "layoffs"), (Axis.CRAFT, "vfx-artist"), (Axis.REGION, "US"))


def main(url: str) -> None:
    store = Store(open_engine(url), dict)
    sources = make_sources()
    for number in itertools.count():
        source, now = sources[number % len(sources)], datetime.now(UTC)
        names = [f"{now.timestamp()}-{number}-{place}" for place in range(50)]
        entries = [(make_draft(name, published_at=now), make_tagging(*LABELS)) for name in names]
        store.save_check(source, make_memory(source.id), make_check(), entries, now=now)
        if number == 0:
            print("writing", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
