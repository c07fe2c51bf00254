"""Options for secrets and for the files that hold them, as several commands have them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_SEEN = "arguments are seen in the list of processes"

AuthToken = Annotated[
    str | None, typer.Option(help="AuthToken of every device; default: CAMSIM_AUTH_TOKEN, else seeded, one a device.")
]
AuthTokenFile = Annotated[Path | None, typer.Option(help=f"A file with the AuthToken ({_SEEN}).")]
SecurityKey = Annotated[
    str | None, typer.Option(help="32 characters: encrypt with AES-256; default: CAMSIM_SECURITY_KEY.")
]
SecurityKeyFile = Annotated[Path | None, typer.Option(help="A file with the security key.")]
ManagementToken = Annotated[
    str | None, typer.Option(help="Bearer token of the management API; default: CAMSIM_MANAGEMENT_TOKEN.")
]
ManagementTokenFile = Annotated[Path | None, typer.Option(help="A file with the bearer token.")]
AllowedHosts = Annotated[
    list[str] | None, typer.Option(help="Host header to accept, as a compose service name. May repeat.")
]
