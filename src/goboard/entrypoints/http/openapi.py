"""What the OpenAPI document says beyond what the handlers' types tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
    SecurityScheme,
)
from litestar.openapi.spec import (
    Parameter as OpenAPIParameter,
)

from goboard.entrypoints.http.errors import PROBLEM_JSON
from goboard.entrypoints.http.wire import MAX_BATCH_BYTES, ProblemDetails
from goboard.entrypoints.updates import MAX_UPDATES


@dataclass
class IncrementOperation(Operation):
    """The body is read by hand (any Content-Type, strictly), so it is described by hand too."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            required=True,
            description="JSON, whatever the Content-Type says; at most 64 KiB.",
            content={
                "application/json": OpenAPIMediaType(
                    schema=Schema(
                        type=OpenAPIType.OBJECT,
                        required=["increment"],
                        properties={
                            "increment": Schema(
                                type=OpenAPIType.NUMBER,
                                description="A finite number; the score stays within -2^53 and 2^53.",
                            )
                        },
                    )
                )
            },
        )


@dataclass
class BatchOperation(Operation):
    """As with a single increment, the body is read by hand."""

    def __post_init__(self) -> None:
        increment = Schema(type=OpenAPIType.NUMBER, description="A finite number.")
        member = Schema(type=OpenAPIType.STRING, description="The member's name: 1 to 256 bytes.")
        item = Schema(
            type=OpenAPIType.OBJECT,
            required=["member_id", "increment"],
            properties={"member_id": member, "increment": increment},
        )
        many = Schema(type=OpenAPIType.ARRAY, items=item, max_items=MAX_UPDATES)
        schema = Schema(type=OpenAPIType.OBJECT, required=["increments"], properties={"increments": many})
        self.request_body = RequestBody(
            required=True,
            description=f"JSON, whatever the Content-Type says; at most {MAX_BATCH_BYTES // 2**20} MiB.",
            content={"application/json": OpenAPIMediaType(schema=schema)},
        )


@dataclass
class TopOperation(Operation):
    """`limit` is read by hand, as go-board reads it: an empty one counts as absent."""

    def __post_init__(self) -> None:
        limit = OpenAPIParameter(
            name="limit",
            param_in="query",
            required=False,
            description="How many entries; absent, 0 or negative: 10. At most MAX_LIMIT (1000).",
            schema=Schema(type=OpenAPIType.INTEGER, default=10),
        )
        self.parameters = [*(self.parameters or []), limit]


def problem_responses(*statuses: int) -> Mapping[int, ResponseSpec]:
    """Describe the problems that a route answers with."""
    return {
        status: ResponseSpec(
            ProblemDetails, description=HTTPStatus(status).phrase, media_type=PROBLEM_JSON, generate_examples=False
        )
        for status in statuses
    }


def openapi_config(version: str) -> OpenAPIConfig:
    """Make the document's frame; it is served at /schema/openapi.json."""
    return OpenAPIConfig(
        title="goboard",
        version=version,
        description="Leaderboards on Redis sorted sets: updates and standings.",
        render_plugins=[JsonRenderPlugin()],
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http", scheme="bearer", description="`Bearer <token>`; the bare token is accepted too."
                )
            }
        ),
    )
