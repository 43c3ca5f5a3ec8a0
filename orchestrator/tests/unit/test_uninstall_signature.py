"""The uninstall hook's signature, as the vendor's sample has it."""

import pytest

from orchestrator.domain.secret import Secret
from orchestrator.domain.uninstall_signature import is_signed

CLIENT = "3f6c1d2e-8a44-4c0e-b7d5-51c9e0a77b10"
SECRET = Secret("test-client-secret")
SIGNATURE = "07d98f93d6764a7dbbd46e25a39a581a3be59333d51bc9203fe5ffe1cb56737c"


def test_the_vendors_sample_is_signed():
    assert is_signed(SIGNATURE, client_id=CLIENT, client_secret=SECRET, account_id=31415926)


@pytest.mark.parametrize("signature", ["", "0", SIGNATURE.upper(), SIGNATURE[:-1], SIGNATURE + "0", "я", "\ud800"])
def test_any_other_text_is_not(signature):
    assert not is_signed(signature, client_id=CLIENT, client_secret=SECRET, account_id=31415926)


def test_it_holds_for_one_account_one_client_and_one_secret_only():
    assert not is_signed(SIGNATURE, client_id=CLIENT, client_secret=SECRET, account_id=31415927)
    assert not is_signed(SIGNATURE, client_id="other", client_secret=SECRET, account_id=31415926)
    assert not is_signed(SIGNATURE, client_id=CLIENT, client_secret=Secret("other"), account_id=31415926)
