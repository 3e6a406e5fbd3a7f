"""Does the model in service still see the world that it was tested on?"""
