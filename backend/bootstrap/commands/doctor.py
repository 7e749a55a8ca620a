"""`doctor`: the given settings, and what was found when everything was looked at."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict

from backend.bootstrap.commands.outcome import DONE, FAILED, say, say_json
from backend.bootstrap.diagnosis import diagnose
from backend.config.report import given_settings
from backend.config.settings import Settings
from backend.ports.findings import Finding

_MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


def run(settings: Settings, arguments: Namespace) -> int:
    """Print the given settings and the findings; fail when one of them does."""
    findings = diagnose(settings, mend=arguments.fix)
    given = given_settings(settings)
    if arguments.json:
        found = [asdict(one) for one in findings]
        say_json({"settings": given, "warnings": list(settings.warnings), "findings": found})
    else:
        say("\n".join(_lines(settings, given, findings)))
    return FAILED if any(one.state == "fail" for one in findings) else DONE


def _lines(settings: Settings, given: Sequence[str], findings: Sequence[Finding]) -> list[str]:
    lines = ["Settings that are not at their default:"]
    lines += [f"  {line}" for line in given] or ["  none"]
    lines += [f"  warning: {warning}" for warning in settings.warnings]
    lines.append("Findings:")
    for finding in findings:
        lines.append(f"  {_MARKS[finding.state]} {finding.name}: {finding.detail}")
        if finding.fix and finding.state != "ok":
            lines.append(f"       fix: {finding.fix}")
    return lines
