"""What callers of the use cases give, checked before the store is asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from goboard.domain.errors import InvalidArgument
from goboard.domain.idempotency import IdempotencyKey, Keys
from goboard.domain.metadata import parse_metadata
from goboard.domain.names import MemberName
from goboard.domain.pages import Cursor, PageRequest, ScoreRange
from goboard.domain.scores import parse_number, parse_score
from goboard.domain.standings import Submission

Key = str | IdempotencyKey
"""An idempotency key, as a text of 1 to 255 printable ASCII characters, or parsed."""


def submission(
    member: str,
    score: float,
    metadata: Mapping[str, Any] | None = None,
    *,
    overwrite: bool = False,
    key: Key | None = None,
) -> Submission:
    """Make a submission; with `overwrite` it sets the score whatever the board's operator, with `key` it counts once.

    Raises:
        InvalidArgument: a part of it breaks a rule.
        ScoreOutOfRange: the score is beyond ±2^53.
    """
    name = MemberName.parse(member)
    written = None if metadata is None else parse_metadata(metadata)
    return Submission(name, parse_score(score, name), written, overwrite, parsed_key(key))


def parsed_key(key: Key | None) -> IdempotencyKey | None:
    """Give the key as the store takes it.

    Raises:
        InvalidArgument: it is a text that breaks the rules for keys.
    """
    return IdempotencyKey.parse(key) if isinstance(key, str) else key


def keys_of(key: Key | Sequence[Key | None] | None, count: int) -> Keys | None:
    """Give the key of each of `count` updates; None: none has one."""
    if key is None:
        return None
    if not isinstance(key, str | IdempotencyKey):
        if len(key) != count:
            raise InvalidArgument(f"there are {len(key)} keys for {count} updates; one for each is needed")
        return [parsed_key(each) for each in key]
    whole = IdempotencyKey.parse(key) if isinstance(key, str) else key
    return [whole.of_item(number) for number in range(count)]


def page_request(  # noqa: PLR0913 -- as `entries`
    limit: int,
    cursor: str | None,
    from_rank: int | None,
    min_score: float | None,
    max_score: float | None,
    *,
    metadata: bool,
) -> PageRequest:
    """Put together what a page is asked for by, for the store.

    Raises:
        InvalidArgument: a part of it breaks a rule, or contradicts the cursor.
    """
    scores = ScoreRange(_bound(min_score, "min_score"), _bound(max_score, "max_score"))
    if from_rank is not None and from_rank < 1:
        raise InvalidArgument(f"from_rank is {from_rank}; it must be at least 1")
    if cursor is None:
        return PageRequest(at_least_1(limit), scores, from_rank, None, metadata)
    if from_rank is not None:
        raise InvalidArgument("from_rank and cursor both say where to begin; give one of them")
    parsed = Cursor.parse(cursor)
    if scores not in (ScoreRange(), parsed.scores):
        raise InvalidArgument("min_score and max_score are not those of the cursor; leave them out, it keeps them")
    return PageRequest(at_least_1(limit), parsed.scores, None, parsed, metadata)


def _bound(value: float | None, what: str) -> float | None:
    return None if value is None else parse_number(value, what)


def at_least_1(limit: int) -> int:
    """Give the limit, where it is one."""
    if limit < 1:
        raise InvalidArgument(f"limit is {limit}; it must be at least 1")
    return limit
