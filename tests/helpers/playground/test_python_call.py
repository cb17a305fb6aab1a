"""The call as Python: whatever the prompt, it is Python, and says exactly what was asked."""

import ast
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from helpers.notebook.markup import visible
from helpers.playground.python_call import python_call

from .fakes import SOON, FakeStream, made

SETTINGS = st.fixed_dictionaries(
    {
        "temperature": st.floats(0, 5),
        "max_tokens": st.integers(1, 4096),
        "p": st.floats(0.01, 0.99),
        "stop_sequences": st.lists(st.text(min_size=1), max_size=5).map(tuple),
    }
)
# lone surrogates too, which a browser may send in half an emoji
TEXT = st.text(st.characters(exclude_categories=()))


def read(code: str) -> tuple[str, str, dict[str, object]]:
    """The function, the prompt and the settings of the call, read as literals."""
    (statement,) = ast.parse(code).body
    assert isinstance(statement, ast.With)
    call = statement.items[0].context_expr
    assert isinstance(call, ast.Call)
    (prompt,) = call.args
    named = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
    return ast.unparse(call.func), ast.literal_eval(prompt), named


@given(TEXT, SETTINGS)
def test_it_is_python_that_says_what_was_asked(prompt, asked):
    code = python_call("client.stream", {"prompt": prompt, **asked})
    given = {name: value for name, value in asked.items() if value != ()}
    assert read(code) == ("client.stream", prompt, given)
    assert visible(code) == code, "what is copied is what is seen"


def test_each_line_of_a_prompt_has_its_own_line():
    code = python_call("client.stream", {"prompt": "One:\n'two'\n", "temperature": 0.5})
    assert code.startswith("with client.stream(\n    'One:\\n'\n    \"'two'\\n\",\n    temperature=0.5,\n")


def test_a_playground_shows_the_call_of_its_latest_run():
    def function(prompt, likelihoods, temperature, max_tokens):
        return FakeStream(["a text"])

    play = made(partial(function, likelihoods="GENERATION"), named="client.stream")
    assert play.controls.python.value == ""
    play.start()
    play.wait(SOON)
    play.controls.inputs["temperature"].value = 2.0  # after the run: not what made the text
    told = {"temperature": 0.9, "max_tokens": 100, "likelihoods": "GENERATION"}
    assert read(play.controls.python.value) == ("client.stream", "Write:", told)
    play.start_three()
    play.wait(SOON)
    assert len(ast.parse(play.controls.python.value).body) == 3
