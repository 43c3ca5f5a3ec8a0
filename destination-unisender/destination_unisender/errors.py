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
    """Something this connector can name. `str()` is the sentence for the user and holds no secret and no address.

    `code` is stable, for programs (docs/connectors/destination-unisender.md).
    """

    failure_type: FailureType = "system_error"
    code = "connector_fault"

    def __init__(self, sentence: str, *, code: str | None = None) -> None:
        super().__init__(sentence)
        if code is not None:
            self.code = code


class ConfigError(UnisenderError):
    """Someone must change the configuration, the Unisender account or its balance."""

    failure_type: FailureType = "config_error"
    code = "misconfigured"


class TransientError(UnisenderError):
    """Unisender or the way to it failed for now."""

    failure_type: FailureType = "transient_error"
    code = "unreachable"


class SystemFaultError(UnisenderError):
    """A broken input line, or a fault of this connector."""


class CallRefusedError(UnisenderError):
    """Unisender refused one call for its content.

    `vendor_code` is its own name for the reason, `vendor_text` its sentence with personal data masked.
    """

    def __init__(self, *, method: str, vendor_code: str, vendor_text: str) -> None:
        super().__init__(f"Unisender refused {method}: {vendor_text} (code {vendor_code}).")
        self.method = method
        self.vendor_code = vendor_code
        self.vendor_text = vendor_text
