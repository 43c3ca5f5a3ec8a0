"""Exit codes, documented in docs/cli.md. Scripts rely on them."""

from enum import IntEnum

from orchestrator.domain.errors import (
    MisconfiguredError,
    NeedsConsentError,
    NotFoundError,
    OrchestratorError,
    RejectedError,
)


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1  # something else is in the way: the database is away, the account is being unlinked
    USAGE = 2  # the command line or the configuration is wrong
    NOT_FOUND = 3
    ATTENTION = 4  # it worked, and what it found needs a person: open repairs, a failed check, a failed sync
    INTERRUPTED = 130


def exit_of(error: OrchestratorError) -> Exit:
    """What an error means for whoever called."""
    match error:
        case NotFoundError():
            return Exit.NOT_FOUND
        case NeedsConsentError():
            return Exit.ATTENTION
        case MisconfiguredError() | RejectedError():
            return Exit.USAGE
    return Exit.FAILED
