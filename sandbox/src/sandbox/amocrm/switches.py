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
        about="How many 429 within a minute end in the 403 HTML page (0: never); api/recommendations names no figure.",
    ),
    Switch(
        name="amocrm.rate_scope",
        default="integration_in_account",
        choices=("integration_in_account", "integration"),
        about="Are 7 requests/s of an integration counted per account or over all of them (api/recommendations).",
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

OAUTH: tuple[Switch, ...] = (
    Switch(
        name="amocrm.unknown_host_status",
        default=401,
        choices=(401, 404),
        about="Token endpoint on a host that is no account's (any more): the official client handles 401 and 404.",
    ),
    Switch(
        name="amocrm.oauth_form_requests",
        default=False,
        choices=(False, True),
        about="Whether the token endpoint takes form-encoded bodies; every known client sends JSON.",
    ),
    Switch(
        name="amocrm.oauth_unknown_code_hint",
        default="Authorization code has been revoked",
        choices=("Authorization code has been revoked", "Cannot decrypt the authorization code"),
        about="Hint for a code that never existed: not recorded; the second is the likely library's.",
    ),
    Switch(
        name="amocrm.oauth_expired_refresh_hint",
        default="Token has been revoked",
        choices=("Token has been revoked", "Token has expired"),
        about="Hint for a refresh token older than 3 months: not recorded.",
    ),
)

HOOKS: tuple[Switch, ...] = (
    Switch(
        name="amocrm.hook_account_block",
        default="first",
        choices=("first", "last"),
        about="Place of the account block in a hook: first in captures since 2023, last in those of 2018-2022.",
    ),
    Switch(
        name="amocrm.hook_kommo_self",
        default="amocrm.com",
        choices=("amocrm.com", "kommo.com"),
        about="Zone in account[_links][self] of a Kommo account's hooks: captures show amocrm.com.",
    ),
    Switch(
        name="amocrm.hook_contact_responsible",
        default="update",
        choices=("update", "responsible"),
        about="Key of a contact's changed responsible user: contacts[update] in captures, [responsible] in some code.",
    ),
    Switch(
        name="amocrm.hook_contact_radiobutton",
        default="indexed",
        choices=("indexed", "bare"),
        about="Whether a contact's radiobutton comes as values[value] without an index (Kommo docs: webhooks-general).",
    ),
    Switch(
        name="amocrm.hook_compound_fields",
        default="absent",
        choices=("absent", "sent"),
        about="smart_address, legal_entity, category, file, items... in hooks: absent in captures, in older code sent.",
    ),
    Switch(
        name="amocrm.hook_escaping",
        default="url",
        choices=("none", "url", "url_and_text"),
        about="Which field values are HTML-escaped: `&amp;` was captured in url fields, text fields are doubtful.",
    ),
    Switch(
        name="amocrm.hook_old_pipeline_id",
        default=True,
        choices=(True, False),
        about="Whether leads[status] tells old_pipeline_id; seen in digital pipeline hooks only.",
    ),
    Switch(
        name="amocrm.hook_sms_notes",
        default=True,
        choices=(True, False),
        about="Whether notes sms_in/sms_out make note hooks (with note_type 102/103).",
    ),
    Switch(
        name="amocrm.hook_catalog_code",
        default="catalog_element",
        choices=("catalog_element", "catalog", "list_element"),
        about="Name of catalog elements in subscription codes (add_..., update_..., delete_...): never seen.",
    ),
    Switch(
        name="amocrm.hook_timeout_code",
        default=499,
        choices=(0, 499),
        about="Code of an answer that did not come within 2 s: 499 gets five attempts, 0 three (webhooks-format).",
    ),
    Switch(
        name="amocrm.hook_order",
        default="sent",
        choices=("sent", "duplicated", "reordered"),
        about="Hooks are at-least-once and unordered; how often that happens is unknown, so it is made to order.",
    ),
    Switch(
        name="amocrm.widget_trigger_encoding",
        default="json",
        choices=("json", "form"),
        about="Body of a widget's digital pipeline hook: documented JSON-like, clients were seen to get a form.",
    ),
    Switch(
        name="amocrm.webhook_unknown_code",
        default=400,
        choices=(400, 422),
        about="Answer to a subscription with an unknown settings code (webhooks-api lists both statuses).",
    ),
    Switch(
        name="amocrm.webhook_created_status",
        default=201,
        choices=(200, 201),
        about="Status of a made subscription: 201 in amoCRM's docs, 200 in Kommo's.",
    ),
    Switch(
        name="amocrm.webhook_needs_slash",
        default=False,
        choices=(False, True),
        about='Whether the destination must end with a slash; one Kommo user got "Invalid URL" without it.',
    ),
    Switch(
        name="amocrm.webhook_resubscribe_enables",
        default=True,
        choices=(True, False),
        about="Whether POSTing a switched-off webhook again switches it on (webhooks-api is silent).",
    ),
)

ENTITIES: tuple[Switch, ...] = (
    Switch(
        name="amocrm.limit_over_maximum",
        default="clamp",
        choices=("clamp", "400", "422"),
        about="What a limit over 250 (events: 100) leads to; the docs give the maximum only.",
    ),
    Switch(
        name="amocrm.link_brackets",
        default="encoded",
        choices=("encoded", "raw"),
        about="Whether brackets of the query string are percent-encoded in hrefs; both were recorded.",
    ),
    Switch(
        name="amocrm.default_order",
        default="id",
        choices=("id", "id_desc", "updated_at"),
        about="Order of cards without `order`; id ascending in every capture, promised nowhere.",
    ),
    Switch(
        name="amocrm.filter_bounds",
        default="inclusive",
        choices=("inclusive", "exclusive"),
        about="Whether from and to of a range filter include their own second; filters-api is silent.",
    ),
    Switch(
        name="amocrm.company_is_unsorted",
        default=False,
        choices=(False, True),
        about="Whether companies carry is_unsorted as contacts do; no recording of a company shows it.",
    ),
    Switch(
        name="amocrm.deleted_by_id",
        default=204,
        choices=(204, 200),
        about="GET by id of a record in the bin: 204, or 200 with the rest null (leads-api is silent).",
    ),
    Switch(
        name="amocrm.no_loss_reason",
        default="[]",
        choices=("[]", "null"),
        about="What with=loss_reason embeds in a lead that was not lost; leads-api shows only a lead with a reason.",
    ),
    Switch(
        name="amocrm.loss_reason",
        default="array",
        choices=("array", "object"),
        about="with=loss_reason embeds an array of one (sample of leads-api) or an object (its table).",
    ),
    Switch(
        name="amocrm.partial_batch",
        default="nothing_stored",
        choices=("nothing_stored", "valid_stored"),
        about="Whether the valid elements of a batch are stored when another one is refused with 400; undocumented.",
    ),
    Switch(
        name="amocrm.unknown_fields",
        default="ignore",
        choices=("ignore", "refuse"),
        about="An unknown top-level key of a written card; FieldNotExpected is recorded for nested keys only.",
    ),
    Switch(
        name="amocrm.echoed_field_keys",
        default="enum_code",
        choices=("enum_code", "all", "none"),
        about="What FieldNotExpected says of a value block sent back as read: recorded for enum_code null alone, by a "
        "client that sends field_name and field_type too (custom-fields names neither).",
    ),
    Switch(
        name="amocrm.fractional_price",
        default=False,
        choices=(False, True),
        about="Whether a lead's price may be a fraction; leads-api says int.",
    ),
    Switch(
        name="amocrm.written_updated_at",
        default="stored",
        choices=("stored", "ignored"),
        about="What becomes of updated_at sent with PATCH; older versions refused stale ones, v4 is silent.",
    ),
    Switch(
        name="amocrm.unknown_id_in_patch",
        default=400,
        choices=(400, 404),
        about="Status of PATCH /{entity}/{id} for an id that does not exist; the docs name none.",
    ),
    Switch(
        name="amocrm.object_to_collection",
        default="refuse",
        choices=("refuse", "accept"),
        about="A single object POSTed to a collection: 400, or an array of one; documented for few methods only.",
    ),
    Switch(
        name="amocrm.activity_bumps_updated_at",
        default=False,
        choices=(False, True),
        about="Whether links, notes and tasks move updated_at of their card; undocumented.",
    ),
    Switch(
        name="amocrm.link_event",
        default="entity",
        choices=("entity", "by_kind"),
        about="Type of the event of a link: entity_linked, or contact_linked...; both are documented types.",
    ),
    Switch(
        name="amocrm.merged_loser",
        default="gone",
        choices=("gone", "bin"),
        about="Where the loser of a merge of duplicates goes: nowhere, or into the bin.",
    ),
    Switch(
        name="amocrm.merged_event",
        default="winner",
        choices=("winner", "loser"),
        about="Which of two merged records the event entity_merged belongs to; events-and-notes gives no example.",
    ),
    Switch(
        name="amocrm.duplicate_control",
        default=False,
        choices=(False, True),
        about="Whether duplicate control is on for the integration: leads/complex then finds contacts by phone.",
    ),
    Switch(
        name="amocrm.events_order",
        default="ignored",
        choices=("ignored", "honoured"),
        about="Effect of order[created_at]=asc on events, which come newest first; one pipeline sends it.",
    ),
    Switch(
        name="amocrm.talks_list",
        default="kommo",
        choices=("kommo", "everywhere", "nowhere"),
        about="Where GET /talks lists talks; seen on Kommo only.",
    ),
    Switch(
        name="amocrm.events_over_maximum",
        default="clamp",
        choices=("clamp", "50"),
        about="Events with limit over 100: 100 items, or the list ends after 50 as users report.",
    ),
    Switch(
        name="amocrm.events_note",
        default="note",
        choices=("absent", "note"),
        about="Whether with=note embeds the note of an event; only the official PHP client knows it.",
    ),
)

SWITCHES: tuple[Switch, ...] = (*PLATFORM, *OAUTH, *HOOKS, *ENTITIES)
