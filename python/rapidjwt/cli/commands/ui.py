"""`rapidjwt ui`."""

from __future__ import annotations

import webbrowser

import click

from rapidjwt.cli.exit_code import ExitCode, Failure
from rapidjwt.cli.options import examples
from rapidjwt.cli.output import note


@click.command(
    short_help="Open a page that shows, verifies and signs tokens.",
    epilog=examples("rapidjwt ui", "rapidjwt ui --no-browser --port 8088"),
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="0 chooses a free one.",
)
@click.option("--browser/--no-browser", default=True, help="Whether to open it in a browser.")
def ui(port: int, browser: bool) -> ExitCode:
    """Serve a page for tokens to a browser on this machine, until it is interrupted (Ctrl-C).

    Tokens and keys stay on this machine, and nothing is stored. Only the keys of an issuer are
    fetched from elsewhere, when you ask for it.
    """
    from rapidjwt.ui import PageServer  # noqa: PLC0415 - nothing else needs it

    try:
        server = PageServer(port)
    except OSError as error:
        raise Failure(f"It cannot listen there: {error.strerror}") from None
    with server:
        note(f"The page is at {server.url} (Ctrl-C ends it)")
        if browser:
            webbrowser.open(server.url)
        server.serve_forever()
    return ExitCode.OK
