"""What the OpenAPI document says beyond what the handlers' types tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Operation, RequestBody, SecurityScheme
from litestar.openapi.spec import Parameter as OpenAPIParameter

from goboard.entrypoints.http.errors import PROBLEM_JSON
from goboard.entrypoints.http.wire import ProblemDetails


def described(*parameters: OpenAPIParameter, body: RequestBody | None = None) -> type[Operation]:
    """Make the description of a route whose query and body are read by hand, so are described by hand too."""

    @dataclass
    class Described(Operation):
        def __post_init__(self) -> None:
            self.parameters = [*(self.parameters or []), *parameters]
            self.request_body = body

    return Described


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
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http", scheme="bearer", description="`Bearer <token>`; the bare token is accepted too."
                )
            }
        ),
    )
