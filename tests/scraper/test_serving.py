"""The socket that the API is served on."""

from __future__ import annotations

import socket

from scraper.serving import listen


def test_an_answer_on_a_kept_connection_waits_for_no_acknowledgement() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
