"""`make audit` never takes "could not be asked" for "none"."""

import json
from importlib.metadata import distribution

import pytest

from . import audit

HOLE = {"id": "CVE-1", "fix_versions": ["2.0"]}


def pip_audit(*listed: dict[str, object]) -> str:
    return json.dumps({"dependencies": listed, "fixes": []})


@pytest.mark.parametrize("report", ["", "{}", "[]", "<html>", '{"dependencies": null}'])
def test_no_report_is_not_no_vulnerability(report: str) -> None:
    verdict = audit.vulnerabilities(report, "Traceback ...\nConnectionError: Name or service not known\n")
    assert verdict.ended == audit.NOT_ASKED
    assert "NOT ASKED" in verdict.line
    assert verdict.details == ("ConnectionError: Name or service not known",)


def test_what_is_known_is_listed_with_what_mends_it() -> None:
    report = pip_audit(
        {"name": "a", "version": "1.0", "vulns": [HOLE]}, {"name": "b", "version": "1", "vulns": []}
    )
    verdict = audit.vulnerabilities(report, "")
    assert verdict.ended == audit.FOUND
    assert "1 known in 2 packages" in verdict.line
    assert verdict.details == ("a 1.0: CVE-1, mended in 2.0",)


@pytest.mark.parametrize(
    ("listed", "ended"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], audit.CLEAN),
        ([{"name": "a", "skip_reason": "not on PyPI"}], audit.NOT_ASKED),
        ([], audit.NOT_ASKED),
    ],
)
def test_none_known_only_where_all_were_asked(listed: list[dict[str, object]], ended: int) -> None:
    assert audit.vulnerabilities(pip_audit(*listed), "").ended == ended


def test_bandits_findings_are_findings() -> None:
    totals = {"_totals": {"loc": 10, "nosec": 1, "skipped_tests": 2}}
    found = {"filename": "helpers/x.py", "line_number": 3, "test_id": "B602", "issue_text": "shell=True"}
    assert audit.weaknesses("", "broken").ended == audit.NOT_ASKED
    assert audit.weaknesses(json.dumps({"results": [], "metrics": totals}), "").ended == audit.CLEAN
    verdict = audit.weaknesses(json.dumps({"results": [found], "metrics": totals}), "")
    assert verdict.ended == audit.FOUND
    assert "3 justified" in verdict.line


@pytest.mark.parametrize(
    ("told", "ended"),
    [
        ("MIT", audit.CLEAN),
        ("GPL-3.0-only OR MIT", audit.CLEAN),
        ("MPL-2.0", audit.CLEAN),
        ("GPL-3.0-only", audit.FOUND),
        ("GNU Affero General Public License v3", audit.FOUND),
        (None, audit.FOUND),
    ],
)
def test_copyleft_and_unknown_licences_are_findings(told: str | None, ended: int) -> None:
    verdict = audit.licences({"a": told, "b": "BSD-3-Clause"})
    assert verdict.ended == ended
    assert verdict.line.startswith("Licences of 2 installed packages")


def test_names_and_licences_are_read_from_what_is_there() -> None:
    assert audit.locked("boto3==1.0 \\\n    --hash=x\nmoto[server]==2 ; python_version<'4'\n# c==1\n") == [
        "boto3",
        "moto",
    ]
    assert "Apache" in str(audit.licence(distribution("boto3")))
