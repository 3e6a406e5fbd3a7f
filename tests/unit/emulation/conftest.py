"""LocalStack looks for Docker when its plug-ins are imported, and leaves that socket to the
collector: here, so that no test is blamed for it.
"""

import gc
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ResourceWarning)
    import localstack.services.plugins  # noqa: F401

    gc.collect()
