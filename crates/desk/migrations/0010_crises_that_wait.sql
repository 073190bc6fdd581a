-- A crisis in which somebody else owes the next step stands below those in which the clinic does.
UPDATE tickets SET due_at = 4611686018427387903 WHERE active = 1 AND rank = 0
    AND status IN ('waiting_on_patient', 'waiting_on_third_party');
