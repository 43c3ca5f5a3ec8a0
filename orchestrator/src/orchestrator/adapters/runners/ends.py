"""The pipes between us and a process that is about to be started."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


class Ends:
    """Ours: `stdin` (None unless the process is fed), `stdout`, `stderr`. Theirs are handed over, then closed here."""

    def __init__(self, *, fed: bool) -> None:
        self.stdin: int | None = None
        if fed:
            their_stdin, self.stdin = os.pipe()
        else:
            their_stdin = os.open(os.devnull, os.O_RDONLY)
        self.stdout, their_stdout = os.pipe()
        self.stderr, their_stderr = os.pipe()
        self._theirs = (their_stdin, their_stdout, their_stderr)

    @contextmanager
    def handing_over(self) -> Iterator[tuple[int, int, int]]:
        """Their stdin, stdout and stderr, closed here afterwards; if it goes wrong, ours too."""
        try:
            yield self._theirs
        except BaseException:
            self.close()
            raise
        finally:
            for end in self._theirs:
                os.close(end)

    def hang_up(self) -> None:
        """Close the process's stdin."""
        if self.stdin is not None:
            os.close(self.stdin)
            self.stdin = None

    def close(self) -> None:
        self.hang_up()
        os.close(self.stdout)
        os.close(self.stderr)
