-- Whose requests a role or an API token reaches (ids of queues; none of them: all), and which fields of a record it shows:
-- whoever saw people and requests before sees all of their fields still, and a token that could change addresses without
-- seeing anybody still can.
ALTER TABLE roles ADD COLUMN queues TEXT;
ALTER TABLE api_tokens ADD COLUMN queues TEXT;
ALTER TABLE custom_fields ADD COLUMN field_group TEXT NOT NULL DEFAULT '';
UPDATE roles SET permissions = permissions || ' fields:contact fields:identifiers fields:clinical fields:billing'
    WHERE permissions LIKE '%tickets:read%' OR permissions LIKE '%patients:read%';
UPDATE api_tokens SET scopes = scopes || ' fields:contact fields:identifiers fields:clinical fields:billing'
    WHERE scopes LIKE '%tickets:read%' OR scopes LIKE '%patients:read%';
UPDATE api_tokens SET scopes = scopes || ' fields:contact'
    WHERE scopes LIKE '%patients:write%' AND scopes NOT LIKE '%fields:contact%';
