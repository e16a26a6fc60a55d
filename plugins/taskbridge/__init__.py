"""TaskBridge keeps Sales Connect reminder tasks and Salesforce tasks the same, both ways."""

__version__ = "0.1.0"
