"""Starts LocalStack, on the loopback only, with our extension beside it.

start.py FOLDER: the folder is there for a person, and `ops down`, to see whose engine this is.
"""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extension"))
del sys.argv[1:]

from twisted.internet import endpoints  # noqa: E402

# LocalStack takes only the port from GATEWAY_LISTEN and listens on every interface.
endpoints.TCP4ServerEndpoint = partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")

from localstack.runtime.main import main  # noqa: E402

main()
