"""A plug-in for one test: workers die at one seed, the first time or always."""

import os
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import PathFinder
from pathlib import Path

TARGET = "scenarios.job"


class DyingLoader(Loader):
    """Loads the real module, then lets one seed kill its process."""

    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        perform = module.perform

        def dying(message):
            marker = Path(os.environ["DYING_MARKER"])
            if message["seed"] == int(os.environ["DYING_SEED"]):
                always = os.environ.get("DYING_ALWAYS") == "1"
                if always or not marker.exists():
                    marker.touch()
                    os.abort()
            return perform(message)

        module.perform = dying


class Finder(MetaPathFinder):
    """Finds the one module that is to be broken."""

    def find_spec(self, name, path, target=None):
        if name != TARGET:
            return None
        spec = PathFinder.find_spec(name, path, target)
        spec.loader = DyingLoader(spec.loader)
        return spec


sys.meta_path.insert(0, Finder())
