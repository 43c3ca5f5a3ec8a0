"""Finding each row's fate when the vendor speaks of the whole call, or not at all."""

from types import SimpleNamespace
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destination_unisender.outcomes import Code
from destination_unisender.vendor_log import read_log


def refuses(*bad: str, code: str = "invalid_arg") -> Any:
    """A vendor that refuses a whole call when one of these addresses (or phones) is in it."""

    def answer(call: Any) -> dict[str, Any]:
        found = [value for row in call.rows for value in (row["email"], row.get("phone")) if value in bad]
        if found:
            return {"error": f"Value {found[0]} is not acceptable", "code": code, "result": ""}
        count = len(call.rows)
        return {"result": {"total": count, "inserted": count, "updated": 0, "deleted": 0, "invalid": 0}}

    return answer


def people(make: SimpleNamespace, count: int, **more: Any) -> list[Any]:
    return [make.record(make.contact(n, f"p{n}@example.com", **more)) for n in range(count)]


@pytest.mark.parametrize("code", ["invalid_arg", "unspecified", "never_heard_of"])
def test_a_call_refused_for_one_row_is_halved_until_the_row_stands_alone(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace, code: str
) -> None:
    vendor.standing["importContacts"] = refuses("p137@example.com", code=code)

    said = write({**config, "report_outcomes": True}, *people(make, 500))

    assert said.error is None
    assert [key for key, told in said.codes.items() if told != "delivered"] == ["137"]
    assert said.codes["137"] == "rejected"
    assert len(vendor.of("importContacts")) <= 20
    assert "p137@example.com" not in str(said.logs)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(bad=st.sets(st.integers(0, 39), max_size=6), count=st.integers(1, 40))
def test_exactly_the_bad_rows_are_refused_however_they_lie(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace, bad: set[int], count: int
) -> None:
    vendor.calls.clear()
    vendor.standing["importContacts"] = refuses(*(f"p{n}@example.com" for n in bad))

    said = write({**config, "report_outcomes": True}, *people(make, count))

    assert {int(key) for key, code in said.codes.items() if code == "rejected"} == {n for n in bad if n < count}
    assert len(said.codes) == count


