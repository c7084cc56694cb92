"""``vos-annotator``: opens the window, or does a project's work without one."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import click

from annotator.cli.exchange import export, formats
from annotator.cli.importing import import_command
from annotator.cli.replay import effort, replay
from annotator.cli.validate import validate
from annotator.exchange.errors import ExchangeError
from annotator.model.errors import ModelError
from annotator.storage.errors import ProjectError
from vos_core.media import MediaError

EXIT_USER_MISTAKE = 2
EXIT_OUR_FAULT = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-v", "--verbose", is_flag=True, help="Log what is done.")
def commands(verbose: bool) -> None:
    """Annotate objects in videos.

    ``vos-annotator [PATH] ...`` opens the window, on a video, a folder of frames or a project;
    ``vos-annotator open --help`` lists its options. The commands below work on a project without a
    window; write ./NAME for a path that is called like one of them.
    """
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )


@commands.command(
    "open",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def open_window(arguments: tuple[str, ...]) -> int:
    """Open the window (the same as no command at all)."""
    from annotator.main import main as run_window

    return run_window(list(arguments))


commands.add_command(export)
commands.add_command(import_command)
commands.add_command(formats)
commands.add_command(validate)
commands.add_command(replay)
commands.add_command(effort)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run ``vos-annotator`` and return its exit code instead of leaving the process.

    Args:
        arguments: words after the name; those of the process when None.

    Returns:
        0 when all went well, 2 for a user's mistake, 1 for a fault of ours or an interruption.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    own = {*commands.commands, "-h", "--help"}
    first = [word for word in words[:2] if word not in ("-v", "--verbose")]
    if not first or first[0] not in own:
        words = ["open", *words]
    try:
        result = commands.main(args=words, prog_name="vos-annotator", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return EXIT_USER_MISTAKE
    except (ExchangeError, ProjectError, ModelError, MediaError, click.ClickException) as error:
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(f"vos-annotator: {' '.join(text.split())}", err=True)
        return EXIT_USER_MISTAKE
    except (click.Abort, KeyboardInterrupt):
        click.echo("vos-annotator: stopped", err=True)
        return EXIT_OUR_FAULT
    except Exception as error:
        logging.getLogger(__name__).info("the traceback", exc_info=True)
        text = " ".join(str(error).split())
        click.echo(f"vos-annotator: a fault of ours: {type(error).__name__}: {text}", err=True)
        return EXIT_OUR_FAULT
    return result if isinstance(result, int) else 0


def main() -> None:
    """Run ``vos-annotator`` with the words of the process and leave it with the exit code."""
    sys.exit(run())
