"""The HTTP side on a free port, in a thread of the test's process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from orchestrator.entrypoints.http.server import Server, bound
from throwaway_servers import wait_until


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The server's address."""
    server, listener = Server(app), bound("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        wait_until(lambda: server.started, what="the start of the server")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
