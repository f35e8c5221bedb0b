"""Asks one web address whether it answers: politely, and never an address of our own network.

The host is looked up once, every address of it is checked, and the connection is made to
the very address that was checked, so that a name cannot lead elsewhere in between. Each
redirect is weighed anew. Only head and status are read, never the page.
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from django.utils.encoding import iri_to_uri

from portal.links.models import Outcome, Problem

MOST_REDIRECTS = 5
PORTS = {"http": 80, "https": 443}
MOVED = {301, 302, 303, 307, 308}
# What a server may answer to a program, or for the moment, and a reader never see.
TURNED_AWAY = {401, 403, 405, 406, 407, 408, 423, 425, 429, 451, 503, 999}


class NotAsked(Exception):
    """The address is none that may be asked, or nothing came back; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True)
class Answer:
    """What came of asking an address."""

    outcome: Outcome
    status: int | None = None
    problem: str = ""
    redirect: str = ""

    @property
    def is_silence(self) -> bool:
        """Whether it may be our own line that is broken rather than the link."""
        return self.problem in {Problem.NAME, Problem.CONNECTION, Problem.TIMEOUT}


def connect_to(addresses: list[str], port: int, timeout: float) -> socket.socket:
    """A connection to the first of the addresses of a host that takes one: this machine may have no way to some."""
    *others, last = addresses
    for address in others:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout)
    return socket.create_connection((last, port), timeout)


class PinnedConnection(HTTPConnection):
    """A connection to a host whose addresses are known already."""

    addresses: list[str] = []

    def connect(self) -> None:
        self.sock = connect_to(self.addresses, self.port, self.timeout)


class PinnedSecureConnection(HTTPSConnection):
    """The same under TLS; the certificate is that of the host's name."""

    addresses: list[str] = []

    def connect(self) -> None:
        plain = connect_to(self.addresses, self.port, self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


CONNECTIONS = {"http": PinnedConnection, "https": PinnedSecureConnection}


@dataclass(frozen=True)
class Asker:
    """How to ask: under which name, how patiently, and what to do before each request to a host."""

    agent: str
    timeout: float = 15
    wait: Callable[[str], None] = lambda host: None
    allow_private: bool = False  # for tests only

    def ask(self, url: str) -> Answer:
        """What the address answers, after its redirects."""
        here = url
        try:
            for _step in range(MOST_REDIRECTS + 1):
                status, location = self.status_of(here)
                if status not in MOVED or not location:
                    return Answer(outcome_of(status), status, redirect=here if here != url else "")
                here = urljoin(here, location)
        except NotAsked as failure:
            return Answer(Outcome.FAILS, problem=failure.problem, redirect=here if here != url else "")
        return Answer(Outcome.FAILS, problem=Problem.REDIRECTS, redirect=here)

    def status_of(self, url: str) -> tuple[int, str]:
        """(status, where it leads) of one address; a server that does not like HEAD is asked again with GET."""
        parts = split(url)
        addresses = self.look_up(parts)
        try:
            status, location = self.request("HEAD", parts, addresses)
        except NotAsked as failure:
            if failure.problem != Problem.PROTOCOL:
                raise
            status, location = None, ""
        return (status, location) if status and status < 400 else self.request("GET", parts, addresses)

    def look_up(self, parts: SplitResult) -> list[str]:
        """The addresses of the host; raises NotAsked where any of its addresses is not on the public internet."""
        try:
            found = socket.getaddrinfo(parts.hostname, port_of(parts), type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NotAsked(Problem.NAME) from error
        addresses = list(dict.fromkeys(entry[4][0] for entry in found))
        if not self.allow_private and not all(map(is_public_address, addresses)):
            raise NotAsked(Problem.ADDRESS)
        return addresses

    def request(self, method: str, parts: SplitResult, addresses: list[str]) -> tuple[int, str]:
        self.wait(parts.hostname)
        connection = CONNECTIONS[parts.scheme](parts.hostname, port_of(parts), timeout=self.timeout)
        connection.addresses = addresses
        path = iri_to_uri(f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}")
        try:
            connection.request(method, path, headers={"User-Agent": self.agent, "Accept": "*/*"})
            response = connection.getresponse()
            return response.status, response.headers.get("Location", "")
        except TimeoutError as error:
            raise NotAsked(Problem.TIMEOUT) from error
        except ssl.SSLError as error:
            raise NotAsked(Problem.CERTIFICATE) from error
        except (HTTPException, ValueError) as error:
            raise NotAsked(Problem.PROTOCOL) from error
        except OSError as error:
            raise NotAsked(Problem.CONNECTION) from error
        finally:
            connection.close()


def split(url: str) -> SplitResult:
    """The parts of a web address; raises NotAsked for any other."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in PORTS and parts.hostname and port_of(parts)
    except ValueError:
        known = False
    if not known or parts.username is not None:
        raise NotAsked(Problem.ADDRESS)
    return parts


def port_of(parts: SplitResult) -> int:
    return parts.port or PORTS[parts.scheme]


def is_public_address(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_global and not address.is_multicast


def outcome_of(status: int) -> Outcome:
    if status in TURNED_AWAY:
        return Outcome.UNCLEAR
    return Outcome.OK if 200 <= status < 300 else Outcome.FAILS
