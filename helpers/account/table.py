"""The table of a check: a row for each look, ready or not, with what to do about it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import wraps
from typing import Any, Literal, ParamSpec

from botocore.exceptions import BotoCoreError, ClientError

from ..connect.aws_errors import DENIED
from ..errors import SandboxStopped, TutorialError
from ..notebook.markup import folded, inline

State = Literal["ready", "not ready", "can't tell"]
P = ParamSpec("P")
# as AWS writes it in most services; for the others the operation's name has to do
_PERMISSION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")


@dataclass(frozen=True)
class Row:
    """What was looked at, how it stands, and (unless it is ready) what to do: a line each."""

    what: str
    state: State
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class Readiness:
    """The rows of a check; a notebook shows them as a table, `print` as text."""

    rows: tuple[Row, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing was found that is not ready; what can't be told, AWS will tell."""
        return all(row.state != "not ready" for row in self.rows)

    def __getitem__(self, what: str) -> Row:
        """Return the row of that name, such as "quota". Raises KeyError."""
        try:
            return next(row for row in self.rows if row.what == what)
        except StopIteration:
            raise KeyError(what) from None

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def frame(self) -> Any:
        """Return the rows as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self.rows]).set_index("what")

    def __str__(self) -> str:
        width = max((len(row.what) for row in self.rows), default=0)
        return "\n".join(_text(row, width) for row in self.rows)

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        """What needs a look first, and what is ready on a click."""
        wanting = [row for row in self.rows if row.state != "ready"]
        ready = [row for row in self.rows if row.state == "ready"]
        said = [f"**{len(ready)} of {len(self.rows)} are ready.**"]
        if wanting:
            head = "| look at first | | found | what to do |\n|---|---|---|---|"
            said.append("\n".join([head, *map(_markdown, wanting)]))
        if ready:
            head = "| looked at | found |\n|---|---|"
            table = "\n".join([head, *(f"| {row.what} | {inline(row.detail)} |" for row in ready)])
            said.append(folded("What is ready", table))
        return "\n\n".join(said)


def looked(what: str, prefix: str) -> Callable[[Callable[P, Row]], Callable[P, Row]]:
    """Name the row of a look; return "can't tell", never an error, where the look fails.

    `prefix` is that of the permissions it needs, such as "sagemaker". A sandbox that has ended is an error.
    """

    def decorate(look: Callable[P, Row]) -> Callable[P, Row]:
        @wraps(look)
        def run(*args: P.args, **kwargs: P.kwargs) -> Row:
            try:
                return look(*args, **kwargs)
            except SandboxStopped:
                raise
            except (TutorialError, ClientError, BotoCoreError) as error:
                return _cannot_tell(what, prefix, error)

        return run

    return decorate


def missing_permission(error: Exception, prefix: str) -> str | None:
    """Return the permission, such as "iam:GetRole", that a call failed for; None for other errors."""
    cause = error if isinstance(error, ClientError) else error.__cause__
    if not isinstance(cause, ClientError) or cause.response["Error"]["Code"] not in DENIED:
        return None
    named = _PERMISSION.search(cause.response["Error"].get("Message", ""))
    return named[1] if named else f"{prefix}:{cause.operation_name}"


def _cannot_tell(what: str, prefix: str, error: Exception) -> Row:
    if permission := missing_permission(error, prefix):
        fix = "attach data/iam-policy.json (README, On your own AWS account)"
        return Row(what, "can't tell", f"you lack the permission {permission}", fix)
    said = error.response["Error"].get("Message") if isinstance(error, ClientError) else None
    return Row(what, "can't tell", " ".join(str(said or error).split()))


def _text(row: Row, width: int) -> str:
    line = f"{row.state:10}  {row.what:{width}}  {row.detail}"
    return f"{line}\n{'':{width + 14}}-> {row.fix}" if row.fix else line


def _markdown(row: Row) -> str:
    state = row.state if row.state == "ready" else f"**{row.state}**"
    return f"| {row.what} | {state} | {inline(row.detail)} | {_code(row.fix)} |"


def _code(fix: str) -> str:
    """Return the fix as it may be copied: a command as code, with the table's own mark escaped."""
    is_command = re.match(r"(aws|python|pip) |[\w.]+\(|\w+ = ", fix)
    if not is_command or "`" in fix:
        return inline(fix)
    return f"`{fix}`".replace("|", "\\|")
