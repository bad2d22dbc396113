"""`make fuzz`: what the OpenAPI document allows and what it forbids, asked of the API by the thousand.

    python -m tests.api.fuzz --requests 10000 --database sqlite
    python -m tests.api.fuzz --requests 10000 --database postgresql --seed 7

schemathesis makes the requests and judges the answers, on the sample, one seed after the other until there were enough.
Each seed has two runs: the document as it is, of which most requests are refused, and one narrowed to terms that there
are, of which most find something. Exits 1 when an answer is a 5xx or not what the document says.
"""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import create_app
from api.settings import ApiSettings
from db.engine import open_engine
from db.migrations import migrate
from scraper.run import Run
from scraper.serving import listen
from scraper.settings import load_settings
from tests.bench.options import postgresql_server

PHASES = "examples,coverage,fuzzing,stateful"
# Which terms there are is in the archive, and which parameters go together (window or from, sort=relevance with q) has
# no words in JSON Schema: what the document allows may be a 400 with the nearest names, which the other checks judge.
LEFT_OUT = "positive_data_acceptance"
# A query that is too long is refused as such, whatever else is wrong with it: 414 beside what schemathesis expects.
CONFIGURATION = """
[checks.negative_data_rejection]
expected-statuses = ["400", "404", "405", "406", "414"]
"""
SELDOM_FIT = ("cursor", "since", "window", "min_confidence")  # at random, or beside others


@dataclass
class Findings:
    """Requests by the status of their answers, and what schemathesis found wrong with them, in its words."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.statuses.total()

    @property
    def server_errors(self) -> int:
        return sum(count for status, count in self.statuses.items() if status >= 500)


class Counted:
    """ASGI middleware: counts answers."""

    def __init__(self, app: ASGIApp, statuses: Counter[int]) -> None:
        self._app, self._statuses = app, statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._statuses[message["status"]] += 1
            await send(message)

        await self._app(scope, receive, send_counted)


def fill_with_sample(database_url: str) -> None:
    engine = open_engine(database_url)
    migrate(engine)
    Run.of_sample(engine, load_settings()).once()
    engine.dispose()


@contextmanager
def served(database_url: str, statuses: Counter[int]) -> Iterator[str]:
    """The address of the API on this database, while the block runs."""
    with listen("127.0.0.1", 0) as socket:
        address = f"http://127.0.0.1:{socket.getsockname()[1]}"
        app = create_app(ApiSettings(read_database_url=database_url, public_url=address))
        server = uvicorn.Server(uvicorn.Config(Counted(app, statuses), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
        thread.start()
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join(20)


def fuzz(address: str, seed: int, examples: int, phases: str = PHASES) -> list[str]:
    """What two runs of schemathesis found wrong; `examples`: at most so many requests to an endpoint in a phase."""
    document = httpx.get(f"{address}/openapi.json").json()
    facets = httpx.get(f"{address}/v1/facets?tracked=any").json()["data"]
    terms = {facet["dimension"]: [term["id"] for term in facet["terms"]] for facet in facets}
    options = {"--seed": seed, "--max-examples": examples}
    narrow = narrowed(document, {**terms, "exclude_source": terms["source"]})
    return [
        *_run(address, document, {**options, "--phases": phases}),
        *_run(address, narrow, {**options, "--phases": "fuzzing", "--mode": "positive"}),
    ]


def narrowed(document: Mapping[str, Any], terms: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The document with the terms that there are, and without SELDOM_FIT."""
    narrow: dict[str, Any] = copy.deepcopy(dict(document))
    for methods in narrow["paths"].values():
        kept = [one for one in methods["get"].get("parameters", []) if one["name"] not in SELDOM_FIT]
        for parameter in kept:
            if parameter["name"] in terms:
                parameter["schema"]["items"]["enum"] = terms[parameter["name"]]
                parameter.pop("example", None)
        methods["get"]["parameters"] = kept
    return narrow


def _run(address: str, document: Mapping[str, Any], options: Mapping[str, Any]) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="craftwatch-") as folder:
        report = Path(folder) / "report.json"
        (Path(folder) / "openapi.json").write_text(json.dumps(document))
        (Path(folder) / "schemathesis.toml").write_text(CONFIGURATION)
        options = {
            **options,
            "--url": address,
            "--exclude-checks": LEFT_OUT,
            "--generation-database": "none",
            "--warnings": "off",
            "--report-json-path": report,
        }
        command = [sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", "--no-color"]
        command += ["--continue-on-failure", *(str(part) for pair in options.items() for part in pair)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        found = json.loads(report.read_text()) if report.exists() else {"failures": [], "errors": []}
        wrong = [f"{fault['title']}: {', '.join(fault['operations'])}" for fault in found["failures"]]
        wrong += [str(error) for error in found["errors"]]
        # The words of the run itself tell how to repeat each.
        return [*wrong, done.stdout + done.stderr] if wrong or done.returncode else []


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000, help="stop after the run that reaches so many")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=230, help="of an endpoint in a phase of a run")
    options = parser.parse_args(arguments)
    findings = Findings()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="craftwatch-")))
        url = f"sqlite:///{folder / 'sample.db'}"
        if options.database == "postgresql":
            url = stack.enter_context(postgresql_server(folder))
        fill_with_sample(url)
        address = stack.enter_context(served(url, findings.statuses))
        seed = options.seed
        while findings.requests < options.requests:
            findings.failures += fuzz(address, seed, options.examples)
            print(f"seed {seed}: {findings.requests:,} requests so far", flush=True)
            seed += 1
    print("\n".join(findings.failures))
    by_status = ", ".join(f"{status}: {count:,}" for status, count in sorted(findings.statuses.items()))
    print(
        f"{options.database}: {findings.requests:,} requests ({by_status}); {findings.server_errors} server errors; "
        f"{'something' if findings.failures else 'nothing'} outside the document"
    )
    return 1 if findings.failures or findings.server_errors else 0


if __name__ == "__main__":
    sys.exit(main())
