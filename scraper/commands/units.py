"""systemd units for this installation."""

from __future__ import annotations

from pathlib import Path

import click

from scraper.commands.common import SetupProblem, explaining


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--user", default="craftwatch", show_default=True, help="Whom the services run as.")
@click.option("--listen", default="127.0.0.1:8000", show_default=True, help="Where the API is reached.")
@click.option(
    "--settings",
    type=click.Path(path_type=Path),
    default="/etc/craftwatch.env",
    show_default=True,
    help="File with your settings, a line each; it need not exist.",
)
@explaining
def units(directory: Path, user: str, listen: str, settings: Path) -> None:
    """Write systemd units for this installation: socket and service of the API, service and timer of the scraper."""
    from scraper.units import make_units

    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in make_units(user=user, listen=listen, settings=settings).items():
            (directory / name).write_text(content, encoding="utf-8")
            click.echo(directory / name)
    except OSError as error:
        raise SetupProblem(f"{error.filename} cannot be written: {error.strerror}.") from error
