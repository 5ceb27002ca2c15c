-- The outbox: what a service has decided to say, kept in its own database until SNS has taken it. PostgreSQL 13 or newer.

-- The service's own table, or whatever it has in its place.
CREATE TABLE orders (
  order_id  text PRIMARY KEY,
  placed_at timestamptz NOT NULL DEFAULT now(),
  -- The rest of the order is the service's business.
  details   jsonb NOT NULL
);

CREATE TABLE outbox (
  -- Says which of an order's events comes first. Numbers may come out with gaps and late: nothing here goes by "greater than the last".
  sequence     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Given once, with the row: however often the event is sent, it is the same event.
  event_id     uuid NOT NULL DEFAULT gen_random_uuid(),
  -- There is no event of an order that is not there yet, so what an order's later events say also has later numbers.
  order_id     text NOT NULL REFERENCES orders,
  type         text NOT NULL,
  data         jsonb NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  -- Why SNS will never take it as it is; somebody has to look. Later events of the order wait behind it.
  refusal      text
);

-- As small as what waits, however many have been published: one finds the next, the other what an order still has before it.
CREATE INDEX outbox_waiting ON outbox (sequence) WHERE published_at IS NULL;
CREATE INDEX outbox_waiting_of_order ON outbox (order_id, sequence) WHERE published_at IS NULL;
