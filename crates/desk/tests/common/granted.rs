//! A request for erasure that only waits to be done.

use super::{Desk, Role};
use bedside_desk::ids::{PatientId, PrivacyRequestId};
use bedside_desk::privacy::requests::{self, Decision, Kind, NewRequest, NewWay, Said, Terms};

/// The terms of a decision that chooses a way.
pub fn by_way(way: NewWay) -> Terms {
    Terms {
        way: Some(way),
        ..Terms::default()
    }
}

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

/// A granted request to be reached in one way only: by the address on file of this kind, or that begins so; by "post"; or in
/// "any" way again.
pub async fn reached(
    desk: &Desk,
    patient: PatientId,
    begins: &str,
    post: &str,
) -> PrivacyRequestId {
    let (app, boss) = (&desk.app, desk.ctx(Role::Administrator));
    let new = NewRequest {
        patient,
        kind: Kind::Communications,
        received_on: jiff::civil::date(2026, 3, 2),
        ticket: None,
        words: String::new(),
    };
    let id = requests::open_request(app, &desk.ctx(Role::Agent), new)
        .await
        .unwrap();
    let view = requests::request(app, &boss, id).await.unwrap();
    let ways = requests::ways_of(app, &boss, &view).await.unwrap().unwrap();
    let mut places = ways.places.iter();
    let place = places.find(|one| one.kind == begins || one.shown.starts_with(begins));
    let way = NewWay {
        choice: place.map_or(begins, |one| one.code.as_str()).to_owned(),
        post: post.to_owned(),
    };
    let said = Said {
        decision: Decision::Granted,
        reason: String::new(),
        note: String::new(),
        with_notes: false,
    };
    requests::decide_on(app, &boss, id, 1, (said, by_way(way)))
        .await
        .unwrap();
    id
}
