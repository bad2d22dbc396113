"""Which addresses may be dialled: public ones, and those a person has named exactly."""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address
AddressPort = tuple[Address, int]


class AddressRefused(Exception):
    """An address we do not dial; the message says which and why."""


# IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast, and what is reachable only inside one cloud.
_REFUSED_IPV4 = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "carrier-grade NAT",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "Azure's platform address",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "IETF protocol assignments",
    "192.0.2.0/24": "documentation",
    "192.31.196.0/24": "AS112",
    "192.52.193.0/24": "AMT",
    "192.88.99.0/24": "6to4 relay",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "AS112",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}

# Of IPv6 only global unicast (2000::/3, RFC 4291 §2.4) is dialled; these names say why the rest is not, and which
# parts of 2000::/3 are not either. First match wins.
_REFUSED_IPV6 = {
    "::/128": "unspecified",
    "::1/128": "loopback",
    "::/96": "IPv4-compatible",
    "64:ff9b:1::/48": "local NAT64",
    "100::/64": "discard",
    "2001::/32": "Teredo",
    "2001::/23": "IETF protocol assignments",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4",
    "3fff::/20": "documentation",
    "fc00::/7": "unique local",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
}

_IPV4_RANGES = [(ipaddress.IPv4Network(block), why) for block, why in _REFUSED_IPV4.items()]
_IPV6_RANGES = [(ipaddress.IPv6Network(block), why) for block, why in _REFUSED_IPV6.items()]
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214 §6.1: third quarter of the address, an IPv4 address follows

# WHATWG URL §3.5 "ends in a number": resolvers read such hosts as IPv4: decimal, octal, hexadecimal, shortened.
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


def refusal(address: Address) -> str | None:
    """Why this address is never dialled ("loopback", "private", …); None when it is public.

    An IPv4 address inside an IPv6 one is judged by itself where the network would deliver to it (IPv4-mapped, NAT64).
    """
    if isinstance(address, IPv4Address):
        return next((why for block, why in _IPV4_RANGES if address in block), None)
    if address.ipv4_mapped is not None:
        return _embedded_refusal(address.ipv4_mapped, "IPv4-mapped")
    address = IPv6Address(int(address))  # without its zone: "fe80::1%eth0" is in no network
    if address in _NAT64:
        return _embedded_refusal(_last_quarter(address), "NAT64")
    if why := next((why for block, why in _IPV6_RANGES if address in block), None):
        return why
    if address not in _GLOBAL_UNICAST:
        return "not global unicast"
    if int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        return _embedded_refusal(_last_quarter(address), "ISATAP")
    return None


def check_address(address: Address, port: int, allowed: frozenset[AddressPort]) -> None:
    """Raise AddressRefused unless the address is public or this exact address and port are allowed."""
    why = refusal(address)
    if why is not None and (address, port) not in allowed:
        raise AddressRefused(f"{address} is not a public address ({why})")


def literal_address(host: str) -> Address | None:
    """The address that a URL's host spells; None when it is a name.

    Raises AddressRefused for an address in any but its plain spelling ("2130706433", "0x7f.1", "127.1", "127.0.0.1."):
    honest feeds do not use them, and every resolver reads them differently.
    """
    last_label = host.rstrip(".").rpartition(".")[2]
    with suppress(ValueError):
        if "%" not in host:  # zones (RFC 6874) exist only where we never dial
            return ipaddress.ip_address(host)
    if not host or ":" in host or "%" in host or not host.isascii() or _NUMBER.fullmatch(last_label):
        raise AddressRefused(f"{host!r} is neither a name nor a plainly spelled address")
    return None


def parse_allowed(text: str) -> frozenset[AddressPort]:
    """Read "127.0.0.1:8001,[::1]:9000"; "" allows nothing. Raises ValueError naming the entry that cannot be read."""
    return frozenset(_parse_pair(entry.strip()) for entry in text.split(",") if entry.strip())


def _embedded_refusal(address: IPv4Address, wrapping: str) -> str | None:
    why = refusal(address)
    return why and f"{wrapping}, {why}"


def _last_quarter(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)


def _parse_pair(entry: str) -> AddressPort:
    host, _, port = entry.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        address = ipaddress.ip_address(host[1:-1] if bracketed else host)
    except ValueError:
        address = None
    if address is None or bracketed != (address.version == 6) or not _is_port(port):
        raise ValueError(f"{entry!r} is not address:port, such as 127.0.0.1:8001 or [::1]:9000")
    return address, int(port)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= len(text) <= 5 and 1 <= int(text) <= 65535
