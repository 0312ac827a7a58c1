"""Policies and the events that change them."""
