"""What runs inside an instance: its first process, standard library only."""
