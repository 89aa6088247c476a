"""What a leaderboard is: names, scores, entries, identities and errors. Pure: no I/O, only the standard library."""
