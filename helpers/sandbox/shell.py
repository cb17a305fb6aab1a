"""Shell code that points a terminal's AWS tools to the sandbox, and code that undoes it.

Only names of variables pass through this program. The shell itself moves former values, a real account's keys
among them, into variables that it does not export: no program started from it sees them.
"""

import re
import shlex
from collections.abc import Iterable
from os import devnull

# The variable that lists the saved variables' names, never values; exported for `env --undo` to read.
SAVED_NAMES = "SANDBOX_PUT_ASIDE"
# An AWS_ variable that isn't among these may send a request elsewhere, sign it otherwise or make it fail,
# today or in a later SDK: endpoint URLs, profiles, roles, tokens, FIPS, dual-stack, CA bundles, retries ...
HARMLESS = re.compile(r"AWS_(PAGER|DEFAULT_OUTPUT|CLI_\w+)")
ELSEWHERE = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
SHELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LOOPBACK = "127.0.0.1,localhost"
# Set, not only unset: without them a tool reads ~/.aws, an instance's role or a Mac's system proxies.
NOTHING_ELSE = {
    "AWS_CONFIG_FILE": devnull,
    "AWS_SHARED_CREDENTIALS_FILE": devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": LOOPBACK,
    "no_proxy": LOOPBACK,
}


def settings(url: str, access_key_id: str, secret_access_key: str, region: str) -> dict[str, str]:
    """Return the variables by which AWS tools find the sandbox, and nothing but it."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": access_key_id,
        "AWS_SECRET_ACCESS_KEY": secret_access_key,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        **NOTHING_ELSE,
    }


SET = frozenset(settings("", "", "", ""))


def conflicting(environment: Iterable[str]) -> list[str]:
    """Return, sorted, the names of variables that could lead AWS tools elsewhere; reads no value."""
    return sorted(name for name in environment if _matters(name))


def names_to_save(environment: Iterable[str], saved_names: str = "") -> list[str]:
    """Return the names of the variables whose values the shell has to save.

    `saved_names` is the value of SAVED_NAMES. If it is set, `env` was evaluated before: what it set itself is
    then no former value and is left out.
    """
    own = SET if saved_names else frozenset()
    return [name for name in conflicting(environment) if name not in own]


def script(exports: dict[str, str], to_save: Iterable[str], saved_names: str = "") -> str:
    """Return POSIX shell code (bash and zsh too) that saves former values and points to the sandbox.

    No command depends on where a line ends, so `eval $(...)` without quotes works as well.
    """
    to_save = list(to_save)
    saved = sorted({*to_save, *_names(saved_names)}) or ["-"]
    lines = [
        # With `set -a` a shell exports every assignment, and the saved keys must not be exported.
        "case $- in *a*) SANDBOX_ALL=1; set +a;; *) SANDBOX_ALL=;; esac",
        *(f"if {_is_former(name)}; then {_save(name)}; fi" for name in to_save),
        *(f"export {name}={shlex.quote(value)}" for name, value in exports.items()),
        f"export {SAVED_NAMES}={shlex.quote(' '.join(saved))}",
        'if [ -n "$SANDBOX_ALL" ]; then set -a; fi; unset SANDBOX_ALL',
    ]
    return ";\n".join(lines) + ";"


def undo_script(saved_names: str) -> str:
    """Return shell code that undoes `script` in the shell that evaluated it.

    A shell started from that one has no former values: there it only removes the sandbox's, and says so.
    """
    saved = _names(saved_names)
    notice = f"echo {shlex.quote('Only the terminal where env was evaluated has its former settings.')} >&2"
    lines = [f"unset {name}" for name in sorted(SET | {SAVED_NAMES})]
    if saved:
        lines.append(f'if [ -z "${{{_saved_as(saved[0])}+saved}}" ]; then {notice}; fi')
    for name in saved:
        restore = f'export {name}="${_saved_as(name)}"'
        lines.append(f'if [ -n "${{{_saved_as(name)}+saved}}" ]; then {restore}; unset {_saved_as(name)}; fi')
    return ";\n".join(lines) + ";"


def _matters(name: str) -> bool:
    if not SHELL_NAME.fullmatch(name):  # no SDK reads such a name, and it could inject code into the script
        return False
    of_aws = name.startswith("AWS_") and not HARMLESS.fullmatch(name)
    return of_aws or name.upper() in ELSEWHERE


def _names(saved_names: str) -> list[str]:
    """Split SAVED_NAMES; it comes from the environment, so names that `env` would never save are left out."""
    return [name for name in dict.fromkeys(saved_names.split()) if _matters(name)]


def _is_former(name: str) -> str:
    """Return the shell's test for a value worth saving; the same script may be evaluated twice."""
    given = f'[ -n "${{{name}+given}}" ]'
    return f'{given} && [ -z "${{{SAVED_NAMES}-}}" ]' if name in SET else given


def _save(name: str) -> str:
    return f'unset {_saved_as(name)}; {_saved_as(name)}="${name}"; unset {name}'


def _saved_as(name: str) -> str:
    return f"SANDBOX_KEPT_{name}"
