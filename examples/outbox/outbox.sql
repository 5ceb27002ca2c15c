-- The transactional outbox: events stay in the service's own database until SNS has accepted them. PostgreSQL 13 or newer.

-- Stands for the service's own table of orders.
CREATE TABLE orders (
  order_id  text PRIMARY KEY,
  placed_at timestamptz NOT NULL DEFAULT now(),
  -- The rest of the order is up to the service.
  details   jsonb NOT NULL
);

CREATE TABLE outbox (
  -- Orders the events of one order. Numbers can have gaps and be committed late, so never query by "greater than the last seen".
  sequence     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Assigned once, with the row: every attempt sends the same event.
  event_id     uuid NOT NULL DEFAULT gen_random_uuid(),
  -- An event requires its order to exist, so later events of an order also have higher numbers.
  order_id     text NOT NULL REFERENCES orders,
  type         text NOT NULL,
  data         jsonb NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  -- Why SNS will never accept the event: it is too large, or what SNS said. Needs manual repair; later events of the order wait for it.
  refusal      text
);

-- Partial indexes, as small as the backlog: one finds the next events, the other the earlier unpublished events of an order.
CREATE INDEX outbox_waiting ON outbox (sequence) WHERE published_at IS NULL;
CREATE INDEX outbox_waiting_of_order ON outbox (order_id, sequence) WHERE published_at IS NULL;
