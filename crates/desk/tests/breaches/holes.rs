//! What must not slip through an incident: people who come late, letters to somebody else, clocks that one person moves.

use super::*;
use bedside_db::{args, statements};
use bedside_desk::ids::{ContactId, DataKeyId, RepresentativeId};
use bedside_desk::orgs::{self, Change};
use bedside_desk::privacy::breaches::{Duty, Exception, State};
use bedside_desk::records::{Label, Labels};

statements! {
    /// A word about who acts for whom: for appointments alone.
    ACTS = "INSERT INTO representatives (organisation_id, id, patient_id, contact_id, key_id, relationship, authority, scope, \
        young_agreed, starts_at, ticket_id, asked_at, state) VALUES ($1, $2, $3, $4, $5, 'other', 'permission', 1, 0, 0, \
        $6, 0, 'confirmed')";
    /// With which key a contact is sealed.
    KEY_OF = "SELECT key_id FROM contacts WHERE organisation_id = $1 AND id = $2";
    /// Closes whatever is open.
    CLOSE_ALL = "UPDATE breaches SET state = 'closed', closed_by = $2, closed_at = $3 WHERE organisation_id = $1";
    /// Somebody on a list who is told.
    MANY = "INSERT INTO breach_people (organisation_id, id, breach_id, by_hand, seen, added_by, added_at, told) \
        VALUES ($1, $2, $3, 1, '{}', $4, 0, 'posted')";
}

async fn add(desk: &Desk, id: BreachId, who: &str) -> Result<(), DeskError> {
    let added = breaches::Added {
        who: who.to_owned(),
        reason: "Found later.".to_owned(),
    };
    let at = version(desk, id).await;
    breaches::add(&desk.app, &desk.ctx(Role::Compliance), at, added).await
}

async fn told(desk: &Desk, id: BreachId, duty: Duty) -> Result<(), DeskError> {
    let (at, on) = (version(desk, id).await, jiff::civil::date(2026, 3, 2));
    breaches::done(&desk.app, &desk.ctx(Role::Compliance), at, duty, on).await
}

/// Everybody on the list gets their letter on paper.
async fn post_all(desk: &Desk, id: BreachId) {
    let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
    breaches::send(app, &officer, version(desk, id).await, Way::Print)
        .await
        .unwrap();
    for one in list(desk, id).await {
        if one.told == Told::Print {
            breaches::posted(app, &officer, version(desk, id).await, one.id)
                .await
                .unwrap();
        }
    }
}

