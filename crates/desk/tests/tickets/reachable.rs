//! A request is in the hands of nobody who can't see it, whatever moved it or them.

use crate::common::{Desk, Role, both_engines};
use bedside_desk::ids::{QueueId, StaffId, TicketId};
use bedside_desk::orgs::{self, Change};
use bedside_desk::search;
use bedside_desk::staff::{self, Queues};
use bedside_desk::tickets::{self, Calm, CalmReason, Inbound, Patch, Urgency};
use bedside_language::Channel;

fn queue(desk: &Desk, code: &str) -> QueueId {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    clinic
        .queues
        .iter()
        .find(|one| one.code == code)
        .unwrap()
        .id
}

async fn assignee(desk: &Desk, id: TicketId) -> Option<StaffId> {
    let view = tickets::view(&desk.app, &desk.system(), id).await.unwrap();
    view.ticket.assignee
}

async fn change(desk: &Desk, id: TicketId, patch: Patch) {
    let ctx = desk.system();
    let version = tickets::view(&desk.app, &ctx, id)
        .await
        .unwrap()
        .ticket
        .version;
    tickets::change(&desk.app, &ctx, id, version, patch)
        .await
        .unwrap();
}

/// A request in the queue of the bills that somebody who reaches bills and insurance alone has.
async fn in_hands(desk: &Desk, from: &str) -> TicketId {
    let id = desk.ticket(from, "Bill", "My bill?").await;
    let given = Patch {
        queue: Some(queue(desk, "billing")),
        assignee: Some(Some(desk.id_of(Role::Billing))),
        ..Patch::default()
    };
    change(desk, id, given).await;
    assert_eq!(assignee(desk, id).await, Some(desk.id_of(Role::Billing)));
    id
}

async fn narrowed(desk: &Desk, role: Role, queues: Queues) {
    let mut changed = desk.role(role).as_ref().clone();
    changed.queues = queues;
    orgs::change(&desk.app, &desk.system(), Change::PutRole(changed))
        .await
        .unwrap();
    bedside_desk::jobs::drain(&desk.app).await.unwrap();
}

both_engines! {
    async fn danger_takes_a_request_from_whoever_does_not_reach_the_crisis_queue(desk: Desk) {
        let id = in_hands(&desk, "rosa@patient.example").await;
        let contact = tickets::view(&desk.app, &desk.system(), id).await.unwrap().ticket.contact;
        let words = Inbound::new(contact, Channel::Email, "I took all my pills and I want to die.");
        tickets::inbound(&desk.app, &desk.system(), id, words).await.unwrap();
        let ticket = tickets::view(&desk.app, &desk.system(), id).await.unwrap().ticket;
        assert_eq!((ticket.urgency, ticket.queue), (Urgency::Emergency, queue(&desk, "crisis")));
        assert_eq!(ticket.assignee, None);
        // Whoever reaches it keeps it on its way back, and loses it when the way leads elsewhere.
        change(&desk, id, Patch { assignee: Some(Some(desk.id_of(Role::Nurse))), ..Patch::default() }).await;
        let calm = Calm { reason: CalmReason::Past, words: None, urgency: Urgency::Standard };
        let version = tickets::view(&desk.app, &desk.system(), id).await.unwrap().ticket.version;
        tickets::not_a_crisis(&desk.app, &desk.ctx(Role::Nurse), id, Some(version), calm).await.unwrap();
        assert_eq!(assignee(&desk, id).await, Some(desk.id_of(Role::Nurse)));
    }

    async fn a_merge_leaves_a_request_with_nobody_who_does_not_reach_it(desk: Desk) {
        let gone = in_hands(&desk, "rosa@patient.example").await;
        let kept = desk.ticket("rosa@patient.example", "Records", "My records?").await;
        change(&desk, kept, Patch { queue: Some(queue(&desk, "records")), ..Patch::default() }).await;
        tickets::merge(&desk.app, &desk.system(), gone, kept).await.unwrap();
        assert_eq!(assignee(&desk, kept).await, None);
    }

    async fn a_role_that_reaches_less_gives_back_what_it_had(desk: Desk) {
        let id = in_hands(&desk, "rosa@patient.example").await;
        let other = desk.ticket("leo@patient.example", "Cover", "Am I covered?").await;
        let given = Patch {
            queue: Some(queue(&desk, "insurance")),
            assignee: Some(Some(desk.id_of(Role::Billing))),
            ..Patch::default()
        };
        change(&desk, other, given).await;
        narrowed(&desk, Role::Billing, Queues::Only([queue(&desk, "insurance")].into())).await;
        assert_eq!(assignee(&desk, id).await, None);
        assert_eq!(assignee(&desk, other).await, Some(desk.id_of(Role::Billing)));
    }

    async fn whoever_leaves_or_is_given_another_role_gives_back_what_they_had(desk: Desk) {
        let (app, admin) = (&desk.app, desk.ctx(Role::Administrator));
        let first = in_hands(&desk, "rosa@patient.example").await;
        let billing = desk.id_of(Role::Billing);
        let known = staff::list(app, &desk.system()).await.unwrap();
        let version = known.iter().find(|one| one.id == billing).unwrap().version;
        staff::change_role(app, &admin, billing, version, "partner").await.unwrap();
        bedside_desk::jobs::drain(app).await.unwrap();
        assert_eq!(assignee(&desk, first).await, None);
        let nurse = desk.id_of(Role::Nurse);
        change(&desk, first, Patch { assignee: Some(Some(nurse)), ..Patch::default() }).await;
        staff::disable(app, &admin, nurse).await.unwrap();
        bedside_desk::jobs::drain(app).await.unwrap();
        assert_eq!(assignee(&desk, first).await, None);
    }

    async fn a_search_by_filters_reaches_over_any_number_of_requests_of_others(desk: Desk) {
        let (app, partner) = (&desk.app, desk.ctx(Role::Partner));
        let own = desk.ticket("rosa@patient.example", "Hours", "When are you open?").await;
        // One page of a list looks through twenty stretches of 51.
        for _ in 0..1_030 {
            desk.ticket("many@patient.example", "Bill", "My bill?").await;
        }
        let front = queue(&desk, "front_desk");
        change(&desk, own, Patch { queue: Some(front), urgency: Some(Urgency::Low), ..Patch::default() }).await;
        let mut next = None;
        let mut found = Vec::new();
        for _ in 0..8 {
            let page = search::find(app, &partner, "status:new", next, 25).await.unwrap();
            found.extend(page.rows.iter().map(|hit| hit.row.ticket.id));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!((found, next.is_none()), (vec![own], true));
    }

    async fn links_name_no_request_of_another_queue(desk: Desk) {
        let (app, setup) = (&desk.app, desk.system());
        let bill = in_hands(&desk, "rosa@patient.example").await;
        let records = desk.ticket("rosa@patient.example", "Records", "My records?").await;
        change(&desk, records, Patch { queue: Some(queue(&desk, "records")), ..Patch::default() }).await;
        tickets::link(app, &setup, bill, records).await.unwrap();
        for (role, links) in [(Role::Billing, 0), (Role::Agent, 1)] {
            let seen = tickets::view(app, &desk.ctx(role), bill).await.unwrap();
            assert_eq!(seen.links.len(), links, "{role:?}");
        }
    }
}
