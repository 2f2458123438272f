"""File formats of histories: npz and JSON Lines are our own; Jepsen's EDN and Parquet go out."""
