-- Files that nothing has taken yet are looked for every hour.
CREATE INDEX blobs_unused ON blobs (created_at) WHERE used = 0;
