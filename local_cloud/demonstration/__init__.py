"""The demonstration: a small book of policies billed, paid, mispaid and explained on the local cloud."""
