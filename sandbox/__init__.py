"""Salesforce and Sales Connect as two local HTTP services with faults on demand; see README.md."""
