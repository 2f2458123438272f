"""What must hold: history formats, checkers and verdicts with their evidence.

Specifications read what simulators wrote; they never run one.
"""
