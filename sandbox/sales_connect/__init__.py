"""A stand-in for Sales Connect: its vendor publishes no API, see README.md."""
