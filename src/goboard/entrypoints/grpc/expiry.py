"""The end of a stream whose token ends while it goes on."""

import asyncio
from collections.abc import Awaitable

from goboard.entrypoints.grpc import refusals
from goboard.entrypoints.grpc.inbox import Inbox


async def until_expiry(handled: Awaitable[None], inbox: Inbox, seconds: float, grace: float) -> None:
    """Let a stream be handled until its token ends, in so many seconds.

    What was read before is answered, if that takes no longer than `grace` seconds.

    Raises:
        CallRefused: the token has ended.
    """
    refusal = refusals.token_expired()
    timer = asyncio.get_running_loop().call_later(seconds, inbox.stop, refusal)
    try:
        async with asyncio.timeout(seconds + grace) as limit:
            await handled
    except TimeoutError:
        if limit.expired():
            raise refusal from None
        raise
    finally:
        timer.cancel()
