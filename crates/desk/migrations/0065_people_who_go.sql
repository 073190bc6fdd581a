-- What goes by age of people of whom nothing else is there, and of who acted for a patient, in order.
CREATE INDEX contacts_alone ON contacts (organisation_id, created_at, id) WHERE patient_id IS NULL;
CREATE INDEX patients_created ON patients (organisation_id, created_at, id);
CREATE INDEX representatives_ended ON representatives (organisation_id, ended_at, id) WHERE ended_at IS NOT NULL;
-- Whoever decides what is asked by law does it with what they may see: where a label keeps a patient from them, they open the
-- record for a reason first.
UPDATE roles SET permissions = permissions || ' restricted:open', version = version + 1
    WHERE code = 'compliance' AND permissions LIKE '%privacy:manage%' AND permissions NOT LIKE '%restricted:open%';
