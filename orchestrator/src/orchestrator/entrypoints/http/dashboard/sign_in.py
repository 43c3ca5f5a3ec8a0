"""Signing in and out, language and theme."""

from http import HTTPStatus

from anyio import CapacityLimiter, to_thread
from starlette.responses import Response

from orchestrator.domain.access import FailureLimit
from orchestrator.domain.errors import ForbiddenError, RejectedError
from orchestrator.domain.wording import LANGUAGES
from orchestrator.entrypoints.http.dashboard.cookies import LANGUAGE, THEME, THEMES, Cookies
from orchestrator.entrypoints.http.dashboard.rendering import page
from orchestrator.entrypoints.http.dashboard.visit import Visit, within
from orchestrator.entrypoints.http.problems import TooManyFailuresError

MOST_FAILURES = 5
"""Wrong passwords of one address a minute."""
MOST_AT_ONCE = 2
"""A check takes 64 MiB and a core for a moment."""


class Guesses:
    """Slows down whoever guesses the password. Belongs to one event loop."""

    def __init__(self) -> None:
        self.failures = FailureLimit(most=MOST_FAILURES)
        self.turns = CapacityLimiter(MOST_AT_ONCE)


def show_start(visit: Visit) -> Response:
    return visit.go("/accounts")


def show_sign_in(visit: Visit) -> Response:
    back = within(visit.query.text("back"))
    return visit.go(back) if visit.session else _asked(visit, back)


async def sign_in(visit: Visit) -> Response:
    """Takes the password; counted as a failure until it turns out right, so that none can be tried side by side."""
    guesses: Guesses = visit.request.app.state.guesses
    address, back = visit.address(), within(visit.form.text("back"))
    wait = guesses.failures.wait(address, now=visit.now)
    if wait is not None:
        raise TooManyFailuresError("Too many wrong passwords from this address.", retry_after=wait.total_seconds())
    guesses.failures.failed(address, now=visit.now)
    try:
        session = await to_thread.run_sync(
            lambda: visit.services.sign_in.begin(visit.form.text("password"), address=address), limiter=guesses.turns
        )
    except ForbiddenError:
        return _asked(visit, back, wrong=True)
    guesses.failures.forgive(address)
    answer = visit.go(back)
    Cookies.of(visit.options).set_session(answer, session, visit.services.sign_in.signer)
    return answer


def sign_out(visit: Visit) -> Response:
    if visit.session is not None:
        visit.services.sign_in.end(visit.session, address=visit.address())
    visit.request.state.signed_out = True
    answer = visit.go("/sign-in")
    Cookies.of(visit.options).forget_session(answer)
    return answer


def choose(visit: Visit) -> Response:
    """Language or theme, then back to where it was chosen."""
    answer = visit.go(within(visit.form.text("back")))
    for name, choices in ((LANGUAGE, LANGUAGES), (THEME, THEMES)):
        if name in visit.form:
            if visit.form.text(name) not in choices:
                raise RejectedError(f"{name} must be one of {', '.join(choices)}.")
            Cookies.of(visit.options).set_preference(answer, name, visit.form.text(name), now=visit.now)
    return answer


def _asked(visit: Visit, back: str, *, wrong: bool = False) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return page(visit, "sign_in.html", status=status, back=back, wrong=wrong)
