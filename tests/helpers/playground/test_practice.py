"""The sliders of the first minutes: real ones in the sandbox, none on AWS, and nothing in anybody's way."""

import json
from types import SimpleNamespace

import pytest

from helpers.clean_up.delete import delete
from helpers.connect.session import Session
from helpers.deploy.endpoint import find
from helpers.playground.practice import ENDPOINT, MODEL_ID, practice
from helpers.subscribe import marketplace
from tests.notebooks.books import FOLDER, code_cells

PROMPT = "Say something:"


def test_on_aws_nothing_is_asked_for_and_it_says_where_the_sliders_are() -> None:
    told = practice(SimpleNamespace(spends_money=True), prompt=PROMPT)
    assert "03_generate" in repr(told)


def test_02_deletes_the_endpoint() -> None:
    sources = [cell.source for cell in code_cells(FOLDER / "02_deploy.ipynb")]
    (cell,) = [each for each in sources if json.dumps(ENDPOINT) in each]
    assert f'delete(session, "{ENDPOINT}")' in cell
    assert "if not session.spends_money:" in cell


def test_it_is_deployed_once_and_nothing_is_left_of_it_but_a_subscription(session: Session) -> None:
    play = practice(session, prompt=PROMPT, interactive=False)
    assert play.history["tokens"][0] > 0
    assert find(session, ENDPOINT) is not None
    practice(session, prompt=PROMPT, interactive=False)
    assert marketplace.subscription(session, "cohere-medium") is None  # as 01_subscribe says
    assert marketplace.subscription(session, MODEL_ID) is not None
    again = practice(session, prompt=PROMPT, interactive=True)
    delete(session, ENDPOINT)
    again.start()
    again.wait(30)
    assert "The practice endpoint is gone" in again.controls.status.value
    assert "run the connect cell and this one again" in again.controls.status.value


def test_where_it_may_not_be_it_says_why(monkeypatch: pytest.MonkeyPatch, session: Session) -> None:
    from helpers.errors import QuotaExceeded
    from helpers.playground import practice as module

    def refuse(*_: object, **__: object) -> None:
        raise QuotaExceeded("no instance left")

    monkeypatch.setattr(module, "deploy", refuse)
    told = practice(session, prompt=PROMPT)
    assert "no instance left" in repr(told)
    assert "03_generate" in repr(told)
