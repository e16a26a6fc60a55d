"""Measures of speed, each against a rival over the same data in the same run: `python -m bench`."""
