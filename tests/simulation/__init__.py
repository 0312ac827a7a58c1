"""A deterministic simulation of the whole flow: one seed is one history of crashes, duplicates, reordering and lag.

`python -m tests.simulation --seeds 1000` plays a thousand histories and names the seed of each that breaks a promise.
"""
