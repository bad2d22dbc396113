"""Addresses: which may be dialled, how a URL may spell them, and what is shown of a URL."""

from __future__ import annotations

import ipaddress

import pytest

from scraper.fetching.addresses import AddressRefused, check_address, literal_address, parse_allowed, refusal

REFUSED = [
    ("0.0.0.0", "this network"),
    ("0.1.2.3", "this network"),
    ("10.0.0.1", "private"),
    ("100.64.0.1", "carrier-grade NAT"),
    ("100.127.255.255", "carrier-grade NAT"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("168.63.129.16", "Azure's platform address"),
    ("169.254.169.254", "link-local"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.0.0.192", "IETF protocol assignments"),
    ("192.0.2.1", "documentation"),
    ("192.88.99.1", "6to4 relay"),
    ("192.168.1.1", "private"),
    ("198.18.0.1", "benchmarking"),
    ("198.19.255.255", "benchmarking"),
    ("198.51.100.1", "documentation"),
    ("203.0.113.1", "documentation"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.255", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "reserved"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("::169.254.169.254", "IPv4-compatible"),
    ("::8.8.8.8", "IPv4-compatible"),
    ("::ffff:127.0.0.1", "IPv4-mapped, loopback"),
    ("::ffff:10.0.0.1", "IPv4-mapped, private"),
    ("::ffff:0:127.0.0.1", "not global unicast"),
    ("64:ff9b::169.254.169.254", "NAT64, link-local"),
    ("64:ff9b::10.0.0.1", "NAT64, private"),
    ("64:ff9b:1::8.8.8.8", "local NAT64"),
    ("100::1", "discard"),
    ("2001::1", "Teredo"),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"),
    ("2001:2::1", "IETF protocol assignments"),
    ("2001:20::1", "IETF protocol assignments"),
    ("2001:db8::1", "documentation"),
    ("2002:a9fe:a9fe::1", "6to4"),
    ("2002:808:808::1", "6to4"),
    ("3fff::1", "documentation"),
    ("5f00::1", "not global unicast"),
    ("fc00::1", "unique local"),
    ("fd00:ec2::254", "unique local"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local"),
    ("fec0::1", "site-local"),
    ("ff02::1", "multicast"),
    ("2606:4700::5efe:127.0.0.1", "ISATAP, loopback"),
    ("2606:4700::200:5efe:10.0.0.1", "ISATAP, private"),
]

PUBLIC = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::200e",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
]


@pytest.mark.parametrize(("address", "why"), REFUSED)
def test_an_address_that_is_not_public_is_refused_with_its_kind(address: str, why: str) -> None:
    assert refusal(ipaddress.ip_address(address)) == why


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not_refused(address: str) -> None:
    assert refusal(ipaddress.ip_address(address)) is None


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0X7F.0.0.1",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "127.0.0.01",
        "127.0.0.1.",
        "0",
        "0x",
        "1.2.3.4.5",
        "256.1.1.1",
        "example.1",
        "%31%32%37.0.0.1",
        "[::1]",
        "::1%25lo::",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "",
    ],
)
def test_an_address_in_an_odd_spelling_is_refused(host: str) -> None:
    with pytest.raises(AddressRefused):
        literal_address(host)


@pytest.mark.parametrize(
    "host", ["example.com", "localhost", "1.2.3.4.example", "0x7f.example", "xn--bcher-kva.example"]
)
def test_a_name_is_not_an_address(host: str) -> None:
    assert literal_address(host) is None


def test_an_allowed_pair_lets_its_address_through() -> None:
    check_address(ipaddress.ip_address("127.0.0.1"), 8001, parse_allowed("127.0.0.1:8001"))


@pytest.mark.parametrize(("address", "port"), [("127.0.0.1", 8002), ("127.0.0.2", 8001), ("::ffff:127.0.0.1", 8001)])
def test_an_allowed_pair_lets_nothing_else_through(address: str, port: int) -> None:
    with pytest.raises(AddressRefused, match="loopback"):
        check_address(ipaddress.ip_address(address), port, parse_allowed("127.0.0.1:8001"))


def test_allowed_pairs_are_read_in_both_families() -> None:
    expected = {(ipaddress.ip_address("127.0.0.1"), 8001), (ipaddress.ip_address("::1"), 9000)}
    assert parse_allowed(" 127.0.0.1:8001, [::1]:9000,") == expected


@pytest.mark.parametrize(
    "entry",
    [
        "127.0.0.1",
        "localhost:80",
        "::1:9000",
        "[127.0.0.1]:80",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.0/8:80",
        ":80",
    ],
)
def test_a_broken_allowed_pair_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match=r"is not address:port") as caught:
        parse_allowed(f"127.0.0.1:1,{entry}")
    assert repr(entry) in str(caught.value)
