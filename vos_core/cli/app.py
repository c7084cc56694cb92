"""The ``vos`` group: which commands there are, and how a failure is told to the person.

Each command lives in a module of its own that is imported only when it is called, so that
``vos --help`` does not wait for torch.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Sequence

import click

from vos_core import __version__
from vos_core.errors import UserError

EXIT_USER_MISTAKE = 2
EXIT_OUR_FAULT = 1

#: command name -> (module, function, one-line help shown by ``vos --help``)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "propagate": (
        "vos_core.cli.propagate",
        "propagate",
        "Carry the masks of some frames through a video.",
    ),
    "evaluate": (
        "vos_core.cli.evaluate",
        "evaluate",
        "Judge masks, or a model, by J and F of the DAVIS benchmark.",
    ),
    "benchmark": (
        "vos_core.cli.benchmark",
        "benchmark",
        "Time a model: median and spread a frame, stages, peak memory.",
    ),
    "parity": (
        "vos_core.cli.parity",
        "parity",
        "Compare a network with recorded outputs of the authors' code.",
    ),
    "train": ("vos_core.cli.train", "train", "Train a network as a configuration file says."),
    "weights": ("vos_core.cli.weights", "weights", "List, verify and import weights."),
    "doctor": (
        "vos_core.cli.doctor",
        "doctor",
        "Tell what is missing on this machine and the line that mends it.",
    ),
}


class LazyGroup(click.Group):
    """A click group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the command names in the order in which they are shown."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or None when there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        module, function, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, without importing any of them."""
        rows = [(name, text) for name, (_, _, text) in COMMANDS.items()]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vos")
@click.option("-v", "--verbose", is_flag=True, help="Log what is done; show tracebacks.")
def vos(verbose: bool) -> None:
    """Carry object masks through videos, and measure how well it went."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )


def run(arguments: Sequence[str] | None = None) -> int:
    """Run ``vos`` and return its exit code instead of leaving the process.

    Args:
        arguments: The words after ``vos``; those of the process when None.

    Returns:
        0 when all went well, 2 for a user's mistake, 1 for a fault of ours or an interruption.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        result = vos.main(args=words, prog_name="vos", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return EXIT_USER_MISTAKE
    except (UserError, click.ClickException) as error:
        click.echo(f"vos: {_one_line(error)}", err=True)
        return EXIT_USER_MISTAKE
    except (click.Abort, KeyboardInterrupt):
        click.echo("vos: stopped; what was written so far is whole and stays", err=True)
        return EXIT_OUR_FAULT
    except Exception as error:
        logging.getLogger(__name__).debug("the traceback", exc_info=True)
        kind = type(error).__name__
        click.echo(
            f"vos: a fault of ours: {kind}: {_one_line(error)} (vos -v ... shows more)", err=True
        )
        return EXIT_OUR_FAULT
    return result if isinstance(result, int) else 0


def main() -> None:
    """Run ``vos`` with the words of the process and leave it with the exit code."""
    sys.exit(run())


def _one_line(error: BaseException) -> str:
    """Return the message of an exception on one line."""
    text = error.format_message() if isinstance(error, click.ClickException) else str(error)
    return " ".join(text.split())
