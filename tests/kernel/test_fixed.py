"""Integer exponentials and logarithms agree with the mathematics library to about one unit."""

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel import fixed
from sim.kernel.normal_table import standard_normal


@given(st.integers(-20 * fixed.ONE, 10 * fixed.ONE))
def test_exp_is_right_to_one_unit(x):
    exact = math.exp(x / fixed.ONE) * fixed.ONE
    assert abs(fixed.exp(x) - exact) <= 1 + exact * 1e-14


@given(st.integers(1, 1 << 80))
def test_ln_is_right_to_one_unit(x):
    exact = (math.log(x) - 32 * math.log(2)) * fixed.ONE
    assert abs(fixed.ln(x) - exact) <= 1 + abs(exact) * 1e-14


@given(st.integers(1, 1 << 40))
def test_exp_undoes_ln(x):
    assert abs(fixed.exp(fixed.ln(x)) - x) <= 1 + x // 2**31


def test_power_of_a_half_is_the_root():
    root = fixed.power(2 * fixed.ONE, fixed.ONE // 2)
    assert root == round(math.sqrt(2) * fixed.ONE)


def test_known_values_never_change():
    assert fixed.exp(0) == fixed.ONE
    assert fixed.exp(fixed.ONE) == 11674931555
    assert fixed.ln(fixed.ONE) == 0
    assert fixed.ln(2 * fixed.ONE) == 2977044472


def test_logarithm_of_nothing_is_refused():
    with pytest.raises(ValueError, match="the logarithm needs a positive number, not 0"):
        fixed.ln(0)


def test_ratio_rounds_to_the_nearest():
    assert fixed.from_ratio(1, 3) == round(fixed.ONE / 3)
    assert fixed.multiply(3, fixed.from_ratio(1, 2)) == 2


def test_normal_table_is_the_one_of_the_standard_library():
    normal = NormalDist()
    for i, value in enumerate(standard_normal()):
        assert abs(value - normal.inv_cdf((2 * i + 1) / 8192) * fixed.ONE) <= 1
