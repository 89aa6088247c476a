"""The benchmark: `python -m bench` measures goboard beside what one would use in its place."""
