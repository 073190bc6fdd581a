-- When the root key was replaced: what was erased before can't be read in the backups from before, once the earlier key is gone.
CREATE TABLE root_key_changes (
    at BIGINT NOT NULL PRIMARY KEY
) CLUSTERED;
