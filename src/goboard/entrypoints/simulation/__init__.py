"""Simulation: a believable crowd plays on a board, so that there is something to see."""

from goboard.entrypoints.simulation.commands import simulate

__all__ = ["simulate"]
