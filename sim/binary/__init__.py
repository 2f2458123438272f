"""Privileged instructions in x86 binaries: at every byte offset, in every executable byte."""
