"""The parameters in queries and headers, as the OpenAPI document describes them."""

from litestar.openapi.spec import OpenAPIType, Parameter, Schema

from goboard.domain.idempotency import MAX_KEY_CHARS
from goboard.domain.standings import DEFAULT_BINS, DEFAULT_PERCENTILES
from goboard.domain.views import DEFAULT_TOP, MAX_NEIGHBOURS, MAX_WATCHED
from goboard.entrypoints.http.queries import DEFAULT_LIMIT
from goboard.entrypoints.http.reading import DEFAULT_BOARDS, DEFAULT_NEIGHBOURS
from goboard.leaderboards import MAX_BINS, MAX_PERCENTILES


def _query(name: str, schema: Schema, description: str, *, required: bool = False) -> Parameter:
    return Parameter(name=name, param_in="query", required=required, description=description, schema=schema)


def _integer(name: str, default: int | None, low: int, description: str) -> Parameter:
    return _query(name, Schema(type=OpenAPIType.INTEGER, default=default, minimum=low), description)


def _flag(name: str, description: str) -> Parameter:
    return _query(name, Schema(type=OpenAPIType.BOOLEAN, default=False), description)


_TEXT = Schema(type=OpenAPIType.STRING)
_NUMBER = Schema(type=OpenAPIType.NUMBER)
_MOST = "At most MAX_LIMIT (1000)."

_WINDOW = _query(
    "window",
    _TEXT,
    "One of the windows that the board's rules name, or `archive`; absent: `all` if there, else the first.",
)
_PERIOD = _query(
    "period",
    _TEXT,
    "A period of the window, by its local start, as `2026-11-24` or `2026-11-24T18:00%2B01:00`; absent: the current"
    " one. Of the window `archive` the name of the standings set aside.",
)
STANDINGS = (_WINDOW, _PERIOD)
METADATA = _flag("metadata", "Whether entries come with their metadata.")

TOP_LIMIT = _query(
    "limit",
    Schema(type=OpenAPIType.INTEGER, default=DEFAULT_LIMIT),
    f"How many entries; absent, 0 or negative: {DEFAULT_LIMIT}. {_MOST}",
)
ENTRIES = (
    _integer("limit", DEFAULT_LIMIT, 1, f"How many entries. {_MOST}"),
    _query("cursor", _TEXT, "`next` or `previous` of a page: where this one begins or ends."),
    _integer("from_rank", None, 1, "Begin at the first entry of this rank or a greater one; not with a cursor."),
    _query("min_score", _NUMBER, "The least score that is listed; a cursor keeps it."),
    _query("max_score", _NUMBER, "The greatest score that is listed; a cursor keeps it."),
)
AROUND = (
    _integer("above", DEFAULT_NEIGHBOURS, 0, f"How many entries before the member's. {_MOST}"),
    _integer("below", DEFAULT_NEIGHBOURS, 0, f"How many entries after it. {_MOST}"),
)
LIVE = (
    _query(
        "top",
        Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=MAX_WATCHED),
        f"Watch the first places, so many; where nothing is said: {DEFAULT_TOP}.",
    ),
    _query("around", _TEXT, "Watch this member and its neighbours."),
    _query(
        "above",
        Schema(type=OpenAPIType.INTEGER, default=DEFAULT_NEIGHBOURS, minimum=0, maximum=MAX_NEIGHBOURS),
        "With around: how many entries before the member's.",
    ),
    _query(
        "below",
        Schema(type=OpenAPIType.INTEGER, default=DEFAULT_NEIGHBOURS, minimum=0, maximum=MAX_NEIGHBOURS),
        "With around: how many entries after it.",
    ),
    _query(
        "members",
        Schema(type=OpenAPIType.ARRAY, items=_TEXT, max_items=MAX_WATCHED),
        "Watch these members: the parameter comes once for each.",
    ),
    _query("token", _TEXT, "The token, for clients that can set no header, as an EventSource."),
)
STATS = (
    _flag("detail", "Whether minimum, maximum, percentiles and histogram are told too."),
    _query(
        "percentiles",
        Schema(type=OpenAPIType.STRING, default=",".join(f"{each:g}" for each in DEFAULT_PERCENTILES)),
        f"With detail: up to {MAX_PERCENTILES} numbers from 0 to 100, with commas between them.",
    ),
    _query(
        "bins",
        Schema(type=OpenAPIType.INTEGER, default=DEFAULT_BINS, minimum=1, maximum=MAX_BINS),
        "With detail: how many bars of equal width the histogram has.",
    ),
)
PERIODS_WINDOW = _query("window", _TEXT, "A window of the board, or `archive`.", required=True)
BOARDS = (
    _integer("limit", DEFAULT_BOARDS, 1, f"How many boards. {_MOST}"),
    _query("after", _TEXT, "`next` of a page: the board after which this one begins."),
)
FORCE = _flag("force", "Change the rules even where that falsifies scores that there are.")
IDEMPOTENCY_KEY = Parameter(
    name="Idempotency-Key",
    param_in="header",
    required=False,
    description=(
        "Names the update, so that it is applied once however often it is sent: a repeat is answered as the first was."
        " Of many updates the first counts as key/0, the second as key/1 and so on."
    ),
    schema=Schema(type=OpenAPIType.STRING, min_length=1, max_length=MAX_KEY_CHARS, pattern="^[ -~]+$"),
)
