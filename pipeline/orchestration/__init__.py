"""What runs when: the stages of the whole story, and the runner that keeps their order."""
