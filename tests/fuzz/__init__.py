"""Fuzzing of the bank file readers: `make fuzz-files` for long runs, a short one in every run of the tests."""
