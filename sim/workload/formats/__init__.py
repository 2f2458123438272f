"""Formats of recordings that know no transactions: one file a family of formats."""
