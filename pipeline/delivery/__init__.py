"""The steps of the delivery pipeline: what its builds call."""
