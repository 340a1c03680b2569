"""Photos of people who do not exist are drawn by code."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from directory.demo import portraits
from directory.demo.portraits import CLOTHES, GROUNDS, HAIRS, SIDE, SMALL, WORKWEAR, Colour, portrait


def test_the_same_seed_gives_the_same_face():
    assert portrait(7, False, True).tobytes() == portrait(7, False, True).tobytes()
    assert len({portrait(seed, seed % 2 == 0, False).tobytes() for seed in range(12)}) == 12


def test_a_face_comes_large_and_small():
    (large, small), _ = portraits.portraits([(1, True, False), (2, False, True)])
    sizes = [(picture.format, picture.size) for picture in map(Image.open, map(io.BytesIO, (large, small)))]
    assert sizes == [("JPEG", (SIDE, SIDE)), ("JPEG", (SMALL, SMALL))]
    assert len(large) < 30_000


def luminance(colour: Colour) -> float:
    parts = [each / 255 for each in colour]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("ground", GROUNDS)
def test_people_stand_out_from_what_is_behind_them(ground: tuple[Colour, Colour]):
    above, below = ground
    assert min(contrast(hair, above) for hair in HAIRS) >= 3
    assert min(contrast(cloth, below) for cloth in (*CLOTHES, WORKWEAR)) >= 2
