//! What a patient writes behind the link of a request that takes no more words: it opens one of its own beside it.

use super::{answer, contact, link_of, messages, of_one_patient, open, write};
use crate::common::Role;
use crate::common::sink::sink;
use crate::common::{Answer, Browser, Desk, both_engines, hidden};
use bedside_db::{args, statements};
use bedside_desk::ids::TicketId;
use bedside_desk::jobs;
use bedside_desk::links::{self, Purpose};
use bedside_desk::tickets::{self, Patch, Status, TicketView, Urgency, View};
use bedside_language::Channel;
use futures_util::FutureExt;
use std::sync::atomic::{AtomicUsize, Ordering};

statements! {
    /// Nobody gets a second link any more.
    ONE_LINK = "CREATE UNIQUE INDEX one_link ON person_links (contact_id)";
}

async fn close(desk: &Desk, ticket: TicketId) {
    end(desk, ticket, &[Status::Resolved, Status::Closed]).await;
}

/// Gives a request these statuses, one after the other.
pub async fn end(desk: &Desk, ticket: TicketId, statuses: &[Status]) {
    let agent = desk.ctx(Role::Nurse);
    for &status in statuses {
        let version = view(desk, ticket).await.ticket.version;
        let patch = Patch {
            status: Some(status),
            ..Patch::default()
        };
        tickets::change(&desk.app, &agent, ticket, version, patch)
            .await
            .unwrap();
    }
}

async fn view(desk: &Desk, ticket: TicketId) -> TicketView {
    tickets::view(&desk.app, &desk.ctx(Role::Nurse), ticket)
        .await
        .unwrap()
}

/// Active requests, as views.
async fn active(desk: &Desk) -> Vec<TicketView> {
    let list = tickets::list(&desk.app, &desk.ctx(Role::Nurse), &View::Active, None, 100).await;
    let mut views = Vec::new();
    for row in list.unwrap().rows {
        views.push(view(desk, row.ticket.id).await);
    }
    views
}

