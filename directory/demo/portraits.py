"""Faces drawn by code for people who do not exist: the same seed gives the same face. Runs in the sandbox."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence

from PIL import Image, ImageDraw

SIDE, SMALL = 288, 96
CANVAS = SIDE * 2
"""Drawn twice as large and made smaller: lines without steps."""

Colour = tuple[int, int, int]

SKINS: tuple[Colour, ...] = ((255, 224, 196), (247, 207, 172), (236, 188, 150), (205, 150, 110))
HAIRS: tuple[Colour, ...] = ((38, 32, 34), (58, 42, 36), (84, 58, 44), (110, 104, 108), (24, 28, 44))
GROUNDS: tuple[tuple[Colour, Colour], ...] = (
    ((170, 214, 236), (104, 168, 210)),
    ((196, 226, 186), (128, 184, 134)),
    ((250, 218, 160), (236, 176, 98)),
    ((238, 190, 200), (214, 132, 154)),
    ((206, 196, 236), (166, 154, 218)),
    ((178, 224, 218), (96, 178, 172)),
    ((222, 222, 226), (168, 172, 184)),
)
"""From the top to the bottom; all so light that hair and clothes stand out from them."""
CLOTHES: tuple[Colour, ...] = ((36, 56, 92), (52, 58, 66), (92, 44, 56), (38, 86, 78), (70, 62, 108))
WORKWEAR: Colour = (84, 104, 116)
DARK: Colour = (44, 34, 32)


def portraits(wanted: Sequence[tuple[int, bool, bool]]) -> list[list[bytes]]:
    """For each a large and a small JPEG; ``wanted`` are the arguments of ``portrait``."""
    pictures = (portrait(*each) for each in wanted)
    return [[_jpeg(picture), _jpeg(picture.resize((SMALL, SMALL)))] for picture in pictures]


def portrait(seed: int, feminine: bool, works: bool) -> Image.Image:
    """One face with shoulders, from the front; who ``works`` in the factory is dressed for it."""
    chance = random.Random(f"portrait {seed}")
    picture = _ground(*chance.choice(GROUNDS))
    _Face(ImageDraw.Draw(picture), chance, feminine, works).draw()
    return picture.resize((SIDE, SIDE), Image.Resampling.BOX)


class _Face:
    """Drawn from behind to the front; all measures in thousandths of the canvas."""

    def __init__(self, draw: ImageDraw.ImageDraw, chance: random.Random, feminine: bool, works: bool) -> None:
        self._draw = draw
        self._chance = chance
        self._skin = chance.choice(SKINS)
        self._hair = chance.choice(HAIRS)
        self._style = chance.choice(("bob", "long", "bun") if feminine else ("short", "short", "parted"))
        self._width = chance.randint(165, 185)
        self._works = works

    def draw(self) -> None:
        self._back_hair()
        self._shoulders()
        self._head()
        self._front_hair()
        self._features()
        if self._chance.random() < 0.3:
            self._glasses()

    def _back_hair(self) -> None:
        wide = self._width + 40
        if self._style == "long":
            self._round((500 - wide, 200, 500 + wide, 790), 180, self._hair)
        elif self._style == "bob":
            self._round((500 - wide, 200, 500 + wide, 610), 170, self._hair)
        elif self._style == "bun":
            self._oval((420, 110, 580, 260), self._hair)

    def _shoulders(self) -> None:
        cloth = WORKWEAR if self._works else self._chance.choice(CLOTHES)
        self._oval((170, 730, 830, 1300), cloth)
        self._round((430, 590, 570, 800), 60, _darker(self._skin))
        self._draw.polygon(self._points((405, 745), (500, 850), (595, 745), (560, 725), (440, 725)), (250, 250, 248))
        self._oval((445, 680, 555, 790), _darker(self._skin))
        if not self._works and self._style in ("short", "parted"):
            self._draw.polygon(self._points((482, 835), (518, 835), (535, 1000), (465, 1000)), (150, 52, 60))

    def _head(self) -> None:
        wide = self._width
        for side in (-1, 1):
            middle = 500 + side * wide
            self._oval((middle - 32, 440, middle + 32, 530), _darker(self._skin))
        self._round((500 - wide, 230, 500 + wide, 700), 170, self._skin)

    def _front_hair(self) -> None:
        wide = self._width + 14
        self._draw.pieslice(self._box((500 - wide, 185, 500 + wide, 620)), 180, 360, fill=self._hair)
        # The forehead: what the fringe leaves free.
        if self._style == "parted":
            self._draw.pieslice(self._box((380, 300, 690, 560)), 180, 360, fill=self._skin)
        elif self._style in ("bob", "long"):
            self._draw.pieslice(self._box((360, 330, 640, 520)), 180, 360, fill=self._skin)
        else:
            self._draw.pieslice(self._box((365, 315, 635, 540)), 180, 360, fill=self._skin)
        if self._works and self._chance.random() < 0.6:
            self._cap()

    def _cap(self) -> None:
        wide = self._width + 22
        self._draw.pieslice(self._box((500 - wide, 150, 500 + wide, 560)), 180, 360, fill=(244, 246, 248))
        self._round((500 - wide - 8, 335, 500 + wide + 8, 372), 18, (40, 110, 160))

    def _features(self) -> None:
        for side in (-1, 1):
            eye = 500 + side * 78
            self._oval((eye - 15, 468, eye + 15, 502), DARK)
            self._oval((eye - 4, 472, eye + 6, 482), (255, 255, 255))
            self._draw.arc(self._box((eye - 40, 422, eye + 40, 470)), 205, 335, fill=self._hair, width=CANVAS // 90)
        self._draw.arc(self._box((482, 510, 518, 560)), 20, 160, fill=_darker(self._skin), width=CANVAS // 100)
        broad = self._chance.randint(52, 74)
        mouth = self._box((500 - broad, 540, 500 + broad, 625))
        self._draw.arc(mouth, 25, 155, fill=(160, 66, 62), width=CANVAS // 75)

    def _glasses(self) -> None:
        frame = self._chance.choice((DARK, (60, 60, 66), (120, 72, 40)))
        for side in (-1, 1):
            middle = 500 + side * 80
            box = self._box((middle - 62, 440, middle + 62, 535))
            self._draw.rounded_rectangle(box, CANVAS // 30, outline=frame, width=CANVAS // 95)
        self._draw.line(self._points((482, 480), (518, 480)), fill=frame, width=CANVAS // 95)

    def _oval(self, box: tuple[int, int, int, int], colour: Colour) -> None:
        self._draw.ellipse(self._box(box), fill=colour)

    def _round(self, box: tuple[int, int, int, int], radius: int, colour: Colour) -> None:
        self._draw.rounded_rectangle(self._box(box), radius * CANVAS // 1000, fill=colour)

    def _box(self, box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        left, top, right, bottom = (each * CANVAS // 1000 for each in box)
        return left, top, right, bottom

    def _points(self, *points: tuple[int, int]) -> list[tuple[int, int]]:
        return [(x * CANVAS // 1000, y * CANVAS // 1000) for x, y in points]


def _ground(above: Colour, below: Colour) -> Image.Image:
    """From one colour down to the other."""
    shade = Image.linear_gradient("L").resize((CANVAS, CANVAS))
    return Image.composite(Image.new("RGB", shade.size, below), Image.new("RGB", shade.size, above), shade)


def _darker(colour: Colour) -> Colour:
    red, green, blue = (each * 88 // 100 for each in colour)
    return red, green, blue


def _jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()
