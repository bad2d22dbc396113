"""A script as one writes it in ten minutes: httpx, feedparser, sqlite3. `python plain.py DATABASE URLS`"""

import asyncio
import sqlite3
import sys
from pathlib import Path

import httpx


async def main(database: str, urls: list[str]) -> None:
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE IF NOT EXISTS feed (url PRIMARY KEY, etag, modified)")
    connection.execute("CREATE TABLE IF NOT EXISTS item (id PRIMARY KEY, title, link, published, summary)")
    known = {url: (etag, modified) for url, etag, modified in connection.execute("SELECT * FROM feed")}
    seats = asyncio.Semaphore(10)

    async def ask(url: str) -> None:
        etag, modified = known.get(url, ("", ""))
        headers = {"If-None-Match": etag, "If-Modified-Since": modified} if etag else {}
        async with seats:
            answer = await client.get(url, headers=headers)
        if answer.status_code != 200:
            return
        import feedparser

        rows = [
            (entry.get("id"), entry.get("title"), entry.get("link"), entry.get("published"), entry.get("summary"))
            for entry in feedparser.parse(answer.content).entries
        ]
        connection.executemany("INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?, ?)", rows)
        validators = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
        connection.execute("INSERT OR REPLACE INTO feed VALUES (?, ?, ?)", (url, *validators))

    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        await asyncio.gather(*(ask(url) for url in urls))
    connection.commit()


asyncio.run(main(sys.argv[1], Path(sys.argv[2]).read_text().split()))
