"""Secrets at rest: unreadable, recognisable, and readable again with any known key."""

import pytest

from orchestrator.adapters.vault import Vault
from orchestrator.domain.errors import MisconfiguredError
from orchestrator.domain.secret import Secret

OLD, NEW = Secret("old-key-for-tests-only"), Secret("new-key-for-tests-only")


def test_a_secret_comes_back_and_its_stored_form_does_not_tell_it() -> None:
    stored = Vault([OLD]).encrypt(Secret("token"))

    assert Vault([OLD]).decrypt(stored) == Secret("token")
    assert b"token" not in stored


def test_a_new_key_in_front_opens_what_the_old_one_closed_until_it_is_rotated_away() -> None:
    rotated = Vault([NEW, OLD]).rotate(Vault([OLD]).encrypt(Secret("token")))

    assert Vault([NEW]).decrypt(rotated) == Secret("token")
    with pytest.raises(MisconfiguredError, match="encryption_keys"):
        Vault([OLD]).decrypt(rotated)


def test_fingerprints_survive_a_new_key_in_front() -> None:
    assert Vault([NEW, OLD]).fingerprint("hook") == Vault([OLD]).fingerprint("hook")


@pytest.mark.parametrize("keys", [[], [Secret("short")]])
def test_a_weak_key_is_refused_with_what_to_do(keys: list[Secret]) -> None:
    with pytest.raises(MisconfiguredError, match="encryption_keys"):
        Vault(keys)


def test_a_secret_never_prints_itself() -> None:
    assert "token" not in f"{Secret('token')} {Secret('token')!r} {Secret('token'):>20} {[Secret('token')]}"
