"""How large a picture, and a list of what is in an archive, may be to be looked at."""

MOST_PIXELS = 50_000_000
"""Of one frame."""
MOST_FRAMES = 1000
MOST_PIXELS_IN_ALL = 200_000_000
"""Over all frames."""
MOST_BYTES = 64 * 1024 * 1024
"""Of a picture: larger ones are not decoded."""
MOST_PIECES = 5000
"""Of which the kept picture is made."""
THUMBNAIL = 480
"""Pixels of a thumbnail's longer side."""

MOST_ENTRIES = 10_000
LIST_BYTES = 4 * 1024 * 1024
"""Of an archive's list; what stands beyond is not looked at."""
