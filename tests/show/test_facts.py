"""The facts of `| json` name algorithms beside their numbers."""

from __future__ import annotations

from ikecli.show.facts import facts
from tests.show.samples import SA


def test_algorithms_have_their_names_behind_their_numbers() -> None:
    found = facts(SA)
    assert (found["encryption"], found["encryption_name"]) == ([12, 256], "ENCR_AES_CBC")
    assert (found["group"], found["group_name"], found["auth_local_name"]) == (14, "MODP_2048", "SHARED_KEY")
    assert found["children"][0]["encryption_name"].startswith("ENCR_AES")
    assert [each for each in found if each.endswith("_name")] == [
        "encryption_name", "integrity_name", "prf_name", "group_name", "auth_local_name", "auth_remote_name",
        "additional_name",
    ]  # fmt: skip


def test_a_number_that_no_registry_has_is_without_name() -> None:
    assert facts({"encryption": [99, 0], "group": None}) == {
        "encryption": [99, 0], "encryption_name": None, "group": None, "group_name": None,
    }  # fmt: skip
