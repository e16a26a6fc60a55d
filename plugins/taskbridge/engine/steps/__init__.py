"""The eight steps of a run, a file each."""
