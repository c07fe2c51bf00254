"""The verdict of another implementation of JSON Schema on a message: what ours is compared with."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jsonschema_rs

from camsim.protocol import schemas
from camsim.protocol.catalogue import Family


def is_valid(family: Family | str, part: str, message: Any, protocol: str = "v3") -> bool:
    """Whether the message is what its schema says."""
    try:
        return bool(_checker(str(family), part, protocol).is_valid(message))
    except UnicodeEncodeError:  # half a surrogate pair, which this implementation cannot read
        return not schemas.validate(family, part, message, protocol)


@lru_cache(maxsize=256)
def _checker(family: str, part: str, protocol: str) -> Any:
    schema, entry = schemas.entry_point(family, part, protocol)
    registry = jsonschema_rs.Registry([(schema["$id"], schema), (schemas.BASE + "common.json", schemas.common())])
    return jsonschema_rs.Draft202012Validator(entry, registry=registry)