/// The one active request.
async fn only(desk: &Desk) -> TicketView {
    let mut all = active(desk).await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// A request with an open link to it, in this browser.
async fn reading(desk: &Desk) -> (TicketId, String, Browser) {
    let ticket = desk
        .ticket("rosa@patients.test", "Hours", "When are you open?")
        .await;
    let link = link_of(desk, Purpose::Thread, ticket).await;
    let own = desk.visitor();
    open(&own, &link).await.expect(303);
    (ticket, link, own)
}

/// Where the answer to a reply leads: the link, and the page.
async fn follow(browser: &Browser, sent: Answer) -> (String, String) {
    let there = sent.expect(303).header("location").unwrap().to_owned();
    let link = there
        .strip_prefix("/t/")
        .unwrap()
        .split('?')
        .next()
        .unwrap();
    (
        link.to_owned(),
        browser.get(&there).await.expect(200).text(),
    )
}

both_engines! {
    async fn words_for_a_closed_request_open_one_beside_it(desk: Desk) {
        let sink = sink(&desk).await;
        let (old, link, own) = reading(&desk).await;
        close(&desk, old).await;
        // Nobody is acknowledged twice a day.
        desk.clock.advance(25 * 3600);
        jobs::drain(&desk.app).await.unwrap();
        sink.take();
        let phone = desk.app.directory.of(desk.organisation).unwrap().settings.phone.clone();
        let page = own.get(&format!("/t/{link}")).await.expect(200).text();
        assert!(!phone.is_empty() && page.contains(&phone), "whom to call: {page}");
        assert!(page.contains("This request is closed") && page.contains("goes into a new request"), "{page}");

        let file: &[(&str, &str, &str, &[u8])] = &[("files", "card.txt", "text/plain", b"Quokka card")];
        let (fresh, page) = follow(&own, write(&own, &link, "Are you open on Sundays too?", file).await).await;
        let new = only(&desk).await;
        assert_ne!((new.ticket.id, &fresh), (old, &link));
        assert!(page.contains(&format!("It is in a new request: number {}", new.ticket.number)), "{page}");
        assert!(page.contains("Are you open on Sundays too?") && !page.contains("goes into a new request"), "{page}");
        let kept = &new.messages[0].attachments[0];
        assert_eq!(own.get(&format!("/t/{fresh}/files/{}", kept.id)).await.expect(200).body, b"Quokka card");

        let before = view(&desk, old).await;
        assert_eq!((before.ticket.status, before.messages.len()), (Status::Closed, 1));
        assert_eq!((new.links[0].ticket, new.links[0].kind.as_str(), before.links[0].ticket), (old, "related", new.ticket.id));
        assert_eq!((new.ticket.contact, new.ticket.channel.as_str()), (before.ticket.contact, "portal"));
        assert_eq!(new.ticket.status, Status::New);
        assert!(new.ticket.clocks.first_response.is_some() && new.ticket.waiting_since.is_some(), "its clock runs");
        assert_eq!(new.subject, "Are you open on Sundays too?");
        jobs::drain(&desk.app).await.unwrap();
        let mails = sink.take();
        let [mail] = mails.as_slice() else { panic!("{} mails", mails.len()) };
        assert_eq!(mail.to, ["<rosa@patients.test>"]);
        assert!(mail.text().contains(&format!("#{}", new.ticket.number)), "{}", mail.text());

        // Both can be read in this browser and in no other one, and what comes next goes on in the new one.
        assert!(own.get(&format!("/t/{link}")).await.expect(200).text().contains("When are you open?"));
        desk.visitor().get(&format!("/t/{fresh}")).await.expect(403);
        let (same, page) = follow(&own, write(&own, &fresh, "And on holidays?", &[]).await).await;
        assert!(same == fresh && page.contains("Thank you. We have your message.<"), "{page}");
        assert_eq!(only(&desk).await.messages.len(), 2);
        desk.audit_is_whole().await;
    }

    async fn a_request_that_was_closed_while_somebody_wrote_is_no_dead_end(desk: Desk) {
        let (old, link, own) = reading(&desk).await;
        let page = own.get(&format!("/t/{link}?lang=es")).await.expect(200).text();
        close(&desk, old).await;
        let fields = [("csrf_token", hidden(&page, "csrf_token")), ("once", hidden(&page, "once")), ("lang", "es"), ("message", "Gracias")];
        let (fresh, page) = follow(&own, own.post_files(&format!("/t/{link}/reply"), &fields, &[]).await).await;
        assert!(page.contains("<html lang=\"es\"") && page.contains("Está en una solicitud nueva"), "{page}");
        assert_ne!(fresh, link);
        assert_eq!(messages(&desk, old).await.len(), 1);
        // What can't be taken in comes back as on an open request.
        let six: Vec<_> = (0..6).map(|_| ("files", "a.txt", "text/plain", b"x".as_slice())).collect();
        let many = write(&own, &link, "When are you open on Monday?", &six).await.expect(422).text();
        assert!(many.contains("When are you open on Monday?</textarea>") && many.contains("more than 5 files"), "{many}");
        assert_eq!(active(&desk).await.len(), 1);
    }

    async fn words_on_their_way_while_it_is_closed_do_not_open_it_again(desk: Desk) {
        let (old, link, _) = reading(&desk).await;
        let visit = links::visit(&desk.app, &link, Purpose::Thread).await.unwrap();
        let tries = AtomicUsize::new(0);
        let said = links::say(&desk.app, &visit, |_| {
            let is_first = tries.fetch_add(1, Ordering::SeqCst) == 0;
            let desk = &desk;
            async move {
                if is_first {
                    close(desk, old).await;
                }
                Ok(links::Words {
                    channel: Channel::Portal,
                    body: "One more thing".to_owned(),
                    said: None,
                    attachments: Vec::new(),
                    also: None,
                })
            }
            .boxed()
        });
        let opened = said.await.unwrap();
        let before = view(&desk, old).await;
        assert_eq!((before.ticket.status, before.messages.len()), (Status::Closed, 1));
        assert_eq!((opened, tries.into_inner()), (Some(only(&desk).await.ticket.id), 2));
    }

    async fn later_words_behind_the_old_link_go_on_in_what_they_opened(desk: Desk) {
        let (old, link, own) = reading(&desk).await;
        close(&desk, old).await;
        follow(&own, write(&own, &link, "One more thing", &[]).await).await;
        let new = only(&desk).await.ticket;
        // What the staff put beside it is another matter, and somebody else's too.
        for (who, about) in [("rosa@patients.test", "Bill"), ("eve@patients.test", "Card")] {
            let beside = desk.ticket(who, about, "What is this?").await;
            tickets::link(&desk.app, &desk.ctx(Role::Nurse), beside, old).await.unwrap();
        }
        let file: &[(&str, &str, &str, &[u8])] = &[("files", "card.txt", "text/plain", b"Quokka card")];
        let (_, page) = follow(&own, write(&own, &link, "And on Sundays?", file).await).await;
        assert!(page.contains(&format!("number {}.", new.number)) && page.contains("And on Sundays?"), "{page}");
        let all = messages(&desk, new.id).await;
        assert_eq!((all.len(), all[1].attachments.len(), active(&desk).await.len()), (2, 1, 3));
        // Once that is closed too, there is a next one.
        close(&desk, new.id).await;
        follow(&own, write(&own, &link, "Last thing", &[]).await).await;
        assert_eq!((messages(&desk, new.id).await.len(), active(&desk).await.len()), (2, 3));
        desk.audit_is_whole().await;
    }

    async fn what_one_person_writes_in_an_hour_counts_behind_all_their_links(desk: Desk) {
        let (old, link, own) = reading(&desk).await;
        close(&desk, old).await;
        let (fresh, _) = follow(&own, write(&own, &link, "First", &[]).await).await;
        for round in 1..30 {
            write(&own, [&link, &fresh][round % 2], &format!("Round {round}"), &[]).await.expect(303);
        }
        for link in [&link, &fresh] {
            let refused = write(&own, link, "One more", &[]).await.expect(429).text();
            assert!(refused.contains("One more</textarea>"), "{refused}");
        }
        assert_eq!(only(&desk).await.messages.len(), 30);
        follow(&own, write(&own, &link, "I want to kill myself tonight", &[]).await).await;
        assert_eq!(only(&desk).await.ticket.urgency, Urgency::Emergency, "who may be in danger is heard");
    }

    async fn words_that_are_here_are_thanked_for_where_no_link_leads_to_them(desk: Desk) {
        let (old, link, own) = reading(&desk).await;
        close(&desk, old).await;
        let written = desk.app.db.write(|tx| async move { tx.execute(ONE_LINK, args![]).await }.boxed()).await;
        written.unwrap();
        let sent = write(&own, &link, "One more thing", &[]).await.expect(303);
        let there = sent.header("location").unwrap();
        assert_eq!(there, format!("/t/{link}?sent=1&lang=en"));
        let page = own.get(there).await.expect(200).text();
        assert!(page.contains("Thank you. We have your message.<"), "{page}");
        assert_eq!(only(&desk).await.messages[0].body, "One more thing");
    }

    async fn the_same_form_opens_one_request(desk: Desk) {
        let (old, link, own) = reading(&desk).await;
        let page = own.get(&format!("/t/{link}")).await.expect(200).text();
        let form = |words: &'static str| [("csrf_token", hidden(&page, "csrf_token")), ("once", hidden(&page, "once")), ("message", words)];
        let send = async |words| own.post_files(&format!("/t/{link}/reply"), &form(words), &[]).await;
        let first = send("Thank you").await.expect(303);
        close(&desk, old).await;
        // It reached the request while that was open, and does nothing a second time.
        let again = send("Thank you").await.expect(303);
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!((active(&desk).await.len(), messages(&desk, old).await.len()), (0, 2));

        let (one, two) = tokio::join!(send("One more thing"), send("One more thing"));
        for sent in [one, two, send("One more thing").await] {
            let (_, page) = follow(&own, sent).await;
            assert!(page.contains(&format!("number {}.", only(&desk).await.ticket.number)), "{page}");
        }
        // Also when the closed one is open again meanwhile.
        let version = view(&desk, old).await.ticket.version;
        let patch = Patch { status: Some(Status::Open), ..Patch::default() };
        tickets::change(&desk.app, &desk.ctx(Role::Nurse), old, version, patch).await.unwrap();
        let (_, page) = follow(&own, send("One more thing").await).await;
        assert!(page.contains("It is in a new request"), "{page}");
        assert_eq!((active(&desk).await.len(), messages(&desk, old).await.len()), (2, 2));
        desk.audit_is_whole().await;
    }

    async fn a_cry_for_help_on_a_closed_request_is_heard(desk: Desk) {
        let sink = sink(&desk).await;
        let (old, link, own) = reading(&desk).await;
        close(&desk, old).await;
        jobs::drain(&desk.app).await.unwrap();
        sink.take();
        let (_, page) = follow(&own, write(&own, &link, "I want to kill myself tonight", &[]).await).await;
        assert!(page.contains("tel:911") && page.contains("tel:988"), "who may be in danger reads at once whom to call: {page}");
        let new = only(&desk).await;
        assert_eq!((new.ticket.urgency, new.ticket.rank()), (Urgency::Emergency, 0));
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        assert_eq!(clinic.queue(new.ticket.queue).unwrap().purpose, "crisis");
        let nurse = desk.browser(Role::Nurse).await;
        let anywhere = nurse.get("/patients").await.expect(200).text();
        assert!(anywhere.contains("Someone may be in danger"), "{anywhere}");
        assert!(nurse.get("/inbox/crisis").await.expect(200).text().contains(&format!("#{}", new.ticket.number)));
        jobs::drain(&desk.app).await.unwrap();
        let mails = sink.take();
        let [mail] = mails.as_slice() else { panic!("{} mails", mails.len()) };
        assert!(mail.text().contains("988"), "{}", mail.text());
        assert_eq!(view(&desk, old).await.ticket.status, Status::Closed);
    }

    async fn files_without_words_open_a_request_too(desk: Desk) {
        let (old, link, own) = reading(&desk).await;
        close(&desk, old).await;
        follow(&own, write(&own, &link, "", &[("files", "card.txt", "text/plain", b"Quokka card")]).await).await;
        let new = only(&desk).await;
        assert_eq!((new.subject.as_str(), new.messages[0].attachments.len()), ("(No text)", 1));
    }

    async fn after_a_merge_words_go_on_where_their_request_went(desk: Desk) {
        let (gone, link, own) = reading(&desk).await;
        let kept = desk.ticket("rosa@patients.test", "Bill", "What is this charge?").await;
        tickets::merge(&desk.app, &desk.ctx(Role::Agent), gone, kept).await.unwrap();
        let (same, _) = follow(&own, write(&own, &link, "About both", &[]).await).await;
        assert_eq!((same, messages(&desk, kept).await.len()), (link.clone(), 3));
        close(&desk, kept).await;
        follow(&own, write(&own, &link, "One more thing", &[]).await).await;
        assert_eq!(only(&desk).await.links[0].ticket, kept);
    }

    async fn whoever_writes_for_a_patient_asks_in_their_own_name(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let (own, carers, patient) = of_one_patient(&desk).await;
        let carer = contact(&desk, carers).await;
        let link = link_of(&desk, Purpose::Thread, carers).await;
        tickets::merge(&desk.app, &agent, carers, own).await.unwrap();
        answer(&desk, own, "Told to Rosa").await;
        let theirs = desk.visitor();
        open(&theirs, &link).await.expect(303);
        let (fresh, page) = follow(&theirs, write(&theirs, &link, "More bilby drops?", &[]).await).await;
        assert!(page.contains("bilby") && !page.contains("quokka") && !page.contains("Told to Rosa"), "{page}");
        assert_ne!(fresh, link);
        let all = active(&desk).await;
        let new = all.iter().find(|one| one.ticket.id != own).unwrap();
        assert_eq!((new.ticket.contact, new.ticket.patient, new.links[0].ticket), (carer, Some(patient), own));
        assert_eq!(messages(&desk, own).await.len(), 3, "nothing of theirs stands in Rosa's");
    }
}
