"""A board's rules as JSON; what `domain.rules` says of them at length stands here for the OpenAPI document."""

from typing import Annotated

import msgspec

from goboard.domain.rules import DEFAULT_RULES, BoardRules, Operator, Order, Ties


class AttemptsRecord(msgspec.Struct):
    """How often a member may submit in each period of a window."""

    max: int
    window: str


class RulesRecord(msgspec.Struct):
    """How a board ranks."""

    order: Annotated[
        Order, msgspec.Meta(description="Which score stands first: the highest (desc) or the lowest (asc).")
    ] = DEFAULT_RULES.order
    operator: Annotated[
        Operator,
        msgspec.Meta(description="What a submitted score does: it is added, set, or set where it is better."),
    ] = DEFAULT_RULES.operator
    ties: Annotated[
        Ties,
        msgspec.Meta(
            description="How equal scores rank: by name (member), who reached it first stands higher (earliest),"
            " 1, 2, 2, 4 (shared), or 1, 2, 2, 3 (dense)."
        ),
    ] = DEFAULT_RULES.ties
    min_score: Annotated[float | None, msgspec.Meta(description="The least score allowed; null: -2^53.")] = None
    max_score: Annotated[float | None, msgspec.Meta(description="The greatest score allowed; null: 2^53.")] = None
    max_increment: Annotated[
        float | None, msgspec.Meta(description="How far from 0 an increment may be; with the operator increment alone.")
    ] = None
    capacity: Annotated[
        int | None,
        msgspec.Meta(description="How many members are kept, the best; null: all. Not with the operator increment."),
    ] = None
    windows: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Up to 8 of `all`, `hourly`, `daily`, `weekly`, `monthly`, and cron expressions."
            " By default `all` is read, else the first."
        ),
    ] = DEFAULT_RULES.windows
    timezone: Annotated[str, msgspec.Meta(description="An IANA name, like Europe/Berlin.")] = DEFAULT_RULES.timezone
    week_starts: Annotated[str, msgspec.Meta(description="The first day of a week, like monday.")] = (
        DEFAULT_RULES.week_starts
    )
    keep: Annotated[int, msgspec.Meta(description="How many closed periods of each window stay readable.")] = (
        DEFAULT_RULES.keep
    )
    attempts: Annotated[
        AttemptsRecord | None,
        msgspec.Meta(description="How often a member may submit in each period of a window; null: without limit."),
    ] = None
    track: Annotated[
        bool, msgspec.Meta(description="Whether the times of a member's first and last update are kept.")
    ] = DEFAULT_RULES.track


class RulesReply(msgspec.Struct):
    """A board's rules; the revision rises with each change, and is 0 where none were set."""

    revision: int
    rules: RulesRecord


def rules_reply(found: BoardRules) -> RulesReply:
    """Say a board's rules."""
    return RulesReply(found.revision, msgspec.convert(found.rules.said(), RulesRecord))
