"""Serving the app."""

import socket

import uvicorn
from fastapi import FastAPI

GRACE_SECONDS = 8
"""How long requests under way may take after SIGTERM."""
BACKLOG = 2048


class Server(uvicorn.Server):
    """uvicorn, set up so that no address (some hold secrets) is ever logged."""

    def __init__(self, app: FastAPI, *, trusted_proxies: str = "127.0.0.1") -> None:
        """`trusted_proxies`: whose X-Forwarded-For is believed, addresses or networks by comma."""
        super().__init__(
            uvicorn.Config(
                app,
                access_log=False,
                backlog=BACKLOG,
                forwarded_allow_ips=trusted_proxies,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                ws="none",
            )
        )

    def serve_on(self, host: str, port: int) -> None:
        """Serve until SIGTERM, SIGINT or `should_exit`. Raises OSError when the address cannot be had."""
        self.run(sockets=[bound(host, port)])


def bound(host: str, port: int) -> socket.socket:
    """A listening address; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