def test_when_every_row_is_refused_it_is_not_the_rows(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.standing["importContacts"] = {"error": "Unknown field", "code": "invalid_arg"}

    said = write(config, *people(make, 400), make.state(1))

    assert said.error.failure_type == "config_error"
    assert "Unknown field" in str(said.error)
    assert len(vendor.of("importContacts")) < 100
    assert not said.states


def test_a_list_deleted_during_the_sync_is_named(vendor: Any, config: Any, write: Any, make: SimpleNamespace) -> None:
    def vanish(_call: Any) -> dict[str, Any]:
        vendor.standing["getLists"] = {"result": []}
        return {"error": "List 7 not found", "code": "invalid_arg"}

    vendor.standing["importContacts"] = vanish

    said = write(config, *people(make, 3))

    assert said.error.failure_type == "config_error"
    assert "list 7 has been deleted" in str(said.error)


def test_a_field_deleted_during_the_sync_is_made_again(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    def vanish(_call: Any) -> dict[str, Any]:
        vendor.standing["getFields"] = {"result": [{"id": 1, "name": "Name"}]}
        return {"error": "Unknown field amo_contact_id", "code": "invalid_arg"}

    vendor.queued["importContacts"] = [vanish]

    said = write({**config, "report_outcomes": True}, *people(make, 3))

    assert [call.form["name"] for call in vendor.of("createField")] == ["amo_contact_id"]
    assert set(said.codes.values()) == {"delivered"}


def test_a_silent_vendor_is_asked_three_times_with_less_each_time(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.queued["importContacts"] = [requests.exceptions.ReadTimeout()]

    said = write({**config, "report_outcomes": True}, *people(make, 100), make.state(1), *people(make, 100))

    assert [len(call.rows) for call in vendor.of("importContacts")] == [100, 50, 50, 50, 50]
    assert said.error is None


def test_a_vendor_that_stays_silent_ends_the_run_after_three_tries(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.standing["importContacts"] = lambda _call: requests.exceptions.ReadTimeout()

    said = write(config, *people(make, 100), make.state(1))

    assert len(vendor.of("importContacts")) == 3
    assert said.error.failure_type == "transient_error"
    assert not said.states


def test_a_request_too_large_for_the_server_is_halved(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    def small_only(call: Any) -> Any:
        return make.accepted(call) if len(call.rows) <= 30 else (413, "<html>too large</html>")

    vendor.standing["importContacts"] = small_only

    said = write({**config, "report_outcomes": True}, *people(make, 100))

    assert said.error is None
    assert set(said.codes.values()) == {"delivered"}


def test_refusals_that_are_counted_but_not_named_are_looked_for(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    def taciturn(call: Any) -> dict[str, Any]:
        bad = sum(row["email"] == "p6@example.com" for row in call.rows)
        good = len(call.rows) - bad
        return {"result": {"total": len(call.rows), "inserted": good, "updated": 0, "deleted": 0, "invalid": bad}}

    vendor.standing["importContacts"] = taciturn

    said = write({**config, "report_outcomes": True}, *people(make, 20))

    assert [key for key, code in said.codes.items() if code != "delivered"] == ["6"]


def test_rows_that_are_neither_counted_nor_named_are_mentioned(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.standing["importContacts"] = {"result": {"total": 3, "inserted": 1, "updated": 1, "deleted": 0}}

    said = write(config, *people(make, 3))

    assert said.error is None
    assert any("counted 1 rows less" in log for log in said.logs)


def test_a_phone_that_fails_the_whole_call_costs_only_itself(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace
) -> None:
    vendor.standing["importContacts"] = refuses("+79000001103")
    messages = [
        make.record(make.contact(n, f"p{n}@example.com", phones=[{"value": f"+790000011{n:02d}"}])) for n in range(8)
    ]

    said = write({**config, "report_outcomes": True}, *messages)

    assert set(said.codes.values()) == {"delivered"}
    good = [
        row["phone"]
        for call in vendor.of("importContacts")
        if "phone" in call.columns
        for row in call.rows
        if len(call.rows) < 8
    ]
    assert {f"+790000011{n:02d}" for n in range(8) if n != 3} <= set(good)


@pytest.mark.parametrize("answer", [{"result": []}, {"result": {"inserted": 1}}, {"result": True}])
def test_an_answer_without_counters_is_no_success(
    vendor: Any, config: Any, write: Any, make: SimpleNamespace, answer: Any
) -> None:
    vendor.standing["importContacts"] = answer

    said = write(config, *people(make, 2), make.state(1))

    assert said.error.failure_type == "transient_error"
    assert not said.states


# The row log


def log_of(*entries: tuple[Any, str, str], sent: int, accepted: int, invalid: int | None = None) -> Any:
    result: dict[str, Any] = {"total": sent, "inserted": accepted, "updated": 0, "deleted": 0}
    if invalid is not None:
        result["invalid"] = invalid
    result["log"] = [{"index": index, "code": code, "message": message} for index, code, message in entries]
    return read_log(result, sent=sent)


def test_a_warning_about_the_phone_is_no_refusal() -> None:
    reading = log_of((0, "zzz", 'Phone "123" is invalid, phone number was ignored'), sent=1, accepted=1, invalid=0)

    assert not reading.refused
    assert 0 in reading.warnings


def test_an_unclear_entry_about_an_accepted_row_is_a_warning() -> None:
    assert not log_of((1, "", "Field looks odd"), sent=3, accepted=3).refused


def test_an_unclear_entry_about_a_row_that_is_missing_is_a_refusal() -> None:
    assert log_of((1, "", "Поле выглядит странно"), sent=3, accepted=2).refused[1].code is Code.REJECTED


@pytest.mark.parametrize("index", [1, "1"])
def test_a_rows_number_may_be_a_number_or_text(index: Any) -> None:
    assert list(log_of((index, "", "Email is invalid, email was ignored"), sent=2, accepted=1).refused) == [1]


@pytest.mark.parametrize("index", [5, "x", None, -1])
def test_a_rows_number_that_is_none_is_passed_over(index: Any) -> None:
    assert not log_of((index, "", "Email is invalid, email was ignored"), sent=2, accepted=2).refused


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("role_address", "", Code.ROLE_ADDRESS),
        ("", "Ролевой адрес не принимается", Code.ROLE_ADDRESS),
        ("invalid_email", "", Code.INVALID_ADDRESS),
        ("", "Некорректный email, row was ignored", Code.INVALID_ADDRESS),
        (
            "different_contacts",
            'Email "a@example.com" and phone "+79000001122" are owned by different subscribers',
            Code.REJECTED,
        ),
        ("spam_trap", "Address is a spam trap, email was ignored", Code.REJECTED),
    ],
)
def test_words_decide_the_reason(code: str, message: str, expected: Code) -> None:
    assert log_of((0, code, message), sent=1, accepted=0, invalid=1).refused[0].code is expected


def test_the_reasons_detail_holds_no_address() -> None:
    detail = (
        log_of((0, "", 'Email "anna@example.com" is invalid, email was ignored'), sent=1, accepted=0).refused[0].detail
    )

    assert "anna@" not in detail


@given(
    st.dictionaries(st.text(max_size=5), st.text(max_size=5))
    | st.fixed_dictionaries(
        {
            "total": st.just(3),
            "log": st.lists(
                st.none()
                | st.dictionaries(st.sampled_from(["index", "code", "message"]), st.text(max_size=9) | st.integers()),
                max_size=4,
            ),
        },
        optional={
            name: st.integers(-1, 5) | st.text(max_size=2) | st.none()
            for name in ("inserted", "updated", "deleted", "invalid")
        },
    )
)
def test_no_answer_is_too_odd_to_be_read(result: dict[str, Any]) -> None:
    reading = read_log(result, sent=3)

    assert set(reading.refused) <= {0, 1, 2}
    assert reading.unlocated >= 0
