"""Import and export: a board's standings from and to a file, one member a line."""

from goboard.entrypoints.transfer.commands import export_board, import_board

__all__ = ["export_board", "import_board"]
