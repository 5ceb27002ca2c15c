"""Starts MiniStack with what its CloudFormation lacks.

start.py FOLDER: the folder is there for a person, and `ops down`, to see whose engine this is.
"""

import os
import sys
import threading
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "common"))

import alarms
import archive
import fifo_topic
import function_metrics
import queue_age
import recorded
from ministack.app import main


def end_with_input():
    while os.read(0, 512):
        pass
    os._exit(0)


if os.environ.pop("ENDS_WITH_INPUT", ""):
    threading.Thread(target=end_with_input, daemon=True).start()
# Alarms look at the age too.
queue_age.register()
alarms.register()
archive.register()
fifo_topic.register()
function_metrics.register()
recorded.register()
del sys.argv[1:]
main()
