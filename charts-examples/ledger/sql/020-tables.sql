CREATE TABLE entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  booked timestamptz NOT NULL DEFAULT now(),
  amount numeric(18, 2) NOT NULL,
  note text
);

CREATE INDEX entry_booked ON entry (booked);
