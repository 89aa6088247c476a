"""The bodies, as the OpenAPI document describes them."""

from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Reference, RequestBody, Schema

from goboard.domain.idempotency import MAX_KEY_CHARS
from goboard.domain.metadata import MAX_METADATA_BYTES
from goboard.entrypoints.http.bodies import MAX_SCORES_BYTES
from goboard.entrypoints.http.rules_record import RulesRecord
from goboard.entrypoints.http.wire import MAX_BATCH_BYTES, MAX_BODY_BYTES
from goboard.entrypoints.updates import MAX_UPDATES

_KIB = 1024
_MIB = _KIB * _KIB


def _body(schema: Schema | Reference, limit: int, more: str = "") -> RequestBody:
    most = f"{limit // _MIB} MiB" if limit >= _MIB else f"{limit // _KIB} KiB"
    return RequestBody(
        required=True,
        description=f"JSON, whatever the Content-Type says; at most {most}.{more}",
        content={"application/json": OpenAPIMediaType(schema=schema)},
    )


def _object(required: list[str], **properties: Schema) -> Schema:
    return Schema(type=OpenAPIType.OBJECT, required=required, properties={**properties})


def _many(items: Schema) -> Schema:
    return Schema(type=OpenAPIType.ARRAY, items=items, max_items=MAX_UPDATES)


def _text(description: str) -> Schema:
    return Schema(type=OpenAPIType.STRING, description=description)


def _number(description: str) -> Schema:
    return Schema(type=OpenAPIType.NUMBER, description=description)


_MEMBER = _text("The member's name: 1 to 256 bytes.")
_SCORE = _number("A finite number; the score stays within -2^53 and 2^53, and the board's bounds.")
_METADATA = Schema(
    type=OpenAPIType.OBJECT,
    description=f"To be shown beside the score, at most {MAX_METADATA_BYTES} bytes; absent: what the member has stays.",
)

_OP_ID = Schema(
    type=OpenAPIType.STRING,
    min_length=1,
    max_length=MAX_KEY_CHARS,
    pattern="^[ -~]+$",
    description="This update's own idempotency key; absent: what the Idempotency-Key header makes it.",
)

INCREMENT = _body(
    _object(["increment"], increment=_number("A finite number; the score stays within -2^53 and 2^53.")),
    MAX_BODY_BYTES,
)
INCREMENTS = _body(
    _object(
        ["increments"],
        increments=_many(
            _object(["member_id", "increment"], member_id=_MEMBER, increment=_number("A finite number."), op_id=_OP_ID)
        ),
    ),
    MAX_BATCH_BYTES,
)
SCORE = _body(_object(["score"], score=_SCORE, metadata=_METADATA), MAX_BODY_BYTES)
SCORES = _body(
    _object(
        ["scores"],
        scores=_many(
            _object(["member_id", "score"], member_id=_MEMBER, score=_SCORE, metadata=_METADATA, op_id=_OP_ID)
        ),
    ),
    MAX_SCORES_BYTES,
)
LOOKUP = _body(_object(["member_ids"], member_ids=_many(_MEMBER)), MAX_BATCH_BYTES)
ARCHIVE = _body(
    _object(
        ["name"],
        name=_text("What the standings can be read by, as period of the window `archive`: 1 to 256 bytes."),
        window=_text("The window whose current standings are set aside; absent: the board's default."),
    ),
    MAX_BODY_BYTES,
)
RULES = _body(
    Reference(ref=f"#/components/schemas/{RulesRecord.__name__}"),
    MAX_BODY_BYTES,
    " What is absent or null has its default.",
)
