-- Every index page that a request touches anywhere but at its end is a page more in the log of each commit.

-- A report about a mail names it by a signed Message-ID that holds its id; nothing looks it up by that text any more.
DROP INDEX outbound_mails_header;

-- A ticket's story is told by its own events; its messages tell of themselves.
DROP INDEX events_ticket;
CREATE INDEX events_ticket ON events (organisation_id, ticket_id, sequence)
    WHERE ticket_id IS NOT NULL AND kind NOT IN ('message.added', 'message.state', 'message.moved');
