"""What publishers see of us: what we send, and when, through the whole scraper on a clock of our own.

     1  validators go back byte for byte          test_validators_go_back_byte_for_byte
                                                  test_a_date_is_never_invented
     2  hourly when conditional, else daily       test_a_source_is_asked_hourly_if_conditionally_else_daily
     3  one unconditional request per source      test_only_the_first_request_is_unconditional
     4  validators only after a good parse        test_validators_are_kept_only_after_a_good_parse
                                                  test_an_error_clears_no_validators
                                                  test_a_304_refreshes_the_validators
     5  published intervals, after a 304 too      test_a_published_interval_is_kept
                                                  test_a_published_interval_is_kept_after_a_304
     6  Retry-After, else exponential back-off    test_a_pause_asked_for_is_kept
                                                  test_a_refusal_without_a_time_doubles_the_wait
     7  a pause holds for the host                test_a_429_holds_for_the_host_and_no_other
                                                  test_a_pause_of_the_host_outlives_the_run
     8  spaced, two at once, jitter               test_requests_to_one_host_are_spaced
                                                  test_a_host_has_two_requests_at_once_at_most
                                                  test_sources_checked_together_are_not_checked_together_again
     9  timers on disk, 60 minutes are 60         test_a_restart_makes_no_burst
    10  301 and 308 move a source, 302 never      test_a_permanent_redirect_moves_a_source_in_the_end
                                                  test_a_redirect_to_what_has_not_changed_counts_as_well
                                                  test_a_temporary_redirect_never_moves_a_source
                                                  test_a_redirect_is_followed_five_times_at_most
    11  410 stops; 404 and DNS slow down          test_a_source_that_is_gone_is_not_asked_again_and_says_so
                                                  test_a_source_that_is_lost_is_asked_less_and_less_but_is_not_given_up
    12  skipHours and skipDays                    test_no_request_in_skipped_hours
                                                  test_no_request_on_skipped_days
    13  no cookie, Referer or added parameter     test_nothing_but_these_headers_is_sent
                                                  test_no_cookie_comes_back
    14  one name, with whom to write to           test_every_request_says_who_asks
    15  what we read, decoded within bounds       test_we_ask_for_feeds_and_codings_that_we_read
                                                  test_a_bomb_is_left_at_the_cap
    16  226                                       test_no_delta_is_asked_for_and_a_226_is_read
    17  robots.txt                                test_robots_txt_is_asked_first_and_once_a_day
                                                  test_a_disallow_of_us_is_honoured
    18  unconditional once a week                 test_an_etag_that_lies_hides_an_item_for_a_week_at_most
    19  same body, not parsed                     test_the_same_body_is_not_parsed_again
    20  icons and pictures                        test_no_icon_and_no_picture_is_asked_for
    21  failures have names                       test_every_failure_has_its_name
    22  soft failures weigh less                  test_a_soft_failure_slows_down_less_than_a_hard_one
    23  refused addresses                         test_a_refused_address_is_never_dialled

Decided otherwise:

     2  A source without validators that publishes an interval of an hour or more is asked in that interval: the wish is
        its own. A check that fails is followed by a wait of more than the usual one.
     5  A published interval over a week is taken as a week.
     6  The least wait after a 429 is an hour, whatever shorter time it names; the longest is 31 days.
     7  There is no override per source. The scope is the host, or the platform for the few platforms that give every
        author a host (`scraper.fetching.pacing.PLATFORMS`).
    15  gzip and deflate are asked for, not br: a second decoder costs more than it saves on feeds.
    16  A-IM is not sent: feeds are small, servers that know it are few, and a delta by mistake would hide items.
    17  Every robots.txt is read and obeyed, though a person listed the feed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from scraper.fetch import user_agent
from tests.db.factory import DAY, HOUR, NOW
from tests.newsroom import Newsroom, open_newsroom
from tests.server import (
    FEED,
    Behaviour,
    LoopbackServer,
    Request,
    after,
    feed,
    gzip_bomb,
    in_turn,
    redirect,
    reply,
    silent,
)

MINUTE = timedelta(minutes=1)
LATER = 26.5 * HOUR  # more than a day with all jitter
NEWER = FEED.replace(b"gazette-1", b"gazette-2").replace(b"/1<", b"/2<").replace(b"first contract", b"second contract")
JITTER = 1.1  # the longest that we add


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    with open_newsroom(tmp_path) as room:
        yield room


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Newsroom]:
    """A newsroom whose server is many hosts: 127.0.0.2, 127.0.0.3, …"""
    with open_newsroom(tmp_path, "0.0.0.0") as room:
        pairs = ",".join(f"127.0.0.{n}:{room.server.port}" for n in range(2, 10))
        room.settings = room.settings.model_copy(update={"allow_addresses": type(room.settings)._read_pairs(pairs)})
        yield room


def documented() -> dict[int, list[str]]:
    """Point of the list → its tests, as the table above has them."""
    points: dict[int, list[str]] = {}
    for line in (__doc__ or "").partition("Decided otherwise")[0].splitlines():
        if found := re.fullmatch(r"\s+(\d*)\s.*?(test_\w+)", line):
            point = int(found[1]) if found[1] else max(points)
            points.setdefault(point, []).append(found[2])
    return points


def test_every_point_of_the_list_has_its_tests() -> None:
    assert sorted(documented()) == list(range(1, 24))
    assert {name for names in documented().values() for name in names} <= set(globals())


@pytest.mark.parametrize("etag", ['"abc"', 'W/"a,b-c"', "unquoted", '"sp ace"', '""', '"4f7f-gzip"'])
def test_validators_go_back_byte_for_byte(room: Newsroom, etag: str) -> None:
    stated = "Thu, 19 Nov 2026 07:08:09 GMT"
    room.server.add("/feed", feed(etag=etag, last_modified=stated))
    room.watch("/feed")
    room.run_at()
    (request,) = room.run_at(2 * HOUR)
    assert (request.header("if-none-match"), request.header("if-modified-since")) == (etag, stated)


def test_a_date_is_never_invented(room: Newsroom) -> None:
    room.server.add("/feed", feed(etag='"1"', date="Thu, 19 Nov 2026 07:08:09 GMT"))
    room.watch("/feed")
    room.run_at()
    (request,) = room.run_at(2 * HOUR)
    assert request.header("if-modified-since") is None


def test_a_source_is_asked_hourly_if_conditionally_else_daily(room: Newsroom) -> None:
    room.server.add("/conditional", feed(etag='"1"'))
    room.server.add("/full", feed())
    room.watch("/conditional", "/full")
    room.run_at()
    assert room.paths_at(HOUR - MINUTE) == []
    assert room.paths_at(HOUR * JITTER) == ["/conditional"]
    assert "/full" not in room.paths_at(DAY - MINUTE)
    assert "/full" in room.paths_at(LATER)


def test_only_the_first_request_is_unconditional(room: Newsroom) -> None:
    room.server.add("/feed", in_turn(feed(etag='"1"'), reply(304)))
    room.watch("/feed")
    for hours in range(0, 12, 2):
        room.run_at(hours * HOUR)
    sent = [request.header("if-none-match") for request in room.server.requests]
    assert sent == [None, '"1"', '"1"', '"1"', '"1"', '"1"']


def test_validators_are_kept_only_after_a_good_parse(room: Newsroom) -> None:
    page = reply(body=b"<html><body>Log in</body></html>", content_type="text/html", etag='"page"')
    room.server.add("/feed", in_turn(page, feed(etag='"1"')))
    room.watch("/feed")
    room.run_at()
    (request,) = room.run_at(3 * DAY)  # within the week, after which nothing is conditional anyway
    assert request.header("if-none-match") is None


def test_an_error_clears_no_validators(room: Newsroom) -> None:
    room.server.add("/feed", in_turn(feed(etag='"1"'), reply(503, etag='"error"'), reply(304)))
    room.watch("/feed")
    room.run_at()
    room.run_at(2 * HOUR)
    (request,) = room.run_at(DAY)
    assert request.header("if-none-match") == '"1"'


def test_a_304_refreshes_the_validators(room: Newsroom) -> None:
    room.server.add("/feed", in_turn(feed(etag='"1"'), reply(304, etag='"2"'), reply(304)))
    room.watch("/feed")
    for hours in (0, 2, 4, 6):
        requests = room.run_at(hours * HOUR)
    assert [request.header("if-none-match") for request in requests] == ['"2"']


ASKING = [
    ({"cache_control": "public, max-age=18000"}, b"", 5 * HOUR),
    ({"date": "Fri, 20 Nov 2026 12:00:00 GMT", "expires": "Fri, 20 Nov 2026 18:00:00 GMT"}, b"", 6 * HOUR),
    ({}, b"<ttl>240</ttl>", 4 * HOUR),
    ({}, b"<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>3</sy:updateFrequency>", 8 * HOUR),
    ({"cache_control": "max-age=7200"}, b"<ttl>180</ttl>", 3 * HOUR),
]


def asking(advice: bytes) -> bytes:
    namespace = b'<rss xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" '
    return FEED.replace(b"<rss ", namespace).replace(b"<item>", advice + b"<item>", 1)


@pytest.mark.parametrize(("headers", "advice", "interval"), ASKING)
def test_a_published_interval_is_kept(
    room: Newsroom, headers: dict[str, str], advice: bytes, interval: timedelta
) -> None:
    room.server.add("/feed", feed(asking(advice), etag='"1"', **headers))
    room.watch("/feed")
    room.run_at()
    assert room.run_at(interval - MINUTE) == []
    assert len(room.run_at(interval * JITTER)) == 1


@pytest.mark.parametrize("repeated", [True, False], ids=["repeated", "not repeated"])
@pytest.mark.parametrize(("headers", "advice", "interval"), ASKING)
def test_a_published_interval_is_kept_after_a_304(
    room: Newsroom, headers: dict[str, str], advice: bytes, interval: timedelta, repeated: bool
) -> None:
    unchanged = reply(304, **(headers if repeated else {}))
    room.server.add("/feed", in_turn(feed(asking(advice), etag='"1"', **headers), unchanged))
    room.watch("/feed")
    room.run_at()
    room.run_at(DAY)
    assert room.run_at(DAY + interval - MINUTE) == []
    assert len(room.run_at(DAY + interval * JITTER)) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [
        ("259200", 3 * DAY, 3 * DAY),
        ("Mon, 23 Nov 2026 12:00:00 GMT", 3 * DAY, 3 * DAY),
        ("99999999999", 31 * DAY, 31 * DAY),
        ("1", HOUR, 2 * HOUR),
        ("soon", HOUR, 2 * HOUR),
        ("-5", HOUR, 2 * HOUR),
    ],
)
def test_a_pause_asked_for_is_kept(
    room: Newsroom, status: int, retry_after: str, least: timedelta, most: timedelta
) -> None:
    refusal = reply(status, retry_after=retry_after, date="Fri, 20 Nov 2026 12:00:00 GMT")
    room.server.add("/feed", in_turn(feed(etag='"1"'), refusal))
    room.watch("/feed")
    room.run_at(-2 * HOUR)
    room.run_at()
    assert room.run_at(least - MINUTE) == []
    assert len(room.run_at(most * JITTER)) == 1


def test_a_refusal_without_a_time_doubles_the_wait(room: Newsroom) -> None:
    room.server.add("/feed", in_turn(feed(etag='"1"'), reply(503)))
    room.watch("/feed")
    room.run_at()
    waits = []
    for _ in range(12):
        room.run_at(room.clock - NOW + 8 * DAY)
        waits.append(room.wait_of("feed"))
    assert all(wait >= 2 * HOUR for wait in waits[1:])
    assert waits[9] * JITTER >= 16 * waits[1]
    assert max(waits) <= 7 * DAY * JITTER


def test_a_429_holds_for_the_host_and_no_other(hosts: Newsroom) -> None:
    for path in ("/a", "/b", "/c"):
        hosts.server.add(path, reply(429, retry_after="36000"), "127.0.0.2")
        hosts.server.add(path, feed(etag='"1"'), "127.0.0.3")
        hosts.watch(path, host="127.0.0.2")
        hosts.watch(path, host="127.0.0.3")
    asked = [request.header("host") for request in hosts.run_at()]
    assert asked.count(f"127.0.0.2:{hosts.server.port}") == 1
    assert asked.count(f"127.0.0.3:{hosts.server.port}") == 3
    assert sorted(source.outcome for source in hosts.report.sources) == ["failed", "ok", "ok", "ok"] + 2 * ["postponed"]
    assert min(hosts.wait_of(f"127-0-0-2-{name}") for name in "abc") >= 10 * HOUR


@pytest.mark.parametrize("everything", [False, True], ids=["due", "all"])
def test_a_pause_of_the_host_outlives_the_run(room: Newsroom, everything: bool) -> None:
    room.server.add("/a", in_turn(feed(etag='"1"'), reply(503, retry_after="36000"), reply(304)))
    room.server.add("/b", feed(etag='"1"', cache_control="max-age=18000"))
    room.server.add("/c", feed(etag='"1"'))
    room.watch("/a", "/b")
    room.run_at(-2 * HOUR)
    assert room.paths_at(timedelta()) == ["/a"]
    room.watch("/c")
    assert room.paths_at(4 * HOUR, everything=everything) == []
    assert room.paths_at(9 * HOUR, everything=everything) == []
    assert room.paths_at(11 * HOUR + MINUTE, everything=everything) == ["/a", "/b", "/c"]


def test_requests_to_one_host_are_spaced(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, host_interval_seconds=0.2) as room:
        for path in ("/a", "/b", "/c", "/d"):
            room.server.add(path, feed())
            room.watch(path)
        starts = [request.at for request in room.run_at()]
    assert all(later - earlier >= 0.19 for earlier, later in pairwise(starts))


def test_a_host_has_two_requests_at_once_at_most(room: Newsroom) -> None:
    for path in ("/a", "/b", "/c", "/d", "/e"):
        room.server.add(path, after(0.05, feed()))
        room.watch(path)
    room.run_at()
    assert 1 <= room.server.most_under_way <= 2


def test_sources_checked_together_are_not_checked_together_again(room: Newsroom) -> None:
    for path in "abcdefgh":
        room.server.add(f"/{path}", feed(etag='"1"'))
        room.watch(f"/{path}")
    room.run_at()
    assert len({room.wait_of(name) for name in "abcdefgh"}) >= 4


def test_a_restart_makes_no_burst(room: Newsroom) -> None:
    for path in ("/a", "/b", "/c"):
        room.server.add(path, feed(etag='"1"'))
        room.watch(path)
    assert room.paths_at(timedelta()) == ["/a", "/b", "/c"]
    for after_seconds in (0, 1, 60, 1800, 3599):
        assert room.paths_at(timedelta(seconds=after_seconds)) == []


@pytest.mark.parametrize("status", [301, 308])
def test_a_permanent_redirect_moves_a_source_in_the_end(room: Newsroom, status: int) -> None:
    room.server.add("/old", redirect("/new", status))
    room.server.add("/new", feed(etag='"1"'))
    room.watch("/old")
    asked = [[request.path for request in room.run_at(days * DAY)] for days in range(0, 24, 3)]
    assert asked == 6 * [["/old", "/new"]] + 2 * [["/new"]]


def test_a_redirect_to_what_has_not_changed_counts_as_well(room: Newsroom) -> None:
    room.server.add("/old", redirect("/new", 301))
    room.server.add("/new", conditionally(feed(etag='"1"')))
    room.watch("/old")
    asked = [[request.path for request in room.run_at(days * DAY)] for days in range(0, 24, 3)]
    assert asked == 6 * [["/old", "/new"]] + 2 * [["/new"]]


def conditionally(behaviour: Behaviour) -> Behaviour:
    """304 to those who name an ETag."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        await (reply(304) if request.header("if-none-match") else behaviour)(request, writer)

    return behave


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_temporary_redirect_never_moves_a_source(room: Newsroom, status: int) -> None:
    room.server.add("/old", redirect("/new", status))
    room.server.add("/new", feed(etag='"1"'))
    room.watch("/old")
    asked = [[request.path for request in room.run_at(days * DAY)] for days in range(0, 40, 4)]
    assert asked == 10 * [["/old", "/new"]]


