"""The wire: one folder an AWS service, named as AWS names it."""
