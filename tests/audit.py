"""`make audit`: known vulnerabilities of what is locked, bandit over helpers, licences of what is installed.

Ends with 0 if all was asked and nothing found, 1 if something was found, 2 if something couldn't be asked,
which is never "none".
"""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "build" / "audit"
LOCK = ROOT / "requirements.lock"
TOOLS = ("pip-audit>=2.9,<3", "bandit>=1.8,<2")
CLEAN, FOUND, NOT_ASKED = 0, 1, 2
# The first that fits: what leaves a choice ("GPL or MIT") fits what it may be taken under.
FAMILIES = {
    "permissive": r"\bMIT|BSD|Apache|ISC\b|PSF|Python Software|Zlib|Unlicense|HPND|CC0|CNRI|Public Domain",
    "weak copyleft": r"LGPL|Lesser General|MPL|Mozilla|EPL",
    "copyleft": r"GPL|General Public",
}


@dataclass(frozen=True)
class Verdict:
    """What came of one question: how it ended, one line that says so, and lines of detail."""

    ended: int
    line: str
    details: tuple[str, ...] = ()


def vulnerabilities(report: str, problem: str) -> Verdict:
    """What pip-audit found; its report is empty where it could not ask."""
    try:
        listed = list(json.loads(report)["dependencies"])
    except (ValueError, LookupError, TypeError):
        why = (problem.strip().splitlines() or ["it gave no report"])[-1][:300]
        return Verdict(NOT_ASKED, "Vulnerabilities: NOT ASKED, no source of advisories was reached.", (why,))
    skipped = [each for each in listed if "skip_reason" in each]
    found = [
        f"{each['name']} {each['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions'])}"
        for each in listed
        for hole in each.get("vulns", ())
    ]
    unasked = tuple(f"{each['name']}: not asked, {each['skip_reason']}" for each in skipped)
    line = f"Vulnerabilities: {len(found)} known in {len(listed) - len(skipped)} packages of the lock"
    ended = FOUND if found else NOT_ASKED if skipped or not listed else CLEAN
    return Verdict(ended, f"{line}, {len(skipped)} not asked.", (*found, *unasked))


def weaknesses(report: str, problem: str) -> Verdict:
    """What bandit found in our code."""
    try:
        told = json.loads(report)
        found, totals = told["results"], told["metrics"]["_totals"]
    except (ValueError, LookupError, TypeError):
        return Verdict(NOT_ASKED, "bandit: NOT ASKED, it gave no report.", (problem.strip()[-300:],))
    details = tuple(
        f"{each['filename']}:{each['line_number']}: {each['test_id']} {each['issue_text']}" for each in found
    )
    justified = totals["nosec"] + totals["skipped_tests"]
    line = (
        f"bandit: {len(found)} findings in {totals['loc']} lines of helpers, {justified} justified in place."
    )
    return Verdict(FOUND if found else CLEAN, line, details)


def licences(of: Mapping[str, str | None]) -> Verdict:
    """What the packages' own metadata says, by family; all but the permissive ones are named."""
    families = {name: _family(told) for name, told in of.items()}
    counted = Counter(families.values())
    line = ", ".join(f"{number} {family}" for family, number in counted.most_common())
    named = tuple(
        f"{name}: {family} ({of[name] or 'says nothing'})"
        for name, family in sorted(families.items())
        if family != "permissive"
    )
    bad = {"copyleft", "unknown"} & set(counted)
    return Verdict(FOUND if bad else CLEAN, f"Licences of {len(of)} installed packages: {line}.", named)


def _family(told: str | None) -> str:
    return next((name for name, words in FAMILIES.items() if re.search(words, told or "")), "unknown")


def licence(package: Distribution) -> str | None:
    """The licence in a package's metadata: expression, classifiers, free text, or its own licence file."""
    expression = package.metadata.get("License-Expression")
    classifiers = [
        each.rpartition(" :: ")[2]
        for each in package.metadata.get_all("Classifier") or ()
        if each.startswith("License ::") and not each.endswith("OSI Approved")
    ]
    text = (package.metadata.get("License") or "").strip().partition("\n")[0][:80]
    return expression or "; ".join(classifiers) or text or _licence_file(package)


def _licence_file(package: Distribution) -> str | None:
    """The first words of the licence file; MIT's own text often comes without its name."""
    for file in package.files or ():
        if re.search(r"licen[cs]e", file.name, re.I):
            words = " ".join(Path(str(file.locate())).read_text(encoding="utf-8", errors="replace").split())
            return "MIT" if "hereby granted, free of charge" in words else words[:80]
    return None


def locked(text: str) -> list[str]:
    """The names in a lock."""
    return re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", text, re.M)


def _installed(names: Iterable[str]) -> dict[str, str | None]:
    found = {}
    for name in names:
        try:
            found[name] = licence(distribution(name))
        except PackageNotFoundError:
            continue  # for another platform or another Python
    return found


def _run(program: str, *words: str) -> tuple[str, str]:
    """A tool's report, written to build/audit, and what it said beside it."""
    report = HOME / f"{program}.json"
    report.unlink(missing_ok=True)
    command = [str(HOME / "bin" / program), *words, "-f", "json", "-o", str(report)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return report.read_text(encoding="utf-8") if report.exists() else "", done.stderr


def _set_up() -> None:
    uv = [str(Path(sys.executable).with_name("uv"))]
    subprocess.run([*uv, "venv", "--quiet", "--allow-existing", str(HOME)], check=True)
    python = str(HOME / "bin" / "python")
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, *TOOLS], check=True)


def main() -> int:
    """Ask all three and say what came of it."""
    _set_up()
    lock: tuple[Any, ...] = ("-r", str(LOCK), "--require-hashes", "--disable-pip", "-s", "osv")
    verdicts = [
        vulnerabilities(*_run("pip-audit", *lock, "--progress-spinner", "off")),
        weaknesses(*_run("bandit", "-r", "helpers", "-c", "pyproject.toml", "-q")),
        licences(_installed(locked(LOCK.read_text(encoding="utf-8")))),
    ]
    print(f"Audit of {datetime.now(UTC).date()}")
    for verdict in verdicts:
        print("\n    ".join([verdict.line, *verdict.details]))
    ended = {verdict.ended for verdict in verdicts}
    return FOUND if FOUND in ended else max(ended)


if __name__ == "__main__":
    sys.exit(main())
