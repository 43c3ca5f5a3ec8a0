"""Passwords by argon2id, with the library's present parameters (RFC 9106, the low-memory choice)."""

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from orchestrator.domain.errors import MisconfiguredError
from orchestrator.domain.secret import Secret

HASHER = PasswordHasher()
HASHED = "$argon2id$"
LONGEST = 1024
"""Characters of a password that are looked at; more is refused."""


class Argon2Passwords:
    """Implements the Passwords port."""

    def fits(self, presented: str, known: Secret) -> bool:
        text = known.reveal()
        # A password that is configured as it is goes the same way: it is not found by the time it takes either.
        stored = text if text.startswith(HASHED) else _hashed(text)
        try:
            return HASHER.verify(stored, presented[:LONGEST]) and len(presented) <= LONGEST
        except InvalidHashError:
            raise MisconfiguredError(
                "security.admin_password begins like a hash and is none: make one by `orchestrator keys hash-password`."
            ) from None
        except VerificationError:
            return False


def hashed(password: str) -> str:
    """What may stand in the configuration instead of the password."""
    return HASHER.hash(password)


_hashed = lru_cache(maxsize=2)(hashed)
