"""Ordered faults strike exactly the requests they were ordered for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.faults import KINDS, Faults

CONTACTS = {"vendor": "amocrm", "method": "GET", "path": "/api/v4/contacts"}


def strikes(faults: Faults, requests: int) -> list[bool]:
    return [faults.strike(**CONTACTS) is not None for _ in range(requests)]


def test_a_fault_strikes_once_unless_told_otherwise() -> None:
    faults = Faults()
    faults.add(vendor="amocrm", kind="empty")

    assert strikes(faults, 3) == [True, False, False]


def test_a_fault_without_end_strikes_for_ever() -> None:
    faults = Faults()
    faults.add(vendor="amocrm", kind="empty", times=None)

    assert strikes(faults, 5) == [True] * 5


@given(skip=st.integers(0, 5), every=st.integers(1, 4), times=st.integers(0, 5))
def test_skip_every_and_times_say_which_requests_are_hit(skip: int, every: int, times: int) -> None:
    faults = Faults()
    faults.add(vendor="amocrm", kind="empty", skip=skip, every=every, times=times)

    hit = [n for n, struck in enumerate(strikes(faults, 40), start=1) if struck]

    assert hit == [skip + every * turn for turn in range(1, times + 1)]


def test_a_fault_keeps_to_its_vendor_path_and_method() -> None:
    faults = Faults()
    faults.add(vendor="amocrm", kind="empty", path="/api/v4/leads*", method="POST", times=None)

    assert faults.strike(vendor="amocrm", method="POST", path="/api/v4/leads/complex")
    assert not faults.strike(vendor="amocrm", method="GET", path="/api/v4/leads")
    assert not faults.strike(vendor="amocrm", method="POST", path="/api/v4/contacts")
    assert not faults.strike(vendor="unisender", method="POST", path="/api/v4/leads")


def test_faults_strike_in_the_order_they_were_queued() -> None:
    faults = Faults()
    faults.add(vendor="amocrm", kind="empty")
    faults.add(vendor="amocrm", kind="html")

    first, second = faults.strike(**CONTACTS), faults.strike(**CONTACTS)

    assert first is not None
    assert second is not None
    assert (first.kind, second.kind) == ("empty", "html")


@pytest.mark.parametrize(
    ("order", "named"),
    [
        ({"vendor": "amocrm", "kind": "explode"}, "explode"),
        ({"vendor": "mailchimp", "kind": "empty"}, "mailchimp"),
        ({"vendor": "amocrm", "kind": "empty", "tiems": 2}, "tiems"),
        ({"vendor": "amocrm", "kind": "code"}, "code"),
        ({"vendor": "amocrm", "kind": "empty", "every": 0}, "every"),
    ],
)
def test_a_nonsensical_fault_is_refused_by_name(order: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Faults().add(**order)


def test_every_kind_can_be_ordered() -> None:
    faults = Faults()
    for kind in KINDS:
        faults.add(vendor="unisender", kind=kind)

    assert {fault["kind"] for fault in faults.describe()} == KINDS
