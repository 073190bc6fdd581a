-- What people of the staff are, as data of each organisation. `permissions` are codes with spaces between them, `called`
-- says who is told of each crisis, the minutes are how long a session lasts without use and at most.
CREATE TABLE roles (
    organisation_id ID NOT NULL,
    code TEXT NOT NULL,
    names TEXT NOT NULL,
    about TEXT NOT NULL,
    permissions TEXT NOT NULL,
    clinical BIGINT NOT NULL,
    called BIGINT NOT NULL,
    idle_minutes BIGINT NOT NULL,
    session_minutes BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, code)
) CLUSTERED;
INSERT INTO roles SELECT id, 'agent', '{"en":"Agent","es":"Agente"}',
    '{"en":"answers requests","es":"responde solicitudes"}',
    'tickets:read tickets:write patients:read patients:write', 0, 0, 60, 720, 1, 1 FROM organisations;
INSERT INTO roles SELECT id, 'nurse', '{"en":"Nurse","es":"Enfermería"}',
    '{"en":"answers clinical requests","es":"responde solicitudes clínicas"}',
    'tickets:read tickets:write patients:read patients:write', 1, 1, 60, 720, 2, 1 FROM organisations;
INSERT INTO roles SELECT id, 'counsellor', '{"en":"Counsellor","es":"Consejería"}',
    '{"en":"is there for people in distress","es":"acompaña a personas angustiadas"}',
    'tickets:read tickets:write patients:read patients:write', 0, 1, 60, 720, 3, 1 FROM organisations;
INSERT INTO roles SELECT id, 'supervisor', '{"en":"Supervisor","es":"Supervisión"}',
    '{"en":"leads the team, sees the settings","es":"dirige el equipo, ve los ajustes"}',
    'tickets:read tickets:write patients:read patients:write settings:read', 0, 1, 60, 720, 4, 1 FROM organisations;
INSERT INTO roles SELECT id, 'compliance', '{"en":"Compliance","es":"Cumplimiento"}',
    '{"en":"reads the audit log, no requests","es":"lee el registro de auditoría, ninguna solicitud"}',
    'settings:read audit:read', 0, 0, 30, 720, 5, 1 FROM organisations;
INSERT INTO roles SELECT id, 'administrator', '{"en":"Administrator","es":"Administración"}',
    '{"en":"everything","es":"todo"}',
    'tickets:read tickets:write patients:read patients:write settings:read settings:write staff:manage audit:read',
    0, 1, 30, 720, 6, 1 FROM organisations;
