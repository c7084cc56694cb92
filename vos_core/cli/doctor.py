"""``vos doctor``: what works on this machine, what does not, and the line that mends it."""

from __future__ import annotations

import click


@click.command()
def doctor() -> int:
    """Check Python, packages, video codecs, Qt, display, weights and disk.

    Exits with 2 when something that the application needs is missing.
    """
    from vos_core.cli.checks import Verdict, all_checks

    signs = {Verdict.GOOD: "ok  ", Verdict.WARNING: "note", Verdict.FAULT: "FAIL"}
    failed = False
    for check in all_checks():
        click.echo(f"{signs[check.verdict]}  {check.name:<12} {check.text}")
        if check.mend:
            click.echo(f"      {'':<12} -> {check.mend}")
        failed = failed or check.verdict is Verdict.FAULT
    return 2 if failed else 0
