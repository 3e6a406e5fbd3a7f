"""S3: LocalStack computes it, on storage of ours that survives whatever kills the emulator."""