def test_a_redirect_is_followed_five_times_at_most(room: Newsroom) -> None:
    for number in range(10):
        room.server.add(f"/{number}", redirect(f"/{number + 1}"))
    room.watch("/0")
    assert len(room.run_at()) == 6


def test_a_source_that_is_gone_is_not_asked_again_and_says_so(room: Newsroom) -> None:
    room.server.add("/feed", in_turn(feed(etag='"1"'), reply(410)))
    room.watch("/feed")
    room.run_at()
    room.run_at(2 * HOUR)
    memory = room.memory("feed")
    assert (memory.last_failure_reason, memory.next_check_reason) == ("gone", "gone: not asked again")
    assert [room.paths_at(days * DAY, everything=True) for days in (1, 30, 400)] == [[], [], []]


@pytest.mark.parametrize("lost", [reply(404), redirect("http://nowhere.invalid/feed")], ids=["404", "dns"])
def test_a_source_that_is_lost_is_asked_less_and_less_but_is_not_given_up(room: Newsroom, lost: Behaviour) -> None:
    room.server.add("/feed", in_turn(feed(etag='"1"'), *[lost] * 12, feed(NEWER)))
    room.watch("/feed")
    waits = []
    for _ in range(13):
        assert len(room.run_at(room.clock - NOW + 8 * DAY)) == 1
        waits.append(room.wait_of("feed") / HOUR)
    assert waits[0] < 2 * JITTER
    assert all(later > 1.6 * earlier for earlier, later in pairwise(waits[:7]))
    assert all(7 * 24 <= wait <= 7 * 24 * JITTER for wait in waits[9:])
    room.run_at(room.clock - NOW + 8 * DAY)
    assert room.report.counts.new == 1


