"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from vos_core.inference import PropagatorOptions

Command = Callable[..., Any]

_SMALLEST_SCALE, _LARGEST_SCALE = 0.25, 3.0


def model_option(command: Command) -> Command:
    """Add ``--model``."""
    return click.option(
        "--model",
        default="aoc-lite",
        show_default=True,
        help="Name of weights (see: vos weights list), or a .safetensors file.",
    )(command)


def device_option(command: Command) -> Command:
    """Add ``--device``; whether the machine has the device is found out when it is used."""
    return click.option(
        "--device",
        default="auto",
        show_default=True,
        metavar="auto|cuda|mps|cpu",
        help="Where to compute.",
    )(command)


def mode_option(command: Command) -> Command:
    """Add ``--mode``."""
    return click.option(
        "--mode",
        type=click.Choice(["base", "mf"]),
        help="base: the given masks are the references; mf: own results become references too.",
    )(command)


def scales_option(command: Command) -> Command:
    """Add ``--scales``, a tuple of numbers."""
    return click.option(
        "--scales",
        default="1.0",
        show_default=True,
        callback=_parse_scales,
        help="Sizes of the network's input to average over, such as 1.0,1.3.",
    )(command)


def protocol_options(command: Command) -> Command:
    """Add ``--flip``, ``--protocol``, ``--interval`` and ``--max-entropy``."""
    for option in (
        click.option(
            "--max-entropy",
            type=click.FloatRange(min=0),
            help="With --mode mf: pixels of own results above this entropy (nats) are not trusted; "
            "1 is RPCM's alpha.",
        ),
        click.option(
            "--interval",
            type=click.IntRange(min=1),
            help="With --mode mf: frames between own results that become references (5).",
        ),
        click.option(
            "--protocol",
            type=click.Choice(["ours", "published"]),
            default="ours",
            show_default=True,
            help="published: resize, average, filter and keep references as the authors of CFBI, "
            "CFBI+, AOC and RPCM do.",
        ),
        click.option(
            "--flip", is_flag=True, help="Average with the mirrored frame: slower, a bit better."
        ),
    ):
        command = option(command)
    return command


def make_options(
    mode: str | None,
    scales: tuple[float, ...],
    flip: bool,
    protocol: str = "ours",
    interval: int | None = None,
    max_entropy: float | None = None,
) -> PropagatorOptions:
    """Make the propagator's options; what is None is the protocol's own choice."""
    from vos_core.inference import PropagatorOptions, published_protocol

    chosen: dict[str, Any] = {"scales": scales, "flip": flip}
    given = {"mode": mode, "interval": interval, "max_entropy": max_entropy}
    chosen |= {name: value for name, value in given.items() if value is not None}
    return published_protocol(**chosen) if protocol == "published" else PropagatorOptions(**chosen)


def _parse_scales(
    context: click.Context,  # noqa: ARG001 - click passes it
    parameter: click.Parameter,  # noqa: ARG001
    value: str,
) -> tuple[float, ...]:
    try:
        scales = tuple(float(text) for text in value.split(","))
    except ValueError:
        raise click.BadParameter(f"'{value}' is no list of numbers such as 1.0,1.3") from None
    if not all(_SMALLEST_SCALE <= scale <= _LARGEST_SCALE for scale in scales):
        raise click.BadParameter(f"scales are from {_SMALLEST_SCALE} to {_LARGEST_SCALE}")
    return scales
