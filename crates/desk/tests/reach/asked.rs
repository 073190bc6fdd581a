//! Requests of which every page is tried.

use crate::common::Desk;
use bedside_codecs::mail::file_words::FileWords;
use bedside_desk::context::Ctx;
use bedside_desk::ids::{PatientId, TicketId};
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::requests::{self, Kind, NewRequest};
use bedside_desk::records::{Labels, blobs};
use bedside_desk::tickets::{self, NewTicket};
use bedside_desk::timeline::NewAttachment;
use bedside_language::Channel;

/// A request with a file, its patient, what they asked for by law, and the round in which their clinic looks at everybody's
/// access.
pub struct Asked {
    pub ticket: TicketId,
    pub message: String,
    file: String,
    pub patient: PatientId,
    privacy: String,
    round: String,
}

pub const NOTHING: &str = "01890000-0000-7000-8000-000000000000";

impl Asked {
    /// A route's path with these ids in it.
    pub fn path(&self, route: &str) -> String {
        let (ticket, patient) = (self.ticket.to_string(), self.patient.to_string());
        let ids: [&str; 5] = [&ticket, &patient, &self.file, &self.privacy, &self.round];
        filled(route, ids, &self.message)
    }

    /// The same of things that are nowhere.
    pub fn nowhere(&self, route: &str) -> String {
        filled(route, [NOTHING; 5], &self.message)
    }
}

fn filled(route: &str, [ticket, patient, file, privacy, round]: [&str; 5], other: &str) -> String {
    let names = [
        ("{ticket}", ticket),
        ("{patient}", patient),
        ("{file}", file),
        ("{request}", privacy),
        ("{round}", round),
    ];
    let others = ["{message}", "{disclosure}", "{subject}"].map(|name| (name, other));
    let all = names.into_iter().chain(others);
    all.fold(route.to_owned(), |way, (name, id)| way.replace(name, id))
}

/// A request of `ctx`'s organisation, of a patient with these labels.
pub async fn asked(desk: &Desk, ctx: &Ctx, round: &str, address: &str, labels: Labels) -> Asked {
    let app = &desk.app;
    let patient = NewPatient {
        name: "Rosa Alvarez".to_owned(),
        birth_date: Some("1961-02-03".to_owned()),
        mrn: None,
        locale: None,
        secure_link: false,
    };
    let points = vec![(PointKind::Email, address.to_owned())];
    let patient = patients::create_patient(app, ctx, patient, points)
        .await
        .unwrap();
    let requester = patients::requester_by_email(app, ctx.organisation, address, None, None);
    let requester = requester.await.unwrap();
    let blob = blobs::write(app, ctx.organisation, &requester.sealing, b"A scan");
    let file = NewAttachment {
        blob: blob.await.unwrap(),
        name: "scan.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        size: 6,
        content_id: None,
        inline: false,
        words: FileWords::default(),
    };
    let (channel, words) = (Channel::Email, "When do you open?");
    let mut new = NewTicket::new(requester, channel, "A question", words);
    let file_id = file.id().to_string();
    new.attachments = vec![file];
    let ticket = tickets::create(app, ctx, new).await.unwrap();
    let copy = NewRequest {
        patient,
        kind: Kind::Copy,
        received_on: jiff::civil::date(2026, 3, 1),
        ticket: None,
        words: String::new(),
    };
    let privacy = requests::open_request(app, ctx, copy).await.unwrap();
    let version = patients::patient(app, ctx, patient).await.unwrap().version;
    patients::label_patient(app, ctx, patient, version, labels)
        .await
        .unwrap();
    Asked {
        ticket: ticket.id,
        message: ticket.message.to_string(),
        file: file_id,
        patient,
        privacy: privacy.to_string(),
        round: round.to_owned(),
    }
}
