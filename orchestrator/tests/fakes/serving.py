"""The HTTP side on a free port, in a thread of the test's process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from orchestrator.entrypoints.http.server import Server, bound
from throwaway_servers import wait_until


def free_address() -> socket.socket:
    """Taken, for a server that must know its own address before it is made."""
    return bound("127.0.0.1", 0)


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def served(app: FastAPI, listener: socket.socket | None = None) -> Iterator[str]:
    """The server's address."""
    server, listener = Server(app), listener or free_address()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        wait_until(lambda: server.started, what="the start of the server")
        yield url_of(listener)
    finally:
        server.should_exit = True
        thread.join()
