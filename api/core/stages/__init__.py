"""How each stage of the pipeline is read from AWS's own APIs."""
