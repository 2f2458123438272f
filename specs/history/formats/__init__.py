"""File formats of histories: npz and JSON Lines are our own; `load` reads those of others too."""
