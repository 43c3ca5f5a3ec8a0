"""npm `amocrm-js` 3.6.0 against the sandbox, which it believes to be demo.amocrm.ru on port 443."""

import pytest


@pytest.fixture(scope="module")
def done(amocrm_client):
    return amocrm_client("amocrm_js.js", domain="demo.amocrm.ru", long_lived="sandbox-token")


def test_it_makes_its_ten_most_used_calls(done):
    contact, lead, task = (done.told[what]["id"] for what in ("contact", "lead", "task"))

    assert done.paths >= {
        ("POST", "/oauth2/access_token"),
        ("GET", "/api/v4/account"),
        ("GET", "/api/v4/contacts"),
        ("POST", "/api/v4/contacts"),
        ("GET", f"/api/v4/contacts/{contact}"),
        ("PATCH", "/api/v4/contacts"),
        ("POST", "/api/v4/leads"),
        ("GET", f"/api/v4/leads/{lead}"),
        ("PATCH", "/api/v4/leads"),
        ("POST", "/api/v4/leads/tags"),
        ("POST", "/api/v4/tasks"),
        ("GET", f"/api/v4/tasks/{task}"),
        ("POST", "/api/v4/companies"),
    }


def test_the_first_call_exchanges_the_code_by_itself(done):
    assert done.told["account"]["id"] == 31415926
    assert done.told["account"]["amojo_id"]
    assert 23 * 3600 * 1000 < done.told["expires"] <= 24 * 3600 * 1000


def test_its_pagination_follows_the_links_to_the_end(done):
    live = {
        number for number, contact in done.before.items() if not contact["is_deleted"] and not contact["is_unsorted"]
    }
    pages = done.told["contacts"]

    assert [len(page) for page in pages[:-1]] == [100] * (len(pages) - 1)
    assert sorted(number for page in pages for number in page) == sorted(live)


def test_a_contact_is_created_and_saved_again(done):
    contact = done.told["contact"]

    assert contact["name"] == "Анна Образцова"
    assert contact["is_deleted"] is False
    assert done.told["contact changed"] == done.after[contact["id"]]["name"] == "Анна Примерова"


def test_a_lead_is_saved_as_an_entity_and_changed_as_a_row(done):
    assert (done.told["lead"]["name"], done.told["lead"]["price"]) == ("Сделка", 700)
    assert done.told["lead changed"] == 800
    assert done.told["tag"] == "срочно"


def test_a_task_belongs_to_its_lead(done):
    task = done.told["task"]

    assert (task["entity_type"], task["entity_id"]) == ("leads", done.told["lead"]["id"])
    assert (task["text"], task["is_completed"]) == ("Позвонить", False)


def test_a_company_is_created(done):
    assert done.told["company"] == "ООО «Пример»"


def test_tokens_rotate_and_a_long_lived_one_needs_no_consent(done):
    assert done.told["rotated"] is True
    assert done.told["account after rotation"] == done.told["long-lived"] == done.told["account"]["id"]


def test_refusals_reject_with_the_clients_own_error(done):
    assert done.told["code twice"]["rejected"] == "API_RESPONSE_ERROR"
    assert done.told["wrong token"]["rejected"] == "API_RESPONSE_ERROR"
