"""One connection to one beanstalkd. Its greenstalk client is used by one thread at a time."""

import logging
import random
import select
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

import greenstalk

from orchestrator.domain.errors import MisconfiguredError

logger = logging.getLogger(__name__)

Client = greenstalk.Client[bytes]
Server = tuple[str, int]

DEFAULT_PORT = 11300
LONGEST_CONNECT = 1.0
"""Seconds: a machine that is gone does not refuse, it says nothing."""
SHORTEST_REST, LONGEST_REST = 0.05, 2.0
"""Seconds a server is left alone after a failure, doubling, with jitter."""


def servers_of(urls: Sequence[str]) -> tuple[Server, ...]:
    """Host and port of each `beanstalk://host:port`. Raises MisconfiguredError."""
    return tuple(_server_of(url) for url in urls)


def _server_of(url: str) -> Server:
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError:
        host, port = None, 0
    if parts.scheme != "beanstalk" or not host or parts.path.strip("/"):
        raise MisconfiguredError("queue.url must be `embedded` or look like beanstalk://host:11300.")
    return host, port


class AwayError(Exception):
    """beanstalkd is out of reach."""


class Line:
    """One connection to one beanstalkd, made when it is needed and made anew after it broke.

    After a failure the server is left alone for a while that grows, so that nobody waits for the same silence twice.
    """

    def __init__(self, server: Server, *, watch: Sequence[str] = ()) -> None:
        self._server, self._watch = server, watch
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._socket: socket.socket | None = None
        self._rest, self._rest_until = SHORTEST_REST, 0.0

    @property
    def resting(self) -> float:
        """Seconds until it is worth trying again."""
        return max(0.0, self._rest_until - time.monotonic())

    @contextmanager
    def talking(self, seconds: float) -> Iterator[Client]:
        """The client, for this thread alone.

        Raises AwayError when the server does not answer within the seconds; the connection is given up then.
        """
        until = time.monotonic() + seconds
        if not self._lock.acquire(timeout=seconds):
            raise AwayError("others wait for it already")
        try:
            yield self._connected(until)
        except (OSError, AssertionError, greenstalk.UnknownResponseError, greenstalk.InternalError) as error:
            # greenstalk asserts that lines are whole: a cut one fails so.
            self._failed()
            logger.warning("beanstalkd_away", extra={"server": self._server[0], "why": type(error).__name__})
            raise AwayError(type(error).__name__) from error
        except (greenstalk.DrainingError, greenstalk.OutOfMemoryError, greenstalk.BuriedError) as error:
            raise AwayError(type(error).__name__) from error
        finally:
            self._lock.release()

    def is_still(self, client: Client) -> bool:
        """Whether that client's connection, and with it what it reserved, still stands."""
        return self._client is client

    def close(self) -> None:
        with self._lock:
            self._hang_up()

    def _connected(self, until: float) -> Client:
        if self._client is not None and self._socket is not None:
            self._socket.settimeout(max(0.01, until - time.monotonic()))
            if not _hung_up(self._socket):
                return self._client
            self._hang_up()
        if self.resting:
            raise AwayError("left alone after a failure")
        patience = max(0.01, until - time.monotonic())
        connection = socket.create_connection(self._server, timeout=min(patience, LONGEST_CONNECT))
        connection.settimeout(patience)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self._client = greenstalk.Client(connection, encoding=None, watch=self._watch or greenstalk.DEFAULT_TUBE)
        self._rest = SHORTEST_REST
        return self._client

    def _failed(self) -> None:
        self._hang_up()
        self._rest_until = time.monotonic() + self._rest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads, hides nothing
        self._rest = min(LONGEST_REST, self._rest * 2)

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
        elif self._socket is not None:
            self._socket.close()
        self._client = self._socket = None


def _hung_up(connection: socket.socket) -> bool:
    """Whether the other side closed an idle connection: only that makes one readable."""
    watched = select.poll()
    watched.register(connection, select.POLLIN)
    return bool(watched.poll(0))
