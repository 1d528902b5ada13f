"""Each way to make a model slower, larger, wrong or unjudged fails the gate, in both of its modes.

A few that cover each kind always run; `nox -s mutations` runs all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import shared
from mutations import BOTH, MUTATIONS
from small_checkout import Checkout

pytestmark = pytest.mark.emulated
WHOLE = bool(os.environ.get("BOARDLESS_MUTATIONS"))
CHOSEN = [name for name, mutation in MUTATIONS.items() if WHOLE or mutation.short]
# A change of the code of boardless itself, or CI, would measure the revision again.
PLACE = {"CI": ""}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A repository of one commit, all of which is measured."""
    made = shared.once(tmp_path_factory, "mutations", measure)
    return Checkout.copied(made, tmp_path_factory.mktemp("mutations") / "checkout")


def measure(folder: Path) -> None:
    checkout = Checkout(folder)
    if not WHOLE:
        checkout.without_float32()
    checkout.git("init", "-q")
    checkout.git("add", "-A")
    checkout.git("commit", "-qm", "one")
    for arguments in (BOTH, (*BOTH, "--against", "HEAD")):
        done = checkout.gate(*arguments, "--ratchet", **PLACE)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def checkout(pristine: Checkout) -> Iterator[Checkout]:
    with pristine.undone():
        yield pristine


@pytest.mark.parametrize("name", CHOSEN)
def test_a_mutation_fails_the_gate_or_says_why_not(checkout: Checkout, name: str) -> None:
    mutation = MUTATIONS[name]
    mutation.plant(checkout)
    for arguments, reason in (
        ((), mutation.beside_baseline),
        (("--against", "HEAD"), mutation.beside_revision),
    ):
        done = checkout.gate(*mutation.asked, *arguments, "--ratchet", **PLACE)
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        assert "bug" not in said
        if reason:
            assert done.returncode == 0, said
        else:
            assert done.returncode in (1, 2, 3), said
            assert "digits_cnn" in said or "models/" in said


def test_the_table_is_long_and_its_short_form_covers_each_mode() -> None:
    assert len(MUTATIONS) >= 40
    assert 10 <= sum(mutation.short for mutation in MUTATIONS.values()) <= 14
