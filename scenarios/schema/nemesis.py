"""placeholder"""

from typing import Any

AnyNemesis = Any
