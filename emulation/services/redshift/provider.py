"""Provisioned clusters are not emulated.

LocalStack would answer with moto's records: clusters that are `available` and compute nothing.
Every operation is refused by its name instead; `redshift-serverless` computes.
"""

from localstack.services.plugins import ServiceLifecycleHook


class RedshiftProvider(ServiceLifecycleHook):
    """Has no operation, so that each is refused by name."""

    service = "redshift"
