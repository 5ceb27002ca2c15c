"""Starts MiniStack with the features that it lacks.

start.py FOLDER TOKEN: neither is used. They let users and `ops down` see in the process list whose engine this is.
"""

import os
import sys
import threading
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "common"))

import alarms
import archive
import composite_alarms
import fifo_topic
import function_errors
import function_metrics
import http_subscriptions
import nested_bodies
import queue_age
import recorded
from ministack.app import main


def exit_when_input_closes():
    while os.read(0, 512):
        pass
    os._exit(0)


if os.environ.pop("ENDS_WITH_INPUT", ""):
    threading.Thread(target=exit_when_input_closes, daemon=True).start()
# Before the alarms, which evaluate the age as well.
queue_age.register()
alarms.register()
archive.register()
composite_alarms.register()
fifo_topic.register()
function_errors.register()
function_metrics.register()
http_subscriptions.register()
nested_bodies.register()
recorded.register()
del sys.argv[1:]
main()
