-- How a patient is reached, and no other way (45 CFR 164.522(b)): `way` is 'email', 'phone' or 'post', `way_blind` the address
-- that was chosen, `way_post` the postal address, and `way_request_id` the request by which it was granted.
ALTER TABLE patients ADD COLUMN way TEXT;
ALTER TABLE patients ADD COLUMN way_blind BLOB;
ALTER TABLE patients ADD COLUMN way_post BLOB;
ALTER TABLE patients ADD COLUMN way_request_id ID;
-- When what such a request chose ended, and why where somebody of the staff ended it.
ALTER TABLE privacy_requests ADD COLUMN way_ended_by ID;
ALTER TABLE privacy_requests ADD COLUMN way_ended_at BIGINT;
ALTER TABLE privacy_requests ADD COLUMN way_why BLOB;
