"""Reads [[pattern, [text, ...]], ...] from standard input and prints, for each, which texts the pattern matches."""

import json
import re
import sys
import warnings

warnings.simplefilter("error")
cases = json.load(sys.stdin)
print(json.dumps([[re.search(pattern, text) is not None for text in texts] for pattern, texts in cases]))
