"""The command `camsim`: arguments in, readable results or JSON out, exit codes 0 1 2 3 4."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camsim import __version__

from . import secret_options as options
from .control import DEFAULT_URL, Exit, ManagementUrl, Switches, Token, call, canonical_journal
from .flags import Devices, JournalEntries, KeepDays, KnobsSet, LedgerPunches, Users
from .output import say, say_json, say_lines

app = typer.Typer(
    name="camsim",
    help="A virtual Cams Biometric Gateway with devices, a conformance suite for callback URLs, and load tests.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def _version(show: bool) -> None:
    if show:
        typer.echo(f"camsim {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Nothing to do before the subcommand."""


@app.command()
def serve(
    config: Annotated[Path | None, typer.Option("-c", "--config", help="A site.toml; flags override it.")] = None,
    devices: Devices = None,
    users: Users = None,
    model: Annotated[str | None, typer.Option(help="Device model, such as f38+ or rsp10f1.")] = None,
    callback_url: Annotated[str | None, typer.Option(help="Where callbacks go.")] = None,
    auth_token: options.AuthToken = None,
    auth_token_file: options.AuthTokenFile = None,
    security_key: options.SecurityKey = None,
    security_key_file: options.SecurityKeyFile = None,
    protocol: Annotated[str | None, typer.Option(help="v3 or v2.")] = None,
    profile: Annotated[str | None, typer.Option(help="documented, observed, strict or hostile.")] = None,
    clock: Annotated[str | None, typer.Option(help="real, scaled:N, manual or auto.")] = None,
    start: Annotated[str | None, typer.Option(help="When virtual time begins; manual and auto: 48h ago.")] = None,
    horizon: Annotated[str, typer.Option(help="How far jumps go past the last input.")] = "48h",
    latency: Annotated[str | None, typer.Option(help="Median time a command takes; 0 answers at once.")] = None,
    knob: KnobsSet = None,
    switch: Switches = None,
    seed: Annotated[int | None, typer.Option(help="Same seed and inputs, same run.")] = None,
    state: Annotated[Path | None, typer.Option(help="Keep the state in this SQLite file.")] = None,
    snapshot_every: Annotated[
        int, typer.Option(help="Events after which the log of --state becomes a snapshot.", min=1, max=10_000_000)
    ] = 20_000,
    host: Annotated[str, typer.Option(help="Address of the gateway port.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Gateway port; 0 picks a free one.", min=0, max=65535)] = 8124,
    management_host: Annotated[str, typer.Option(help="Address of the management port.")] = "127.0.0.1",
    management_port: Annotated[int, typer.Option(help="Management port; 0 picks a free one.", min=0, max=65535)] = 8125,
    management_token: options.ManagementToken = None,
    management_token_file: options.ManagementTokenFile = None,
    allowed_host: options.AllowedHosts = None,
    ready_file: Annotated[Path | None, typer.Option(help="Written once both ports listen: URLs, pid, devices.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Serve the gateway over HTTPS with this certificate.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Trust this CA for callback URLs.")] = None,
    journal_full: Annotated[bool, typer.Option(help="Show templates, tokens and exact bytes in the journal.")] = False,
    ledger_punches: LedgerPunches = None,
    journal_entries: JournalEntries = None,
    keep_days: KeepDays = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what --ready-file holds.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Run the gateway with its devices until it is stopped.

    Example: camsim serve --devices 3 --callback-url http://127.0.0.1:8123/callback --latency 1s
    """
    from .serve import serve as run

    raise typer.Exit(run(dict(locals())))


@app.command()
def punch(
    stgid: Annotated[str, typer.Argument(help="Service tag of the device.")],
    user: Annotated[str, typer.Option(help="UserID of the person.")],
    type_: Annotated[str, typer.Option("--type", help="CheckIn, CheckOut, BreakOut, …")] = "CheckIn",
    input_: Annotated[str | None, typer.Option("--input", help="Fingerprint, Face, Palm, Card or Password.")] = None,
    photo: Annotated[bool, typer.Option(help="Take a photo too (#10).")] = False,
    at: Annotated[str | None, typer.Option(help="LogTime to write; default the device's now.")] = None,
    count: Annotated[int, typer.Option(help="How many punches.", min=1, max=100_000)] = 1,
    every: Annotated[str, typer.Option(help="Time between them; the last one is at --at.")] = "1s",
    url: ManagementUrl = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Let a person punch at a device of a running simulator.

    Example: camsim punch SIM00001 --user 2 --type CheckOut --photo
    """
    from camsim.control import routes

    spec: dict[str, object] = {"user": user, "type": type_, "photo": photo, "count": count, "every": every}
    for name, given in (("input", input_), ("at", at)):
        if given is not None:
            spec[name] = given
    answer = call(url, token, routes.PUNCHES, spec, stgid=stgid)
    denied = [item for item in answer["punches"] if not item["recorded"]]
    if as_json:
        say_json(answer)
    else:
        for item in answer["punches"]:
            became = "recorded"
            if not item["recorded"]:
                became = f"denied: {item['why']}"
            say(f"user {item['user']} {item['log_time']} {became}")
    raise typer.Exit(int(bool(denied)))  # the call went well, and somebody did not get in


@app.command()
def operations(as_json: AsJson = False, protocol: Annotated[str, typer.Option(help="v3 or v2.")] = "v3") -> None:
    """List the operations: 11 callbacks and 27 RESTful ones.

    Example: camsim operations --json
    """
    from .tables import operations as rows
    from .tables import show_operations

    listed = rows(protocol)
    if not listed:
        raise Exit(2, f"--protocol {protocol!r} is not allowed; allowed: v3, v2")
    if as_json:
        say_json(listed)
    else:
        show_operations(listed)


@app.command()
def register(
    as_json: AsJson = False,
    profile: Annotated[str, typer.Option(help="Show values of this profile.")] = "documented",
    knob: Annotated[list[str] | None, typer.Option("--set", help="knob=value on top. May repeat.")] = None,
) -> None:
    """Print every reading of the vendor's pages: id, evidence, knob, value in force.

    Example: camsim register --profile observed
    """
    from camsim.api.views import register as register_rows
    from camsim.knobs import register as profiles

    from . import tables

    try:
        knobs = profiles.resolve(profile, dict(profiles.parse_assignment(text) for text in knob or []))
    except profiles.KnobError as problem:
        raise Exit(2, str(problem)) from None
    rows = register_rows(knobs.values)
    if as_json:
        say_json(rows)
    else:
        tables.show_register(rows, profile)


@app.command()
def journal(
    canonical: Annotated[bool, typer.Option(help="The comparable form: no real clocks, ports or durations.")] = False,
    limit: Annotated[int, typer.Option(help="The newest entries.")] = 50,
    operation: Annotated[str | None, typer.Option(help="Only this operation.")] = None,
    user: Annotated[str | None, typer.Option(help="Only this user.")] = None,
    device: Annotated[str | None, typer.Option(help="Only this device.")] = None,
    lint: Annotated[bool, typer.Option("--lint", help="Say where the bodies shown break their schemas.")] = False,
    url: ManagementUrl = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened at a running simulator.

    Example: camsim journal --device SIM00001 --limit 10
    """
    from camsim.control import routes

    from .tables import show_journal

    if canonical and lint:
        raise Exit(2, "--canonical holds no bodies that --lint could check; give one of them")
    if canonical:
        say_lines(canonical_journal(url, token))
        return
    query = {"limit": str(limit)}
    for name, wanted in (("operation", operation), ("user", user), ("device", device)):
        if wanted is not None:
            query[name] = wanted
    answer = call(url, token, routes.JOURNAL, query=query)
    if lint:
        from . import journal as schema_check  # jsonschema is loaded for those who ask

        if as_json:
            answer["entries"] = [schema_check.as_json(entry) for entry in answer["entries"]]
    if as_json:
        say_json(answer)
        return
    show_journal(answer["entries"])
    if lint:
        schema_check.show(answer["entries"])


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Same seed, same day.")] = 1,
    people: Annotated[int, typer.Option(help="How many people work that day.", min=3, max=500)] = 60,
    protocol: Annotated[str, typer.Option(help="v3 or v2.")] = "v3",
    as_json: AsJson = False,
) -> None:
    """The main job in one go: gateway, three devices, a receiver, a working day, every operation.

    Example: camsim demo --seed 7
    """
    from camsim.demo import run

    raise typer.Exit(run(seed=seed, people=people, protocol=protocol, as_json=as_json))


@app.command()
def export(
    format_: Annotated[str, typer.Argument(metavar="FORMAT", help="openapi|asyncapi|postman|schemas|control-openapi")],
) -> None:
    """Print the protocol for other tools.

    Example: camsim export openapi > openapi.json
    """
    from .export import FORMATS

    if format_ not in FORMATS:
        raise Exit(2, f"format {format_!r} is not allowed; allowed: {', '.join(FORMATS)}")
    say_json(FORMATS[format_]())
