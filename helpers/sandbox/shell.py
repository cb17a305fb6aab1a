"""What a terminal evaluates so that its AWS tools talk to the sandbox and nothing else, and how that ends.

Only names pass through this program. Former values, a real account's keys among them, are moved by the shell
itself into variables of its own, which it doesn't export: no program started from it sees them.
"""

import re
import shlex
from collections.abc import Iterable
from os import devnull

# Which variables were put aside: exported, so that `env --undo` knows. Names, never values.
KEPT = "SANDBOX_PUT_ASIDE"
# An AWS_ variable that isn't among these may send a request elsewhere, sign it otherwise or make it fail,
# today or in a later SDK: endpoint URLs, profiles, roles, tokens, FIPS, dual-stack, CA bundles, retries ...
HARMLESS = re.compile(r"AWS_(PAGER|DEFAULT_OUTPUT|CLI_\w+)")
ELSEWHERE = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
SHELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LOOPBACK = "127.0.0.1,localhost"
# Set as well as emptied of what was there: what a tool reads where these are not set would lead elsewhere
# (~/.aws, an instance's role, a Mac's system proxies).
NOTHING_ELSE = {
    "AWS_CONFIG_FILE": devnull,
    "AWS_SHARED_CREDENTIALS_FILE": devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": LOOPBACK,
    "no_proxy": LOOPBACK,
}


def settings(url: str, access_key_id: str, secret_access_key: str, region: str) -> dict[str, str]:
    """Return the variables by which AWS tools find the sandbox, and nothing beside it."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": access_key_id,
        "AWS_SECRET_ACCESS_KEY": secret_access_key,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        **NOTHING_ELSE,
    }


SET = frozenset(settings("", "", "", ""))


def in_the_way(environment: Iterable[str]) -> list[str]:
    """Return those of the environment's names that must not stay as they are, sorted; no value is read."""
    return sorted(name for name in environment if _matters(name))


def put_aside(environment: Iterable[str], marked: str = "") -> list[str]:
    """Return the names whose values the shell has to keep; `marked` is the value of KEPT.

    In a terminal that talks to the sandbox already, what `env` set itself is not a former value.
    """
    own = SET if marked else frozenset()
    return [name for name in in_the_way(environment) if name not in own]


def script(exports: dict[str, str], aside: Iterable[str], marked: str = "") -> str:
    """Return what points a POSIX shell, bash or zsh to the sandbox; every value that it had is kept in it.

    No line depends on another's end, so `eval $(...)` without quotes works as well.
    """
    aside = list(aside)
    kept = sorted({*aside, *_names(marked)}) or ["-"]
    lines = [
        # With `set -a` a shell exports all that is assigned, and the kept keys should stay in it.
        "case $- in *a*) SANDBOX_ALL=1; set +a;; *) SANDBOX_ALL=;; esac",
        *(f"if {_is_former(name)}; then {_keep(name)}; fi" for name in aside),
        *(f"export {name}={shlex.quote(value)}" for name, value in exports.items()),
        f"export {KEPT}={shlex.quote(' '.join(kept))}",
        'if [ -n "$SANDBOX_ALL" ]; then set -a; fi; unset SANDBOX_ALL',
    ]
    return ";\n".join(lines) + ";"


def undoing(marked: str) -> str:
    """Return what takes `script` back in the shell that evaluated it.

    A shell that was started from that one has no former values: it loses the sandbox's alone, and says so.
    """
    kept = _names(marked)
    lost = f"echo {shlex.quote('Only the terminal where env was evaluated has its former settings.')} >&2"
    lines = [f"unset {name}" for name in sorted(SET | {KEPT})]
    if kept:
        lines.append(f'if [ -z "${{{_kept(kept[0])}+kept}}" ]; then {lost}; fi')
    for name in kept:
        back = f'export {name}="${_kept(name)}"'
        lines.append(f'if [ -n "${{{_kept(name)}+kept}}" ]; then {back}; unset {_kept(name)}; fi')
    return ";\n".join(lines) + ";"


def _matters(name: str) -> bool:
    if not SHELL_NAME.fullmatch(name):  # no SDK looks for it, and it has no place in a script
        return False
    of_aws = name.startswith("AWS_") and not HARMLESS.fullmatch(name)
    return of_aws or name.upper() in ELSEWHERE


def _names(marked: str) -> list[str]:
    """The names in KEPT. It comes from the environment: what `env` would not put aside is left out."""
    return [name for name in dict.fromkeys(marked.split()) if _matters(name)]


def _is_former(name: str) -> str:
    """The shell's own question before it keeps a value: the same script may be evaluated twice."""
    given = f'[ -n "${{{name}+given}}" ]'
    return f'{given} && [ -z "${{{KEPT}-}}" ]' if name in SET else given


def _keep(name: str) -> str:
    return f'unset {_kept(name)}; {_kept(name)}="${name}"; unset {name}'


def _kept(name: str) -> str:
    return f"SANDBOX_KEPT_{name}"
