"""What can go wrong, named by what happens next.

UnisenderError
├── ConfigError      someone must change something: the configuration, the account, its balance → config_error
├── TransientError   it may work later: the run ends, the next one goes on → transient_error
├── SystemFaultError      a broken input or a bug → system_error
└── CallRefusedError      one call was refused for what is in it: the caller looks for the bad row or the reason
"""

from typing import Literal

FailureType = Literal["config_error", "transient_error", "system_error"]


class UnisenderError(Exception):
    """Something this connector can name. `str()` is the sentence for the user and holds no secret and no address."""

    failure_type: FailureType = "system_error"


class ConfigError(UnisenderError):
    """Someone must change the configuration, the Unisender account or its balance."""

    failure_type: FailureType = "config_error"


class TransientError(UnisenderError):
    """Unisender or the way to it failed for now."""

    failure_type: FailureType = "transient_error"


class SystemFaultError(UnisenderError):
    """A broken input line, or a fault of this connector."""


class CallRefusedError(UnisenderError):
    """Unisender refused one call for its content.

    `code` is the vendor's, `vendor_text` its sentence with personal data masked.
    """

    def __init__(self, *, method: str, code: str, vendor_text: str) -> None:
        super().__init__(f"Unisender refused {method}: {vendor_text} (code {code}).")
        self.method = method
        self.code = code
        self.vendor_text = vendor_text
