"""The files of the very first start: a configuration that works, with fresh secrets that only their owner can read."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from orchestrator.config.problem import ConfigurationError, Mark
from orchestrator.config.secrets_files import SECRETS_FILE
from orchestrator.config.yaml_file import UnreadableError, nodes_of

_CONFIGURATION = """\
# The orchestrator's configuration; docs/configuration.md explains every key.
# After a change: orchestrator check-config

security:
  encryption_keys:
    - !secret encryption_key
  admin_password: !secret admin_password

http:
  tokens:
    - name: admin
      token: !secret api_token
      scopes: [admin]

# integrations:
#   - name: main
#     client_id: the integration's ID in amoCRM
#     client_secret: !secret amocrm_client_secret
"""

_SECRETS_HEAD = "# Secrets, named in configuration.yaml by !secret. Keep this file to yourself.\n\n"
_SECRETS = {
    "encryption_key": "# Encrypts tokens and keys in the database: without it they are lost.",
    "api_token": "# For programs: Authorization: Bearer …",
    "admin_password": "# For the web pages.",
}


def create_files(configuration: Path) -> Sequence[Path]:
    """Write the configuration and its secrets where there is none; a secrets file that is there is kept and completed.

    Returns the files written. Raises OSError when the folder cannot be written to, ConfigurationError for a secrets
    file that cannot be read.
    """
    if configuration.exists():
        return ()
    configuration.parent.mkdir(parents=True, exist_ok=True)
    secrets_file = configuration.with_name(SECRETS_FILE)
    written = [secrets_file] if _complete(secrets_file) else []
    _write_new(configuration, _CONFIGURATION, mode=0o644)
    return [configuration, *written]


def new_secret() -> str:
    """256 bits, as text."""
    return secrets.token_urlsafe(32)


def _complete(path: Path) -> bool:
    known = _names_in(path)
    lines = [f"{comment}\n{name}: {new_secret()}\n" for name, comment in _SECRETS.items() if name not in known]
    if not lines:
        return False
    if path.exists():
        with path.open("a", encoding="utf-8") as file:
            file.write("\n" + "\n".join(lines))
    else:
        _write_new(path, _SECRETS_HEAD + "\n".join(lines), mode=0o600)
    return True


def _names_in(path: Path) -> set[str]:
    if not path.exists():
        return set()
    try:
        node = nodes_of(path, asked=Mark(file=path, line=1, column=1))
    except UnreadableError as error:
        raise ConfigurationError([error.problem]) from None
    return {key.value for key, _ in node.value} if node is not None else set()


def _write_new(path: Path, text: str, *, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
