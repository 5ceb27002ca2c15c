"""Makes StartReplay work: it compares event times, which LocalStack archives as text, and fails with status 500."""

from datetime import datetime

from localstack.runtime import hooks


def _with_parsed_time(event):
    time = event.get("time")
    return {**event, "time": datetime.fromisoformat(time)} if isinstance(time, str) else event


@hooks.on_infra_start()
def archive_parsed_times():
    from localstack.services.events.archive import ArchiveService

    put_events = ArchiveService.put_events
    ArchiveService.put_events = lambda self, events: put_events(self, [_with_parsed_time(event) for event in events])
