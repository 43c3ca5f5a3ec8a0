"""Whether a password is the right one."""

from typing import Protocol

from orchestrator.domain.secret import Secret


class Passwords(Protocol):
    """Safe to use from several threads."""

    def fits(self, presented: str, known: Secret) -> bool:
        """Takes its time (some 50 ms), whatever was presented. `known`: the password, or an argon2id hash of it."""
        ...
