//! What stands beside a record's conversations.

use super::common::{Desk, Role};
use super::{ADDRESS, arrives, marks};
use bedside_db::{args, statements};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{ContactId, PatientId};
use bedside_desk::privacy::breaches::{self, Added, Data, Facts, Part};
use bedside_desk::privacy::consents::{self, Channel, Decision, NewConsent, Purpose, Source};
use bedside_desk::privacy::notices::{self, NewAcknowledgement, PRIVACY, Text};
use bedside_web::Locale;
use futures_util::FutureExt;

statements! {
    /// Somebody is signed in to the patients' own pages.
    SESSION = "INSERT INTO portal_sessions (token_hash, organisation_id, id, contact_id, point_blind, locale, method, device, \
        created_at, seen_at) VALUES ($2, $1, $3, $4, $2, 'en', 'code', 'firefox', 0, 0)";
    /// What they came in with.
    DEVICE = "INSERT INTO portal_devices (organisation_id, contact_id, device, seen_at) VALUES ($1, $2, 'firefox', 0)";
    /// Where they were in.
    BROWSER = "INSERT INTO portal_browsers (browser_hash, organisation_id, contact_id, point_blind, seen_at) \
        VALUES ($2, $1, $3, $2, 0)";
    /// A passkey of theirs.
    PASSKEY = "INSERT INTO passkeys (organisation_id, id, owner_id, name, credential_hash, credential, uses, created_at, owner, \
        point_blind) VALUES ($1, $2, $3, 'Puffinwords', $4, '', 0, 0, 'contact', $4)";
    /// How many rows of each kind there are.
    ROWS = "SELECT (SELECT COUNT(*) FROM consents WHERE organisation_id = $1 AND (patient_id = $2 OR contact_id = $3)), \
        (SELECT COUNT(*) FROM notice_acknowledgements WHERE organisation_id = $1 AND patient_id = $2), \
        (SELECT COUNT(*) FROM breach_people WHERE organisation_id = $1 AND patient_id = $2), \
        (SELECT COUNT(*) FROM portal_sessions WHERE organisation_id = $1 AND contact_id = $3), \
        (SELECT COUNT(*) FROM portal_devices WHERE organisation_id = $1 AND contact_id = $3), \
        (SELECT COUNT(*) FROM portal_browsers WHERE organisation_id = $1 AND contact_id = $3), \
        (SELECT COUNT(*) FROM passkeys WHERE organisation_id = $1 AND owner_id = $3)";
}

/// What [`stands`] leaves, as [`rows`] counts it.
pub(super) const WHOLE: [i64; 7] = [2, 1, 1, 1, 1, 1, 1];
/// Words of a mail that only said STOP.
pub(super) const IGNORED: &[&str] = &["stopfinch", "signfinch"];

pub(super) async fn rows(desk: &Desk, patient: PatientId, contact: ContactId) -> [i64; 7] {
    let of = args![desk.organisation, patient, contact];
    let mut conn = desk.app.read_newest().await.unwrap();
    let read = |row: &bedside_db::Row<'_>| {
        Ok([
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
            row.get(6)?,
        ])
    };
    conn.query_one(ROWS, of, read).await.unwrap()
}

/// A yes and a no, a notice, an incident's list, and the patient's own pages.
pub(super) async fn stands(desk: &Desk, patient: PatientId, contact: ContactId) {
    let app = &desk.app;
    let yes = NewConsent {
        purpose: Some(Purpose::Marketing),
        channel: Some(Channel::Email),
        decision: Decision::Given,
        address: Some(ADDRESS.to_owned()),
        party: None,
        text: "May we write to puffinwords?".to_owned(),
        locale: Locale::En,
        source: Source::Agent,
    };
    let officer = desk.ctx(Role::Compliance);
    let agent = desk.ctx(Role::Agent);
    consents::record(app, &agent, patient, yes).await.unwrap();
    arrives(
        desk,
        &format!(
            "From: Stopfinch <{ADDRESS}>\nTo: help@clinic.example\nSubject: \nMessage-ID: <stop@patient.example>\n\
             X-Signature: signfinch\n\nSTOP\n"
        ),
    )
    .await;
    given_notice(desk, patient).await;
    let facts = Facts {
        title: "Wrong hands".to_owned(),
        story: "A list was left in a taxi.".to_owned(),
        discovered: jiff::civil::date(2026, 3, 2).at(10, 0, 0, 0),
        part: Part::Own,
        data: vec![Data::Name],
    };
    let breach = breaches::open_breach(app, &officer, facts).await.unwrap();
    let added = Added {
        who: "MRN7734190".to_owned(),
        reason: "Razorbill stood on it.".to_owned(),
    };
    breaches::add(app, &officer, (breach, 1), added)
        .await
        .unwrap();
    let (organisation, mark) = (desk.organisation, marks(desk)[0]);
    let (session, passkey) = (app.id::<()>(), app.id::<()>());
    app.db
        .write::<_, DeskError, _>(move |tx| {
            async move {
                let row = args![organisation, mark, session, contact];
                tx.execute(SESSION, row).await?;
                tx.execute(DEVICE, args![organisation, contact]).await?;
                let row = args![organisation, mark, contact];
                tx.execute(BROWSER, row).await?;
                let row = args![organisation, passkey, contact, mark];
                tx.execute(PASSKEY, row).await?;
                Ok(())
            }
            .boxed()
        })
        .await
        .unwrap();
}

async fn given_notice(desk: &Desk, patient: PatientId) {
    let (app, boss) = (&desk.app, desk.ctx(Role::Administrator));
    let id = notices::begin(app, &boss, PRIVACY).await.unwrap();
    let text = Text {
        title: "Privacy".to_owned(),
        body: "How we use your data.".to_owned(),
        changes: String::new(),
    };
    let texts = [(Locale::En, text)].into();
    notices::save(app, &boss, (id, 1), texts).await.unwrap();
    notices::publish(app, &boss, (id, 2)).await.unwrap();
    let given = NewAcknowledgement {
        code: PRIVACY.to_owned(),
        number: None,
        locale: Locale::En,
        source: notices::Source::Paper,
    };
    let agent = desk.ctx(Role::Agent);
    notices::acknowledge(app, &agent, patient, given)
        .await
        .unwrap();
}
