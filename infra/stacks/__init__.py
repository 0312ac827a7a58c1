"""The three stacks: what is kept (data), what runs (service), what watches (monitoring)."""
