"""Shortens JSON that is nested too deeply for Python's recursive parser. Shared by both engines, which parse bodies to filter them."""

import re

# Deeper than any filter looks, and far below the 1,000 levels or so from which on parsers fail.
MAX_LEVELS = 100
# About as deep as a topic's largest message can be, which no recursive parser reads, whichever Python it runs on.
DEEP_BODY = '{"type":"deep","data":' + "[" * 100_000 + "]" * 100_000 + "}"

# A string without its end goes on to the end of the text, so that no part of it is read twice.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


def shorten(text):
    """Replaces what is nested more than MAX_LEVELS deep by null; it is not validated. Returns all else unchanged."""
    # Cheap, and enough for most messages.
    if text.count("[") + text.count("{") <= MAX_LEVELS:
        return text
    kept, level, start = [], 0, 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            level += 1
            if level == MAX_LEVELS + 1:
                kept.append(text[start : token.start()])
        elif token[0] in "]}":
            level -= 1
            if level == MAX_LEVELS:
                kept.append("null")
                start = token.end()
    # Without its end, the part that is too deep is left out, and the text stays invalid.
    return "".join(kept) + (text[start:] if level <= MAX_LEVELS else "")


def handles_deep_body(handle):
    """Returns whether `handle` accepts DEEP_BODY: false for an engine that needs `shorten`."""
    try:
        return handle(DEEP_BODY)
    except RecursionError:
        return False
