"""Images whose containers are processes: built from Dockerfiles, kept as OCI images, run here."""
