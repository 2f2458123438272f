"""A plug-in for one test: whoever imports the manager gets one that fails at a commit."""

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import PathFinder

TARGET = "sim.omid.manager"


class PlantedError(RuntimeError):
    """Raised inside a handler, as a bug of ours would be."""


class FailingLoader(Loader):
    """Loads the real module, then breaks one of its handlers."""

    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)

        def on_commit(manager, call):
            raise PlantedError(f"planted into {manager.name}")

        module.Manager.on_commit = on_commit


class Finder(MetaPathFinder):
    """Finds the one module that is to be broken."""

    def find_spec(self, name, path, target=None):
        if name != TARGET:
            return None
        spec = PathFinder.find_spec(name, path, target)
        spec.loader = FailingLoader(spec.loader)
        return spec


sys.meta_path.insert(0, Finder())
