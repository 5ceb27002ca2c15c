"""Starts LocalStack, on the loopback only, with our extension beside it.

start.py FOLDER: the folder is there for a person, and `ops down`, to see whose engine this is.
"""

import gc
import sys
from functools import lru_cache, partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extension"))
sys.path.append(str(Path(__file__).parent.parent / "common"))
del sys.argv[1:]

from twisted.internet import endpoints  # noqa: E402
from twisted.web import http  # noqa: E402

# LocalStack takes only the port from GATEWAY_LISTEN and listens on every interface.
endpoints.TCP4ServerEndpoint = partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")

# Clients send a handful of content types; parsing each anew, as an e-mail's header, took most of the engine's time.
http._parseContentType = lru_cache(maxsize=100)(http._parseContentType)
# Its objects are many and live long, so that looking through all of them for garbage must be rare.
gc.set_threshold(100_000, 50, 100)

from localstack.runtime.main import main  # noqa: E402

main()
