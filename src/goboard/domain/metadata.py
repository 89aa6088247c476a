"""What a member shows beside its score: a small JSON object."""

import json
from collections.abc import Mapping
from typing import Any

from goboard.domain.errors import InvalidArgument

MAX_METADATA_BYTES = 1024


def parse_metadata(value: Mapping[str, Any]) -> str:
    """Write `value` as compact JSON.

    Raises:
        InvalidArgument: it is no JSON object (whose keys are texts), or over 1 KiB.
    """
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"metadata must be a JSON object, not {type(value).__name__}")
    try:
        _check_keys(value)
        text = json.dumps(dict(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as exc:
        raise InvalidArgument(
            "metadata must be a JSON object, its keys texts, its numbers finite and its texts valid UTF-8"
        ) from exc
    if size > MAX_METADATA_BYTES:
        raise InvalidArgument(f"metadata has {size} bytes; at most {MAX_METADATA_BYTES} are allowed")
    return text


def _check_keys(value: Any) -> None:
    """Raise `TypeError` where a key is no text: json would write 1 as "1", and what is read is not what was given."""
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for part in value:
        _check_keys(part)