def test_no_request_in_skipped_hours(room: Newsroom) -> None:
    hours = b"<skipHours>" + b"".join(b"<hour>%d</hour>" % hour for hour in range(13, 20)) + b"</skipHours>"
    room.server.add("/feed", in_turn(feed(asking(hours), etag='"1"'), reply(304)))
    room.watch("/feed")
    room.run_at()
    asked = [len(room.run_at(minutes * MINUTE)) for minutes in range(60, 8 * 60, 20)]
    assert sum(asked) == 0
    assert len(room.run_at(8 * HOUR)) == 1


def test_no_request_on_skipped_days(room: Newsroom) -> None:
    days = b"<skipDays><day>Friday</day><day>Saturday</day><day>Sunday</day></skipDays>"
    room.server.add("/feed", in_turn(feed(asking(days), etag='"1"'), reply(304)))
    room.watch("/feed")
    room.run_at()
    asked = [len(room.run_at(hours * HOUR)) for hours in range(2, 60, 6)]  # Friday 14:00 to Sunday 22:00
    assert sum(asked) == 0
    assert len(room.run_at(60 * HOUR)) == 1


def test_nothing_but_these_headers_is_sent(room: Newsroom) -> None:
    room.server.add("/hop", redirect("/feed?edition=us"))
    room.server.add("/feed", feed(etag='"1"', set_cookie="who=us; Path=/"))
    room.watch("/hop")
    room.run_at()
    room.run_at(2 * HOUR)
    sent = {name for request in room.server.requests for name, _ in request.headers}
    assert sent == {"host", "accept", "accept-encoding", "user-agent", "if-none-match"}
    assert {request.target for request in room.server.requests} == {"/hop", "/feed?edition=us"}


