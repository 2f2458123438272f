"""The register of mechanisms, one module a family."""
