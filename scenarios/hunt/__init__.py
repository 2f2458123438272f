"""Tests that make themselves up: a state machine and whole scenarios."""
