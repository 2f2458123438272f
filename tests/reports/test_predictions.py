"""The picture of predictions tells every number, and is the same bytes every time."""

from xml.etree import ElementTree

from reports.predictions import Curve, predictions_svg

CURVES = [
    Curve(
        panel=panel,
        name=name,
        load=(30.0, 100.0, 229.0)[:count],
        published=(20.0, 28.5, 50.0)[:count],
        predicted=(22.0, 27.25, 49.0)[:count],
        half_width=(0.5, float("nan"), 4.0)[:count],
        fitted=(False, False, True)[:count],
    )
    for panel in ("one key", "ten keys")
    for name, count in (("omid", 3), ("omid-ll", 2))
]


def test_picture_tells_what_it_shows_to_those_who_cannot_see_it():
    root = ElementTree.fromstring(predictions_svg(CURVES))  # noqa: S314 (our own picture)
    space = {"svg": "http://www.w3.org/2000/svg"}
    told = root.findtext("svg:desc", namespaces=space)
    assert "omid, ten keys, at 229 thousand a second: predicted 49.00 ms, published 50.00" in told
    assert told.count("predicted") >= 10
    shown = {each.text for each in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Transactions of one key", "Transactions of ten keys", "omid", "omid-ll"} <= shown


def test_picture_is_the_same_bytes_every_time():
    assert predictions_svg(CURVES) == predictions_svg(list(CURVES))
