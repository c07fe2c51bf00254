"""What synthetic bytes depend on besides the seed: names are faker's, and pictures are Pillow's JPEG."""

from __future__ import annotations

from functools import cache
from importlib import metadata

from camsim import __version__


@cache
def versions() -> dict[str, str]:
    """Installed versions by name: camsim, faker, pillow. Read from the packages' records; none of them is imported."""
    return {"camsim": __version__, "faker": metadata.version("faker"), "pillow": metadata.version("pillow")}
