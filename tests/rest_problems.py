"""What every refusal over REST looks like."""

import httpx


def assert_problem(reply: httpx.Response, status: int, code: str, detail: str | None = None) -> None:
    body = reply.json()
    assert (reply.status_code, body.get("status"), body.get("code")) == (status, status, code), body
    assert reply.headers["content-type"] == "application/problem+json"
    assert set(body) == {"type", "title", "status", "detail", "instance", "code", "request_id"}
    assert body["request_id"] == reply.headers["x-request-id"]
    assert body["instance"] == reply.request.url.raw_path.decode().partition("?")[0]
    assert detail is None or body["detail"] == detail
