"""Behaviour of amoCRM that its documentation and recorded traffic leave open."""

from sandbox.switches import Switch

PLATFORM: tuple[Switch, ...] = (
    Switch(
        name="amocrm.retry_after",
        default=None,
        choices=(None, 1, 300),
        about="Seconds in `retry_after` of a 429 body; seen in Kommo's docs (http-codes) only, amoCRM documents none.",
    ),
    Switch(
        name="amocrm.abuse_block",
        default=0,
        choices=(0, 5, 20, 100),
        about="How many 429 within a minute end in the 403 HTML page (0: never). The docs (api/recommendations) name no figure.",
    ),
    Switch(
        name="amocrm.rate_scope",
        default="integration_in_account",
        choices=("integration_in_account", "integration"),
        about="Whether 7 requests/s of an integration are counted per account or over all accounts (api/recommendations).",
    ),
    Switch(
        name="amocrm.context_user_refusal",
        default=403,
        choices=(401, 403),
        about="Status for an unknown or free X-Context-User-ID; oauth/scopes says only that authorisation is refused.",
    ),
    Switch(
        name="amocrm.unpaid_reads",
        default=False,
        choices=(False, True),
        about="Whether reads go on (for about 30 days) when the subscription has lapsed, as one client reports.",
    ),
    Switch(
        name="amocrm.refresh_kills_access",
        default=False,
        choices=(False, True),
        about="Whether a refresh ends the life of the access token it replaces (oauth/step-by-step is silent).",
    ),
)

ENTITIES: tuple[Switch, ...] = ()

SWITCHES: tuple[Switch, ...] = (*PLATFORM, *ENTITIES)
