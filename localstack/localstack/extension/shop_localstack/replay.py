"""StartReplay compares the archived events' times, which LocalStack keeps as text: it answers 500 without this."""

from datetime import datetime

from localstack.runtime import hooks


def _with_time(event):
    time = event.get("time")
    return {**event, "time": datetime.fromisoformat(time)} if isinstance(time, str) else event


@hooks.on_infra_start()
def keep_event_times():
    from localstack.services.events.archive import ArchiveService

    put_events = ArchiveService.put_events
    ArchiveService.put_events = lambda self, events: put_events(self, [_with_time(event) for event in events])
