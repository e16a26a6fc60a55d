"""Salesforce as an HTTP service: the part of the REST API that a task integration uses."""
