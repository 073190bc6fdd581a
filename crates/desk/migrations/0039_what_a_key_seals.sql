-- What one key seals, for whoever destroys the key: messages go from request to request with the key they came with.
CREATE INDEX messages_key ON messages (organisation_id, key_id);
