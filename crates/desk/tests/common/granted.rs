//! A request for erasure that only waits to be done.

use super::{Desk, Role};
use bedside_desk::ids::{PatientId, PrivacyRequestId};
use bedside_desk::privacy::requests::{self, Decision, Kind, NewRequest, Said};

/// A granted request for erasure, and its version.
pub async fn granted(desk: &Desk, patient: PatientId) -> (PrivacyRequestId, i64) {
    let new = NewRequest {
        patient,
        kind: Kind::Erasure,
        received_on: jiff::civil::date(2026, 3, 2),
        ticket: None,
        words: "Destroy the zebrafinch.".to_owned(),
    };
    let id = requests::open_request(&desk.app, &desk.ctx(Role::Agent), new)
        .await
        .unwrap();
    requests::approve(&desk.app, &desk.ctx(Role::Compliance), id, 1)
        .await
        .unwrap();
    let said = Said {
        decision: Decision::Granted,
        reason: String::new(),
        note: "The zebrafinch may go.".to_owned(),
        with_notes: false,
    };
    requests::decide(&desk.app, &desk.ctx(Role::Administrator), id, 2, said)
        .await
        .unwrap();
    (id, 3)
}
