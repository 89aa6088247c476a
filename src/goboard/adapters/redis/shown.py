"""What is stored, as callers see it: what go-board wrote may be outside our rules for names and scores."""

from goboard.domain.scores import MAX_SCORE


def shown(member: bytes) -> str:
    """Show a member's name; U+FFFD stands for what is no valid UTF-8."""
    return member.decode(errors="replace")


def clamped(score: bytes) -> float:
    """Show a score within ±2^53."""
    return max(-MAX_SCORE, min(MAX_SCORE, float(score))) + 0.0
