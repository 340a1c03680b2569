"""The talk log in ``/metrics``."""

from __future__ import annotations

from chat.log import state
from server.figures import Figure

FIGURES = (
    Figure(
        "talklog_follows",
        "gauge",
        "1: this process numbers the talk log.",
        lambda s, _: float(state.of(s).follows and not state.of(s).problem),
    ),
    Figure(
        "talklog_numbered",
        "counter",
        "Entries of the talk log that this process has numbered.",
        lambda s, _: state.of(s).numbered,
    ),
    Figure(
        "talklog_lag_rows",
        "gauge",
        "Entries of the talk log that wait for their number.",
        lambda _, stored: stored.more.get("talklog_lag_rows", 0),
    ),
    Figure(
        "talklog_head",
        "gauge",
        "The last number of the talk log.",
        lambda _, stored: stored.more.get("talklog_head", 0),
    ),
    Figure(
        "talklog_unreconciled",
        "gauge",
        "1: the last comparison of talk log and database found a difference.",
        lambda _, stored: stored.more.get("talklog_unreconciled", 0),
    ),
    Figure(
        "talklog_segments_unstored",
        "gauge",
        "Closed segments that are not in the store yet.",
        lambda _, stored: stored.more.get("talklog_segments_unstored", 0),
    ),
    Figure(
        "talklog_segments_broken",
        "gauge",
        "Stored segments that are not what was signed.",
        lambda _, stored: stored.more.get("talklog_segments_broken", 0),
    ),
    Figure(
        "talklog_heads_unsent",
        "gauge",
        "Heads of the talk log that are still to be sent.",
        lambda _, stored: stored.more.get("talklog_heads_unsent", 0),
    ),
)
