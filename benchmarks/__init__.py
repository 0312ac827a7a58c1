"""Where the figures of README come from: `make bench` prints every budget beside what was measured."""
