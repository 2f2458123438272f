"""The simulated world: event loop, nodes, network, clocks, faults, seeded streams and trace."""