def test_no_cookie_comes_back(room: Newsroom) -> None:
    room.server.add("/feed", feed(etag='"1"', set_cookie="who=us; Path=/"))
    room.watch("/feed")
    requests = room.run_at() + room.run_at(2 * HOUR)
    assert [request.header("cookie") for request in requests] == [None, None]


def test_every_request_says_who_asks(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, contact="https://craftwatch.example/bot", robots=True) as room:
        room.server.add("/feed", redirect("/new"))
        room.server.add("/new", feed())
        room.watch("/feed")
        room.run_at()
        names = {request.header("user-agent") for request in room.server.requests}
    assert names == {user_agent("https://craftwatch.example/bot")}
    assert re.fullmatch(r"craftwatch/[\d.]+ \(\+https://craftwatch\.example/bot\)", names.pop() or "")


def test_we_ask_for_feeds_and_codings_that_we_read(room: Newsroom) -> None:
    room.server.add("/feed", feed())
    room.watch("/feed")
    (request,) = room.run_at()
    assert request.header("accept-encoding") == "gzip, deflate"
    assert (request.header("accept") or "").startswith("application/atom+xml, application/rss+xml")


def test_a_bomb_is_left_at_the_cap(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, max_body_bytes=2_000_000) as room:
        room.server.add("/feed", gzip_bomb(64))
        room.watch("/feed")
        room.run_at()
        assert room.report.failures == {"too_large": 1}


