"""The signature of amoCRM's uninstall hook (amoCRM docs: oauth/step-by-step)."""

import hashlib
import hmac

from orchestrator.domain.secret import Secret


def uninstall_signature(*, client_id: str, client_secret: Secret, account_id: int) -> str:
    """Lower-case hex HMAC-SHA256 of `client_id|account_id`, keyed with the client secret."""
    message = f"{client_id}|{account_id}".encode()
    return hmac.new(client_secret.reveal().encode(), message, hashlib.sha256).hexdigest()


def is_signed(signature: str, *, client_id: str, client_secret: Secret, account_id: int) -> bool:
    """Whether amoCRM made this signature; takes the same time whatever is wrong with it."""
    expected = uninstall_signature(client_id=client_id, client_secret=client_secret, account_id=account_id)
    return hmac.compare_digest(expected.encode(), signature.encode(errors="replace"))