/// Puts so many people on the list who are told.
async fn many(desk: &Desk, id: BreachId, count: usize) {
    let (organisation, by) = (desk.organisation, desk.id_of(Role::Compliance));
    let system = desk.system();
    desk.app
        .command(&system, move |work| {
            Box::pin(async move {
                work.audit(audit_log::NewEntry::new("breach.people", "breach", id));
                for _ in 0..count {
                    let row: bedside_desk::ids::BreachPersonId = work.app.id();
                    work.execute(MANY, args![organisation, row, id, by]).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
}

both_engines! {
    async fn nobody_who_comes_late_is_left_untold(desk: Desk) {
        let [_, _, perpetua] = touched(&desk).await;
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let id = decided(&desk).await;
        post_all(&desk, id).await;
        told(&desk, id, Duty::People).await.unwrap();
        told(&desk, id, Duty::Authority).await.unwrap();
        patient(&desk, "Late Comer", "comer@patient.example").await;
        add(&desk, id, "comer@patient.example").await.unwrap();
        let now = view(&desk, id).await;
        assert!(now.done(Duty::People).is_none() && now.next_due().is_some(), "the clock runs again");
        assert_eq!(code(breaches::close(app, &officer, version(&desk, id).await).await), "untold");
        post_all(&desk, id).await;
        told(&desk, id, Duty::People).await.unwrap();
        breaches::close(app, &officer, version(&desk, id).await).await.unwrap();
        let _ = perpetua;
    }

    async fn what_was_counted_for_fewer_people_is_counted_again(desk: Desk) {
        touched(&desk).await;
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let id = decided(&desk).await;
        post_all(&desk, id).await;
        told(&desk, id, Duty::People).await.unwrap();
        told(&desk, id, Duty::Authority).await.unwrap();
        many(&desk, id, 510).await;
        let due = async |duty| view(&desk, id).await.duties.into_iter().find(|due| due.duty == duty);
        // Once a year is not at once: the authority of the many was not told.
        assert!(view(&desk, id).await.done(Duty::Authority).is_none());
        assert!(due(Duty::Media).await.unwrap().to_count);
        breaches::count_residents(app, &officer, version(&desk, id).await, 480).await.unwrap();
        assert!(due(Duty::Media).await.is_none());
        many(&desk, id, 100).await;
        assert!(due(Duty::Media).await.unwrap().to_count, "480 of fewer people");
        assert_eq!(code(breaches::close(app, &officer, version(&desk, id).await).await), "untold");
        told(&desk, id, Duty::Authority).await.unwrap();
        told(&desk, id, Duty::People).await.unwrap();
        breaches::count_residents(app, &officer, version(&desk, id).await, 490).await.unwrap();
        breaches::close(app, &officer, version(&desk, id).await).await.unwrap();
    }

    async fn a_letter_goes_to_the_patient_and_not_to_who_makes_their_appointments(desk: Desk) {
        // The niece's contact is older than the patient's own.
        let request = desk.ticket("niece@patient.example", "Hello", "For my aunt.").await;
        let niece = tickets::view(&desk.app, &desk.system(), request).await.unwrap().contact.id;
        let sink = sink(&desk).await;
        let [zenobia, ambrose, perpetua] = touched(&desk).await;
        for aunt in [zenobia, perpetua] {
            acts(&desk, niece, aunt, request).await;
        }
        tickets::link_contact(&desk.app, &desk.system(), niece, Some(zenobia)).await.unwrap();
        goes_out(&desk, &sink).await;
        let id = decided(&desk).await;
        let officer = desk.ctx(Role::Compliance);
        breaches::send(&desk.app, &officer, version(&desk, id).await, Way::Mail).await.unwrap();
        let to: Vec<String> = goes_out(&desk, &sink).await.into_iter().flat_map(|one| one.to).collect();
        assert!(to.iter().any(|one| one.contains("zenobia@")) && to.iter().all(|one| !one.contains("niece@")), "{to:?}");
        assert_eq!(view(&desk, id).await.counts, Counts { mailed: 2, print: 1, ..Counts::default() });
        let _ = ambrose;
    }

    async fn what_two_persons_said_is_not_moved_by_one(desk: Desk) {
        touched(&desk).await;
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let id = decided(&desk).await;
        let elsewhere = Facts { part: Part::AsAssociate, ..facts() };
        breaches::change(app, &officer, version(&desk, id).await, elsewhere).await.unwrap();
        assert_eq!(view(&desk, id).await.breach.state, State::Open);
        assert_eq!(code(breaches::close(app, &officer, version(&desk, id).await).await), "undecided");
        // A name put right takes nothing back.
        let other = decided(&desk).await;
        let named = Facts { title: "Better said".to_owned(), ..facts() };
        breaches::change(app, &officer, version(&desk, other).await, named).await.unwrap();
        assert_eq!(view(&desk, other).await.breach.state, State::Decided);
        for wrong in [
            Facts { discovered: jiff::civil::date(2026, 2, 25).at(10, 0, 0, 0), ..facts() },
            Facts { story: "It was nothing.".to_owned(), ..facts() },
            Facts { data: vec![Data::Name], ..facts() },
        ] {
            let one = decided(&desk).await;
            breaches::change(app, &officer, version(&desk, one).await, wrong).await.unwrap();
            let now = view(&desk, one).await.breach;
            assert!(now.state == State::Open && now.signed.is_none() && now.assessment.is_some());
        }
    }

    async fn the_exceptions_of_one_law_are_none_of_another(desk: Desk) {
        touched(&desk).await;
        let admin = desk.browser(Role::Administrator).await;
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let mut settings = clinic.settings.clone();
        "gdpr".clone_into(&mut settings.privacy_law);
        let change = Change::General {
            name: clinic.name.clone(),
            time_zone: clinic.time_zone.iana_name().unwrap().to_owned(),
            locale: clinic.locale,
            settings: Box::new(settings),
            version: clinic.version,
        };
        orgs::change(&desk.app, &desk.ctx(Role::Administrator), change).await.unwrap();
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let id = breaches::open_breach(app, &officer, facts()).await.unwrap();
        let good = Said { exception: Some(Exception::GoodFaith), ..said(Conclusion::Exception) };
        assert_eq!(code(breaches::assess(app, &officer, (id, 1), good).await), "no_exception");
        let page = admin.get(&format!("/privacy/breaches/{id}")).await.expect(200).text();
        assert!(!page.contains("good_faith") && !page.contains("value=\"exception\""));
    }

    async fn whoever_is_no_patient_on_file_is_counted_and_can_be_found(desk: Desk) {
        let request = desk.ticket("stranger@patient.example", "Hello", "How are you?").await;
        let agent = desk.ctx(Role::Agent);
        let seen = tickets::view(&desk.app, &agent, request).await.unwrap();
        desk.clock.advance(60);
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let id = breaches::open_breach(app, &officer, facts()).await.unwrap();
        let answer = breaches::look(app, &officer, id, &query(&desk, Act::ALL)).await.unwrap();
        assert_eq!((answer.people, answer.new, answer.unnamed), (1, 1, 0));
        breaches::take(app, &officer, (id, 1), query(&desk, Act::ALL)).await.unwrap();
        assert_eq!(view(&desk, id).await.counts.waiting, 1);
        let other = breaches::open_breach(app, &officer, facts()).await.unwrap();
        add(&desk, other, &format!("#{}", seen.ticket.number)).await.unwrap();
        assert_eq!(code(add(&desk, other, "stranger@patient.example").await), "listed");
        assert_eq!(view(&desk, other).await.counts.waiting, 1);
    }

    async fn a_name_that_is_kept_from_the_officer_stays_so_on_the_list(desk: Desk) {
        let [zenobia, ..] = touched(&desk).await;
        let id = decided(&desk).await;
        let system = desk.system();
        let at = patients::patient(&desk.app, &system, zenobia).await.unwrap().version;
        patients::label_patient(&desk.app, &system, zenobia, at, Labels::NONE.with(Label::Vip)).await.unwrap();
        let browser = desk.browser(Role::Compliance).await;
        let page = browser.get(&format!("/privacy/breaches/{id}")).await.expect(200).text();
        assert!(!page.contains("Zenobia") && page.contains("Ambrose"));
        let log = audit_log::list(&desk.app, &system, None, 60).await.unwrap();
        let seen = |one: &&audit_log::Shown| one.object_kind == "patient" && one.action == "patient.found" && one.purpose == "operations";
        assert_eq!(log.iter().filter(seen).count(), 2, "who was shown by name finds it in the log");
    }

    async fn two_answers_add_up_and_who_was_taken_off_is_named(desk: Desk) {
        let [zenobia, ..] = touched(&desk).await;
        let nurse = desk.ctx(Role::Nurse);
        patients::patient(&desk.app, &nurse, zenobia).await.unwrap();
        desk.clock.advance(60);
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let id = breaches::open_breach(app, &officer, facts()).await.unwrap();
        let theirs = Query { actor: desk.id_of(Role::Nurse).to_string(), ..query(&desk, Act::ALL) };
        for asked in [query(&desk, Act::ALL), theirs.clone(), theirs.clone()] {
            breaches::take(app, &officer, version(&desk, id).await, asked).await.unwrap();
        }
        let hers = list(&desk, id).await.into_iter().find(|one| one.patient.as_ref().unwrap().0 == zenobia).unwrap();
        assert_eq!(hers.acts[&Act::Read], 3, "two of the agent, one of the nurse, and asked twice it is the same one");
        let answer = breaches::look(app, &officer, id, &theirs).await.unwrap();
        assert_eq!((answer.people, answer.new, answer.not_found), (1, 0, 0), "what another question found is no loss");
        breaches::remove(app, &officer, version(&desk, id).await, hers.id, "Her own doctor.").await.unwrap();
        let answer = breaches::look(app, &officer, id, &theirs).await.unwrap();
        assert_eq!((answer.people, answer.new, answer.taken_off), (1, 0, 1));
    }

    async fn every_incident_of_a_year_can_be_reached(desk: Desk) {
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let oldest = breaches::open_breach(app, &officer, facts()).await.unwrap();
        for _ in 0..50 {
            breaches::open_breach(app, &officer, facts()).await.unwrap();
        }
        let (open, more) = breaches::list(app, &officer, false, None, None).await.unwrap();
        let (rest, end) = breaches::list(app, &officer, false, None, more).await.unwrap();
        assert!((open.len(), rest.len(), end) == (50, 1, None));
        let (organisation, by, now) = (desk.organisation, desk.id_of(Role::Compliance), desk.app.now());
        let system = desk.system();
        let closed = app.command(&system, move |work| Box::pin(async move {
            work.audit(audit_log::NewEntry::new("breach.close", "view", "open"));
            work.execute(CLOSE_ALL, args![organisation, by, now]).await?;
            Ok(())
        }));
        closed.await.unwrap();
        let browser = desk.browser(Role::Compliance).await;
        let page = browser.get("/privacy/breaches?closed=true&year=2026").await.expect(200).text();
        let next = page.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
        assert!(!page.contains(&oldest.to_string()));
        let last = browser.get(&next).await.expect(200).text();
        assert!(last.contains(&oldest.to_string()) && !last.contains("rel=\"next\""), "{last}");
        let other = browser.get("/privacy/breaches?closed=true&year=2025").await.expect(200).text();
        assert!(!other.contains("Wrong hands"));
        for wrong in ["year=x", "year=99999", "cursor=x"] {
            browser.get(&format!("/privacy/breaches?closed=true&{wrong}")).await.expect(422);
        }
    }

    async fn a_letter_that_comes_back_after_its_request_went_elsewhere_is_lost(desk: Desk) {
        let [zenobia, ..] = touched(&desk).await;
        let (app, officer, sink) = (&desk.app, desk.ctx(Role::Compliance), sink(&desk).await);
        goes_out(&desk, &sink).await;
        let id = decided(&desk).await;
        breaches::send(app, &officer, version(&desk, id).await, Way::Mail).await.unwrap();
        goes_out(&desk, &sink).await;
        let people = list(&desk, id).await;
        let hers = people.iter().find(|one| one.patient.as_ref().unwrap().0 == zenobia).unwrap();
        let ticket = hers.letter.unwrap().0;
        let mail = one_mail(&desk, ticket).await;
        let other = desk.ticket(NAMES[0].1, "Another", "One more.").await;
        tickets::merge(app, &desk.ctx(Role::Agent), ticket, other).await.unwrap();
        let system = desk.system();
        let noted = app.command(&system, move |work| Box::pin(async move { outbound::bounced(work, mail, "5.1.1").await }));
        noted.await.unwrap();
        assert_eq!(view(&desk, id).await.lost, 1);
    }
}

async fn acts(desk: &Desk, contact: ContactId, patient: PatientId, ticket: TicketId) {
    let organisation = desk.organisation;
    let system = desk.system();
    desk.app
        .command(&system, move |work| {
            Box::pin(async move {
                work.audit(audit_log::NewEntry::new(
                    "representative.add",
                    "patient",
                    patient,
                ));
                let row: RepresentativeId = work.app.id();
                let key: DataKeyId = work
                    .query_one(KEY_OF, args![organisation, contact], |row| row.get(0))
                    .await?;
                work.execute(
                    ACTS,
                    args![organisation, row, patient, contact, key, ticket],
                )
                .await?;
                Ok(())
            })
        })
        .await
        .unwrap();
}
