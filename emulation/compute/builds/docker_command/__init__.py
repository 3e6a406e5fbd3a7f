"""`docker` as a build sees it: images are built, tagged, pushed and pulled; nothing is run.

It speaks the Docker Engine's HTTP API to the address in DOCKER_HOST, which a privileged build has.
A build gets a copy of this folder and runs it with its own Python, so it imports nothing but the
standard library. What it does not know it refuses by its name, for a build that goes on without it
would lie.
"""
