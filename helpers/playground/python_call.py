"""The call that made a text, as Python to copy."""

from collections.abc import Mapping
from typing import Any


def python_call(function: str, settings: Mapping[str, Any]) -> str:
    """Return the Python that streams with `function`, such as "client.stream", at exactly these settings.

    The prompt comes first, a line of it on each line; settings that are empty are left out.
    """
    named = [
        f"    {name}={value!r},\n" for name, value in settings.items() if name != "prompt" and value != ()
    ]
    return (
        f"with {function}(\n{_prompt(settings['prompt'])},\n{''.join(named)}) as stream:\n"
        '    for piece in stream:\n        print(piece, end="", flush=True)\n'
    )


def _prompt(prompt: str) -> str:
    # repr writes every character that can't be seen as an escape, so what is copied is what is shown
    return "\n".join(f"    {each!r}" for each in prompt.splitlines(keepends=True) or [""])