def test_no_delta_is_asked_for_and_a_226_is_read(room: Newsroom) -> None:
    room.server.add("/feed", reply(226, FEED, content_type="application/rss+xml", im="feed"))
    room.watch("/feed")
    (request,) = room.run_at()
    assert (request.header("a-im"), room.report.counts.new) == (None, 1)


def test_robots_txt_is_asked_first_and_once_a_day(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, robots=True) as room:
        room.server.add("/robots.txt", reply(body=b"User-agent: *\nDisallow: /private\n"))
        room.server.add("/feed", feed(etag='"1"'))
        room.watch("/feed")
        for hours in range(0, 30, 3):
            room.run_at(hours * HOUR)
        asked = [request.path for request in room.server.requests]
    assert asked[:2] == ["/robots.txt", "/feed"]
    assert (asked.count("/robots.txt"), asked.count("/feed")) == (2, 10)


def test_a_disallow_of_us_is_honoured(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, robots=True) as room:
        room.server.add("/robots.txt", reply(body=b"User-agent: *\nAllow: /\n\nUser-agent: craftwatch\nDisallow: /\n"))
        room.server.add("/feed", feed())
        room.watch("/feed")
        assert room.run_at() == []
        assert room.report.failures == {"blocked": 1}


def test_an_etag_that_lies_hides_an_item_for_a_week_at_most(room: Newsroom) -> None:
    full = in_turn(feed(etag='"1"'), feed(NEWER, etag='"1"'))

    async def lie(request: Request, writer: asyncio.StreamWriter) -> None:
        await (reply(304) if request.header("if-none-match") else full)(request, writer)

    room.server.add("/feed", lie)
    room.watch("/feed")
    room.run_at()
    conditional = [room.run_at(hours * HOUR)[0].header("if-none-match") for hours in range(24, 7 * 24, 24)]
    (request,) = room.run_at(7 * DAY)
    assert (set(conditional), request.header("if-none-match"), room.report.counts.new) == ({'"1"'}, None, 1)


