-- How often work was begun in a row without anybody seeing its end, because the process ended first.
ALTER TABLE inbound_mails ADD COLUMN interrupted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN interrupted BIGINT NOT NULL DEFAULT 0;
