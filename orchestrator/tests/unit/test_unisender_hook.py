"""Unisender's webhooks: whose they are, and what they say."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.secret import Secret
from orchestrator.domain.unisender_hook import OptOut, opt_outs, signed_by

NOW = datetime(2026, 5, 3, 18, 20, tzinfo=UTC)
EARLIER = NOW - timedelta(days=1)
KEYS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=8, max_size=40)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def signed(payload: dict[str, object], key: str, *, spaces: bool = False, escaped: bool = True) -> bytes:
    """As the vendor signs: the body with the key in the place of `auth`, then the digest in the place of the key."""
    text = json.dumps({"auth": key, **payload}, separators=None if spaces else (",", ":"), ensure_ascii=escaped)
    text = text.replace("/", "\\/")
    digest = hashlib.md5(text.encode()).hexdigest()
    return text.replace(f'"{key}"', f'"{digest}"', 1).encode()


def said(body: bytes | dict[str, object]) -> list[tuple[str, str, set[str]]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [(one.email, one.status, set(one.list_ids)) for one in opt_outs(raw, now=NOW)]


def batch(*events: dict[str, object], key: str = "events") -> dict[str, object]:
    return {"auth": "x", "events_by_user": [{"login": "ID1", key: list(events)}]}


@given(key=KEYS, login=TEXTS, email=TEXTS, spaces=st.booleans(), escaped=st.booleans())
def test_a_body_signed_with_the_key_is_recognised_however_its_json_is_written(
    key: str, login: str, email: str, spaces: bool, escaped: bool
) -> None:
    payload: dict[str, object] = {"login": login, "event_name": "unsubscribe", "email": email}

    assert signed_by(signed(payload, key, spaces=spaces, escaped=escaped), Secret(key))


@given(key=KEYS, other=KEYS, position=st.integers(0, 10_000), byte=st.integers(1, 255))
def test_another_key_or_one_changed_byte_breaks_the_signature(key: str, other: str, position: int, byte: int) -> None:
    body = signed({"login": "ID1", "event_name": "unsubscribe", "email": "carol@example.com"}, key)
    changed = bytearray(body)
    changed[position % len(body)] ^= byte

    assert key == other or not signed_by(body, Secret(other))
    # The digest in capitals is the same digest; every other change counts.
    assert changed.lower() == body or not signed_by(bytes(changed), Secret(key))


@given(st.binary(max_size=200))
def test_no_junk_is_taken_for_signed_and_no_empty_key_signs(body: bytes) -> None:
    assert not signed_by(body, Secret("sandbox-key"))
    assert not signed_by(signed({"login": "x"}, "k").replace(b"k", b""), Secret(""))


@pytest.mark.parametrize("key", ["events", "Events"])
def test_a_batch_of_several_events_is_read_whole(key: str) -> None:
    body = batch(
        {"event_name": "unsubscribe", "event_data": {"email": "carol@example.com", "unsubscribed_list_ids": [3]}},
        {"event_name": "email_status", "event_data": {"email": "anna@example.com", "status": "ok_link_visited"}},
        {"event_name": "email_status", "event_data": {"email": "boris@example.com", "status": "err_user_unknown"}},
        {"event_name": "subscribe", "event_data": {"email": "dina@example.com", "just_subscribed_list_ids": ["3", 17]}},
        key=key,
    )

    assert said(body) == [
        ("carol@example.com", "unsubscribed", {"3"}),
        ("boris@example.com", "bounced", set()),
        ("dina@example.com", "subscribed", {"3", "17"}),
    ]


@pytest.mark.parametrize(
    ("lists", "ids"),
    [
        ({"unsubscribed_list_ids": [3, 17]}, {"3", "17"}),
        ({"just_unsubscribed_list_ids": ["3"]}, {"3"}),
        ({"unsubscribed_list_ids": "3, 17"}, {"3", "17"}),
        ({"list_ids": [3]}, {"3"}),
        ({"list_id": 3}, {"3"}),
        ({"unsubscribed_list_ids": []}, set()),
        ({"subscribed_list_ids": [17]}, set()),
        ({}, set()),
    ],
)
def test_the_lists_of_a_flat_event_are_read_under_every_name(lists: dict[str, object], ids: set[str]) -> None:
    body = {"auth": "x", "login": "ID1", "event_name": "unsubscribe", "email": "carol@example.com", **lists}

    assert said(body) == [("carol@example.com", "unsubscribed", ids)]


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("ok_unsubscribed", "unsubscribed"),
        ("err_unsubscribed", "unsubscribed"),
        ("ok_fbl", "complained"),
        ("ok_spam_folder", "complained"),
        ("err_user_inactive", "bounced"),
        ("err_delivery_failed", "bounced"),
    ],
)
def test_a_final_letter_status_tells_who_is_lost(status: str, meaning: str) -> None:
    body = batch({"event_name": "email_status", "event_data": {"email": "a@example.com", "status": status}})

    assert said(body) == [("a@example.com", meaning, set())]


@pytest.mark.parametrize(
    "status", ["ok_read", "err_mailbox_full", "err_will_retry", "err_not_available", "err_over_quota", None, 7, []]
)
def test_what_may_pass_again_suppresses_nobody(status: object) -> None:
    assert not said(batch({"event_name": "email_status", "event_data": {"email": "a@example.com", "status": status}}))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-05-02 18:20:00", EARLIER),
        ("2026-05-02T21:20:00+03:00", EARLIER),
        ("2026-05-03 21:20:00", NOW),  # Moscow time taken for UTC would lie in the future
        ("yesterday", NOW),
        (None, NOW),
        (5, NOW),
        ("0001-01-01T00:00:00+14:00", NOW),
    ],
)
def test_an_opt_out_is_never_dated_into_the_future(text: object, at: datetime) -> None:
    body = {"event_name": "unsubscribe", "event_time": text, "email": "carol@example.com"}

    assert opt_outs(json.dumps(body).encode(), now=NOW) == (
        OptOut(email="carol@example.com", status="unsubscribed", list_ids=frozenset(), at=at),
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["events_by_user", "events", "Events", "event_name", "event_data", "email", "status"])
            | TEXTS,
            inner | st.sampled_from(["unsubscribe", "email_status", "a@example.com", "ok_fbl"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_json_makes_it_fail(payload: object) -> None:
    for one in opt_outs(json.dumps(payload).encode(), now=NOW):
        assert "@" in one.email
        assert one.at <= NOW


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"auth=1&x=2", b"[" * 100_000, b'{"list_id": ' + b"9" * 5000 + b"}"]
)
def test_what_is_no_json_says_nothing(body: bytes) -> None:
    assert opt_outs(body, now=NOW) == ()
