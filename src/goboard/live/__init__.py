"""Live standings: who watches which board, and what they are sent."""

from goboard.live.hub import LiveStandings, WatchLimits
from goboard.live.messages import Change, Ended, Message, Snapshot
from goboard.live.watches import Watch

__all__ = ["Change", "Ended", "LiveStandings", "Message", "Snapshot", "Watch", "WatchLimits"]
