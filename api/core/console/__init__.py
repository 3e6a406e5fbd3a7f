"""What the console shows beside the stages, each part read from AWS's own APIs."""
