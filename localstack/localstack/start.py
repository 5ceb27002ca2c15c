"""Starts LocalStack on the loopback interface only, with our extension.

start.py FOLDER TOKEN: neither is used. They let users and `ops down` see in the process list whose engine this is.
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

# Clients send few distinct content types. Without the cache, parsing them as e-mail headers takes most of the engine's time.
http._parseContentType = lru_cache(maxsize=100)(http._parseContentType)
# LocalStack holds many long-lived objects, so a full garbage collection is slow and must be rare.
gc.set_threshold(100_000, 50, 100)

from localstack.runtime.main import main  # noqa: E402

main()
