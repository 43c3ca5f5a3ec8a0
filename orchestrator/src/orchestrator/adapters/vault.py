"""Encryption at rest: secrets go into the database as Fernet tokens of the newest key and open with any known key."""

import base64
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from orchestrator.domain.errors import MisconfiguredError
from orchestrator.domain.secret import Secret

SHORTEST_KEY = 16


class Vault:
    """Opens and closes secrets.

    `keys` are passphrases from the configuration, the newest first; each is stretched into a Fernet key. `fingerprint`
    (for look-ups of secrets, and for what must be recognised but not known) is keyed with the oldest passphrase, so
    that adding a new key in front leaves stored fingerprints valid.
    """

    def __init__(self, keys: Sequence[Secret]) -> None:
        if not keys or any(len(key.reveal()) < SHORTEST_KEY for key in keys):
            raise MisconfiguredError(
                f"security.encryption_keys needs at least one key of {SHORTEST_KEY} characters or more:"
                " write one into secrets.yaml (orchestrator keys new prints one)."
            )
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key, b"at rest"))) for key in keys])
        self._fingerprint = hmac.new(_derived(keys[-1], b"fingerprint"), digestmod="sha256")
        self._signing_key = _derived(keys[-1], b"signing")

    def encrypt(self, secret: Secret) -> bytes:
        return self._fernet.encrypt(secret.reveal().encode())

    def decrypt(self, stored: bytes) -> Secret:
        """Raises MisconfiguredError when no known key opens it."""
        try:
            return Secret(self._fernet.decrypt(bytes(stored)).decode())
        except InvalidToken:
            raise MisconfiguredError(
                "A stored secret does not open with any of security.encryption_keys: put the key it was stored with"
                " back into the list (the newest stays first)."
            ) from None

    def rotate(self, stored: bytes) -> bytes:
        """The same secret, encrypted with the newest key."""
        try:
            return self._fernet.rotate(bytes(stored))
        except InvalidToken:
            self.decrypt(stored)
            raise

    def fingerprint(self, text: str) -> bytes:
        """32 bytes that recognise the text and do not tell it."""
        # Copied, for speed: `hmac.digest` lets go of the interpreter each time, and waits to have it back.
        one = self._fingerprint.copy()
        one.update(text.encode())
        return one.digest()

    def signing_key(self) -> Secret:
        """For oauth_state and the like; survives adding a key."""
        return Secret(self._signing_key.hex())


def _derived(key: Secret, purpose: bytes) -> bytes:
    stretch = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"orchestrator " + purpose)
    return stretch.derive(key.reveal().encode())
