"""Writes the samples of this folder with the CloudEvents SDK for Python; see ../README.md."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1.conversion import to_json
from cloudevents.v1.http import CloudEvent as EventOfVersion1
from cloudevents.v1.pydantic import CloudEvent as PydanticEvent

here = Path(__file__).parent
data = json.loads((here.parent / "order.json").read_text())
order = {
    "specversion": "1.0",
    "id": "a1",
    "source": "/shop/checkout",
    "type": "shop.order.placed.v1",
    "subject": "o-1001",
    "time": datetime(2026, 11, 26, 9, tzinfo=timezone.utc),
    "datacontenttype": "application/json",
}
required = {name: order[name] for name in ("specversion", "id", "source", "type")}
as_text = {**order, "time": order["time"].isoformat()}
offset = datetime(2026, 11, 26, 18, 0, 0, 123456, timezone(timedelta(hours=9)))
trace = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "vendor=1"}
with_nulls = {**data, "customer": None, "charges": None}
events = {
    "order": CloudEvent(order, data),
    "defaults": CloudEvent(required, data),
    "time-with-offset": CloudEvent({**order, "time": offset}, data),
    "extensions": CloudEvent({**order, "partitionkey": "o-1001", "sampledrate": 3, **trace}, data),
    "charset": CloudEvent({**order, "datacontenttype": "application/json; charset=utf-8"}, data),
    "bytes": CloudEvent(order, json.dumps(data).encode()),
    "nulls": CloudEvent(order, with_nulls),
    "data-as-text": CloudEvent(order, json.dumps(data)),
}
for name, event in events.items():
    (here / f"{name}.json").write_bytes(JSONFormat().write(event))
(here / "version-1-nulls.json").write_bytes(to_json(EventOfVersion1({**as_text, "subject": None}, with_nulls)))
(here / "pydantic-nulls.json").write_text(PydanticEvent(**{**as_text, "subject": None}, data=with_nulls).model_dump_json())
