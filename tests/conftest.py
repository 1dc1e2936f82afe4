"""What all tests share."""

from graphkeras import config

config.disable_traceback_filtering()  # a failing test shows all frames
