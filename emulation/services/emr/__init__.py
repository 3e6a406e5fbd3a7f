"""EMR: clusters whose steps are processes of this machine."""
