"""What can go wrong, named by what happens next.

OrchestratorError
├── MisconfiguredError   somebody must change the configuration or a setting at a vendor
├── NeedsConsentError    the amoCRM administrator must grant consent again
├── RetryableError       it may work later; `retry_after` seconds if the other side said so
├── RejectedError        the request itself is wrong: say so, do not try again
├── NotFoundError        there is no such thing
├── ConflictError        somebody or something else holds the place
└── ForbiddenError       whoever asks may not

`code` is stable and documented (docs/errors.md); `str()` is a sentence for people without secrets.
"""


class OrchestratorError(Exception):
    """Something the service can name."""

    code = "internal_error"

    def __init__(self, sentence: str, *, code: str | None = None) -> None:
        super().__init__(sentence)
        if code is not None:
            self.code = code


class MisconfiguredError(OrchestratorError):
    """Somebody must change the configuration or a setting at a vendor."""

    code = "misconfigured"


class NeedsConsentError(OrchestratorError):
    """The amoCRM administrator must grant consent again."""

    code = "consent_needed"


class RetryableError(OrchestratorError):
    """It may work later."""

    code = "unavailable"

    def __init__(self, sentence: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(sentence, code=code)
        self.retry_after = retry_after


class RejectedError(OrchestratorError):
    """The request itself is wrong."""

    code = "invalid_request"


class NotFoundError(OrchestratorError):
    """There is no such thing."""

    code = "not_found"


class ConflictError(OrchestratorError):
    """Somebody or something else holds the place."""

    code = "conflict"


class ForbiddenError(OrchestratorError):
    """Whoever asks may not."""

    code = "forbidden"
