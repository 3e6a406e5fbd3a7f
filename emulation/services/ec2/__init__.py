"""EC2: instances that are processes, launch templates, and LocalStack's records of networks."""
