"""The front door on a laptop: runs the services of `compose.yaml` as host processes in the
background.

`python -m emulation.laptop up|down|status|logs`. One detached process holds a lock for as long as
it lives and starts every service through the one supervisor, so that they end with it however it
ends. The commands talk to it through files and signals only: the plan (what should run, written by
`up`), the board (what runs, written by the detached process), HUP (read the plan again) and TERM.
"""
