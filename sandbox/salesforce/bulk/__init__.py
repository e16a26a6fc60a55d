"""Bulk API 2.0: jobs that write a CSV file, and jobs that write the answer of a query into one.

A job is worked on when somebody looks at it (GET of the job) and, where the switch `bulk_seconds` sets its
pace, at every call of the API that comes late enough.
"""
