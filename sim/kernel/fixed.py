"""Compute exponentials and logarithms in integers, the same on every machine.

A fixed-point number is an integer in units of 2**-32. Inside, the series run with 96 bits after
the point and round once at the end, so results are exact to about one unit.
"""

__all__ = ["ONE", "exp", "from_ratio", "ln", "multiply", "power"]

BITS = 32
ONE = 1 << BITS

_GUARD = 64
_WIDE = BITS + _GUARD
_WIDE_ONE = 1 << _WIDE


def from_ratio(numerator: int, denominator: int) -> int:
    """Return numerator / denominator as a fixed-point number, rounded to the nearest."""
    return (2 * numerator * ONE + denominator) // (2 * denominator)


def multiply(left: int, right: int) -> int:
    """Multiply a number by a fixed-point factor, rounded to the nearest."""
    return (left * right + (ONE >> 1)) >> BITS


def exp(exponent: int) -> int:
    """Return e to the power of a fixed-point exponent, as a fixed-point number."""
    shift, rest = divmod(exponent << _GUARD, _LN2)
    term = total = _WIDE_ONE
    count = 0
    while term:
        count += 1
        term = ((term * rest) >> _WIDE) // count
        total += term
    return _round_shift(total, _GUARD - shift)


def ln(number: int) -> int:
    """Return the natural logarithm of a positive fixed-point number, as a fixed-point number."""
    return _round_shift(_wide_ln(number), _GUARD)


def power(base: int, exponent: int) -> int:
    """Raise a positive fixed-point number to a fixed-point power."""
    return exp(_round_shift(_wide_ln(base) * exponent, _WIDE))


def _wide_ln(number: int) -> int:
    """Return the logarithm with the guard bits still on."""
    if number <= 0:
        raise ValueError(f"the logarithm needs a positive number, not {number}")
    shift = number.bit_length() - 1
    mantissa = (number << _WIDE) >> shift  # from 1 to 2
    return 2 * _artanh(mantissa - _WIDE_ONE, mantissa + _WIDE_ONE) + (shift - BITS) * _LN2


def _artanh(numerator: int, denominator: int) -> int:
    """Sum the series of the inverse hyperbolic tangent of a ratio of at most one third."""
    ratio = (numerator << _WIDE) // denominator
    square = (ratio * ratio) >> _WIDE
    power_of_ratio, total, count = ratio, 0, 1
    while power_of_ratio:
        total += power_of_ratio // count
        power_of_ratio = (power_of_ratio * square) >> _WIDE
        count += 2
    return total


def _round_shift(value: int, bits: int) -> int:
    """Divide by a power of two, rounded to the nearest; negative bits multiply."""
    if bits <= 0:
        return value << -bits
    return (value + (1 << (bits - 1))) >> bits


_LN2 = 2 * _artanh(1, 3)
