"""Numbers, times and words as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.svg import Drawing, text_width
from reports.words import (
    LOOKS,
    count,
    duration,
    instant,
    plural,
    printable,
    signed,
    verdict_word,
    wrapped,
)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1000, "1 µs"),
        (999_499, "999 µs"),
        (999_600, "1 ms"),
        (250_000_000, "250 ms"),
        (999_999_999, "1 s"),
        (11_400_000_000, "11.4 s"),
        (3_600_000_000_000, "3,600 s"),
        (-1500, "-1.5 µs"),
    ],
)
def test_a_duration_has_three_digits_and_a_readable_unit(nanoseconds, text):
    assert duration(nanoseconds) == text


def test_an_instant_is_exact_to_the_microsecond():
    assert instant(12_003_451_999) == "12.003451 s"
    assert instant(-1) == "-0.000000 s"


def test_numbers_agree_with_their_nouns():
    assert plural(1, "run") == "1 run"
    assert plural(1234, "run") == "1,234 runs"
    assert count(10**6) == "1,000,000"


def test_a_verdict_whose_premise_never_happened_is_not_called_holding():
    assert verdict_word(holds=True, premise=0) == "not exercised"
    assert verdict_word(holds=True, premise=1) == "holds"
    assert verdict_word(holds=True, premise=None) == "holds"
    assert verdict_word(holds=False, premise=0) == "violated"


def test_every_word_of_judgement_has_a_sign_of_its_own():
    assert len({look.sign for look in LOOKS.values()}) == len(LOOKS)
    assert len({look.ascii_sign for look in LOOKS.values()}) == len(LOOKS)
    assert all(signed(word, ascii_only=True).isascii() for word in LOOKS)


def test_control_characters_and_lone_surrogates_become_replacements():
    assert printable("a\x1b[31mb\x00\ud800\x85") == "a\ufffd[31mb\ufffd\ufffd\ufffd"
    assert printable("a\r\nb\tc") == "a\nb\tc"


@given(text=st.text(max_size=80), room=st.integers(1, 30))
def test_wrapped_text_fits_its_room_and_loses_nothing_but_spaces(text, room):
    lines = wrapped(text, room=room)
    assert all(len(line) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(text=st.text(max_size=80), room=st.integers(2, 30), most=st.integers(1, 3))
def test_cut_text_ends_in_dots_and_still_fits(text, room, most):
    whole, cut = wrapped(text, room=room), wrapped(text, room=room, lines_max=most)
    assert len(cut) <= most
    assert all(len(line) <= room for line in cut)
    assert (len(whole) > most) == (bool(cut) and cut != whole)


def test_wrapping_with_a_narrow_measure_still_ends():
    wide = wrapped("WWWW", room=1, measure=lambda text: text_width(text, size=12))
    assert "".join(wide) == "WWWW"


def test_a_drawing_escapes_text_titles_and_attributes():
    drawing = Drawing("d")
    drawing.add("text", '<a&b>"', title="<script>", data_x='"><script>')
    text = drawing.document(width=10, height=10, title="<t>", description="&")
    assert "<script>" not in text
    assert "&lt;a&amp;b&gt;" in text
