"""Every page and what its forms do, a table for each area."""

from orchestrator.entrypoints.http.dashboard import accounts, assets, sign_in
from orchestrator.entrypoints.http.routing import Open, Page

DOOR = (
    Open("GET", "/static/{fingerprint}/{name:path}", assets.serve_asset),
    Page("GET", "/", sign_in.show_start),
    Page("GET", "/sign-in", sign_in.show_sign_in, for_everybody=True),
    Page("POST", "/sign-in", sign_in.sign_in, for_everybody=True),
    Page("POST", "/sign-out", sign_in.sign_out),
    Page("POST", "/preferences", sign_in.choose, for_everybody=True),
)

ACCOUNTS = (
    Page("GET", "/accounts", accounts.show_accounts),
)  # fmt: skip

PAGES = (*DOOR, *ACCOUNTS)
