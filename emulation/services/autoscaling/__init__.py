"""EC2 Auto Scaling: groups that hold as many running instances as they are told."""