def test_the_same_body_is_not_parsed_again(room: Newsroom) -> None:
    room.server.add("/feed", in_turn(feed(etag='"1"'), feed(etag='"2"')))
    room.watch("/feed")
    room.run_at()
    room.run_at(2 * HOUR)
    assert [source.outcome for source in room.report.sources] == ["not_modified"]
    assert room.memory("feed").etag == '"2"'


def test_no_icon_and_no_picture_is_asked_for(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, robots=True) as room:
        url = room.server.url("").encode()
        extras = (
            b"<image><url>%s/logo.png</url></image><icon>%s/i.ico</icon><enclosure url='%s/a.mp3'/>" % (url, url, url)
            + b"<description>&lt;img src='%s/p.gif'&gt;</description>" % url
        )
        styled = asking(extras).replace(b"?>", b"?><?xml-stylesheet href='%s/s.xsl'?>" % url, 1)
        room.server.add("/feed", feed(styled))
        room.watch("/feed")
        room.run_at()
        assert [request.path for request in room.server.requests] == ["/robots.txt", "/feed"]
        assert room.report.counts.new == 1


@pytest.mark.parametrize(
    ("status", "headers", "name"),
    [
        (403, {}, "blocked"),
        (503, {"cf_mitigated": "challenge"}, "challenge"),
        (500, {}, "http_5xx"),
        (404, {}, "http_4xx"),
        (429, {}, "rate_limited"),
        (204, {}, "empty"),
    ],
)
def test_every_failure_has_its_name(room: Newsroom, status: int, headers: dict[str, str], name: str) -> None:
    """The whole set: tests/scraper/test_failures.py."""
    room.server.add("/feed", reply(status, **headers))
    room.watch("/feed")
    room.run_at()
    assert room.memory("feed").last_failure_reason == name


def test_a_soft_failure_slows_down_less_than_a_hard_one(tmp_path: Path) -> None:
    with open_newsroom(tmp_path, fetch_timeout_seconds=0.3) as room:
        room.server.add("/slow", in_turn(feed(etag='"1"'), silent()))
        room.server.add("/lost", in_turn(feed(etag='"1"'), reply(404)))
        room.watch("/slow", "/lost")
        room.run_at()
        room.run_at(2 * HOUR)
        assert room.wait_of("slow") < room.wait_of("lost")


@pytest.mark.parametrize("route", ["feed_url", "redirect", "robots.txt"])
def test_a_refused_address_is_never_dialled(tmp_path: Path, route: str) -> None:
    with open_newsroom(tmp_path, robots=route == "robots.txt") as room, LoopbackServer() as inside:
        secret = redirect(inside.url("/secret"))
        room.server.add("/feed", secret)
        room.server.add("/robots.txt", secret)
        room.watch("/feed")
        if route == "feed_url":
            room.sources = [replace(room.sources[0], feed_url=inside.url("/secret"))]
        room.run_at()
        assert (room.report.failures, inside.connections) == ({"refused_address": 1}, 0)
