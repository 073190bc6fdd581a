//! Requests are listed and found.

use super::found;
use crate::common::Role;
use crate::common::{Desk, both_engines};
use bedside_desk::error::DeskError;
use bedside_desk::ids::TicketId;
use bedside_desk::tickets::{Inbound, Patch, Status, View};
use bedside_desk::{patients, search, tickets};

/// What every page of a search tells, in order.
async fn paged(desk: &Desk, text: &str, limit: usize) -> Vec<TicketId> {
    let agent = desk.ctx(Role::Agent);
    let (mut ids, mut place) = (Vec::new(), None);
    loop {
        let page = search::find(&desk.app, &agent, text, place, limit)
            .await
            .unwrap();
        assert!(page.rows.len() <= limit);
        ids.extend(page.rows.iter().map(|hit| hit.row.ticket.id));
        place = page.next;
        if place.is_none() {
            return ids;
        }
    }
}

both_engines! {
    async fn filters_alone_find_what_has_ended_too(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let mut all = Vec::new();
        for number in 0..5 {
            let from = format!("filters{number}@example.org");
            let id = desk.ticket(&from, "A bill", "What is this charge on my bill?").await;
            if number % 2 == 0 {
                let done = Patch { status: Some(Status::Resolved), ..Patch::default() };
                tickets::change(&desk.app, &agent, id, 1, done).await.unwrap();
            }
            all.push(id);
        }
        let (ended, active) = ([all[0], all[2], all[4]], [all[1], all[3]]);
        for limit in [1, 2, 3, 50] {
            let told = paged(&desk, "category:billing", limit).await;
            assert_eq!((told.len(), &told[..2]), (5, &active[..]), "what is still to be done comes first");
            let mut rest = told[2..].to_vec();
            rest.sort_unstable();
            assert_eq!(rest, ended);
            assert_eq!(paged(&desk, "category:billing status:new", limit).await, active);
            assert_eq!(paged(&desk, "category:billing status:resolved", limit).await.len(), 3);
        }
    }

    async fn an_index_of_another_database_is_built_anew(desk: Desk) {
        let organisation = desk.organisation;
        let id = desk.ticket("index@example.org", "Walrus", "The first words").await;
        // What a restored backup finds: an index that has seen more than there is.
        desk.app.search.apply(organisation.uuid(), Vec::new(), 1_000).await.unwrap();
        assert!(search::lag(&desk.app, organisation).await.unwrap() > 0);
        search::catch_up(&desk.app, organisation).await.unwrap();
        assert_eq!(found(&desk, "walrus ").await, [id]);
        assert_eq!(search::lag(&desk.app, organisation).await.unwrap(), 0);
    }

    async fn the_index_stays_right_after_edits_merges_splits_and_erasure(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let organisation = agent.organisation;
        let first = desk.ticket("index@example.org", "Walrus", "The first words").await;
        let second = desk.ticket("index@example.org", "Narwhal", "The second words").await;
        let note = tickets::note(&desk.app, &agent, first, "About the pelican".to_owned(), Vec::new()).await.unwrap().id;
        // Moved before the index has seen it.
        let third = tickets::split(&desk.app, &agent, first, vec![note], "Albatross".to_owned()).await.unwrap();
        search::catch_up(&desk.app, organisation).await.unwrap();
        assert_eq!(found(&desk, "pelican ").await, [third]);
        assert_eq!(found(&desk, "albatross ").await, [third]);
        assert_eq!(found(&desk, "walrus ").await, [first]);
        // A new subject takes the place of the old one.
        let version = tickets::view(&desk.app, &agent, first).await.unwrap().ticket.version;
        let subject = Patch { subject: Some("Seal".to_owned()), ..Patch::default() };
        tickets::change(&desk.app, &agent, first, version, subject).await.unwrap();
        search::catch_up(&desk.app, organisation).await.unwrap();
        assert_eq!((found(&desk, "walrus ").await, found(&desk, "seal ").await), (vec![], vec![first]));
        // After a merge the older message stands for the subject of the ticket that stays, and the other's subject is gone.
        tickets::merge(&desk.app, &agent, first, second).await.unwrap();
        search::catch_up(&desk.app, organisation).await.unwrap();
        assert_eq!((found(&desk, "seal ").await, found(&desk, "narwhal ").await), (vec![], vec![second]));
        assert_eq!(found(&desk, "first words ").await, [second]);
        // A tag of two words is searched for between quotation marks.
        let version = tickets::view(&desk.app, &agent, second).await.unwrap().ticket.version;
        let tag = Patch { add_tags: vec!["Billing Dispute".to_owned()], ..Patch::default() };
        tickets::change(&desk.app, &agent, second, version, tag).await.unwrap();
        assert_eq!(found(&desk, "tag:\"billing dispute\"").await, [second]);
        assert_eq!(found(&desk, "first tag:\"billing dispute\"").await, [second]);
        assert_eq!(found(&desk, "tag:billing").await, []);
    }

    async fn lists_go_on_where_they_ended(desk: Desk) {
        let mut expected: Vec<TicketId> = Vec::new();
        for number in 0..23 {
            expected.push(desk.ticket(&format!("p{number}@example.org"), "Hours", "When do you open?").await);
        }
        let agent = desk.ctx(Role::Agent);
        let (mut at, mut seen) = (None, Vec::new());
        loop {
            let page = tickets::list(&desk.app, &agent, &View::Active, at, 5).await.unwrap();
            seen.extend(page.rows.iter().map(|row| row.ticket.id));
            at = page.next;
            if at.is_none() {
                break;
            }
        }
        seen.sort_unstable();
        expected.sort_unstable();
        assert_eq!(seen, expected);
    }

    async fn a_name_finds_every_request_of_its_owner_newest_first(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let mut rosas = Vec::new();
        for number in 0..70 {
            let (name, address) = match number % 7 {
                0 => ("Rosa Alvarez", "rosa@patients.test"),
                // The name in the words is nobody's name.
                1 => ("Ben Example", "ben@patients.test"),
                _ => ("Cleo Example", "cleo@patients.test"),
            };
            let requester = patients::requester_by_email(&desk.app, desk.organisation, address, Some(name), None).await.unwrap();
            let new = tickets::NewTicket::new(requester, bedside_language::Channel::Email, "Hours", "Like Rosa Alvarez I ask: when are you open?");
            let id = tickets::create(&desk.app, &desk.system(), new).await.unwrap().id;
            if number % 7 == 0 {
                rosas.insert(0, id);
            }
            if number % 2 == 0 {
                let patch = Patch { status: Some(Status::Resolved), ..Patch::default() };
                tickets::change(&desk.app, &agent, id, 1, patch).await.unwrap();
            }
        }
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let all = async |text: &str| paged(&desk, text, 4).await;
        for text in ["from:rosa", "from:\"rosa alvarez\"", "from:alvar", "from:ROSA"] {
            assert_eq!(all(text).await, rosas, "{text}");
        }
        let resolved = all("from:rosa status:resolved").await;
        assert_eq!(resolved, rosas.iter().rev().step_by(2).rev().copied().collect::<Vec<_>>());
        assert_eq!(all("from:nobody").await, []);

        let contact = tickets::view(&desk.app, &agent, rosas[0]).await.unwrap().contact;
        let patch = patients::ContactPatch { name: Some(Some("Rosalind Numbat".to_owned())), ..patients::ContactPatch::default() };
        patients::change_contact(&desk.app, &agent, contact.id, contact.version, patch).await.unwrap();
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        assert_eq!(all("from:numbat").await, rosas);
        assert_eq!(all("from:alvarez").await, []);
    }

    async fn the_best_match_comes_first_and_paging_tells_every_request_once(desk: Desk) {
        let mut by_places = std::collections::BTreeMap::new();
        for places in [3, 5, 1, 4, 2] {
            let words = "walrus ".repeat(places) + &"pebble ".repeat(6 - places);
            by_places.insert(places, desk.ticket("order@example.org", "A question", &words).await);
        }
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let best_first: Vec<_> = by_places.values().rev().copied().collect();
        let agent = desk.ctx(Role::Agent);
        let results = search::find(&desk.app, &agent, "walrus", None, 25).await.unwrap();
        let told: Vec<_> = results.rows.iter().map(|hit| hit.row.ticket.id).collect();
        assert_eq!(told, best_first, "the oldest but one has the most places");
        let client = desk.client("tickets:read").await;
        let (mut told, mut asked) = (Vec::<TicketId>::new(), serde_json::json!({ "q": "walrus", "limit": 1 }));
        loop {
            let page = client.post("/api/v1/search", &asked).await.expect(200).json();
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 1 && told.len() <= best_first.len(), "{page}");
            told.extend(items.iter().map(|hit| hit["ticket"]["id"].as_str().unwrap().parse::<TicketId>().unwrap()));
            match page["next"].as_str() {
                Some(next) => asked["cursor"] = next.into(),
                None => break,
            }
        }
        assert_eq!(told, best_first);
    }

    /// Requests whose matching words are spread over many pages, and one that is written to while somebody turns them.
    async fn a_request_of_many_messages_is_found_once(desk: Desk) {
        let mut requests = Vec::new();
        for number in 0..13 {
            requests.push(desk.ticket(&format!("p{number}@example.org"), "Walrus", "walrus").await);
        }
        let system = desk.system();
        let writes = async |id: TicketId| {
            let contact = tickets::view(&desk.app, &system, id).await.unwrap().ticket.contact;
            let words = Inbound::new(contact, bedside_language::Channel::Email, "And the walrus?");
            tickets::inbound(&desk.app, &system, id, words).await.unwrap();
        };
        // 13 requests of 1 to 40 messages, woven into each other: 260 documents and more, several windows and looks.
        for round in 0..40 {
            for (number, id) in requests.iter().enumerate() {
                if round % (number + 1) == 0 {
                    writes(*id).await;
                }
            }
        }
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let mut all = requests.clone();
        all.sort_unstable();
        for limit in [1, 2, 3, 5, 50] {
            let mut told = paged(&desk, "walrus", limit).await;
            told.sort_unstable();
            assert_eq!(told, all, "{limit} a page");
        }
        let agent = desk.ctx(Role::Agent);
        let first = search::find(&desk.app, &agent, "walrus", None, 2).await.unwrap();
        let untold = *requests.iter().find(|id| first.rows.iter().all(|hit| hit.row.ticket.id != **id)).unwrap();
        writes(untold).await;
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let (mut told, mut place) = (first.rows, first.next);
        while let Some(at) = place {
            let page = search::find(&desk.app, &agent, "walrus", Some(at), 2).await.unwrap();
            told.extend(page.rows);
            place = page.next;
        }
        let mut ids: Vec<_> = told.iter().map(|hit| hit.row.ticket.id).collect();
        ids.sort_unstable();
        assert_eq!(ids, all, "new words hide nobody from the pages that follow");
    }

    async fn search_finds_words_beginnings_and_filters(desk: Desk) {
        let id = desk.ticket("zora@example.org", "Prescripción", "Necesito mi receta de Zyrtecol, por favor.").await;
        let other = desk.ticket("abe@example.org", "Invoice", "The invoice for the allergy shots is wrong.").await;
        let agent = desk.ctx(Role::Agent);
        tickets::note(&desk.app, &agent, other, "Zyrtecol was never given".to_owned(), Vec::new()).await.unwrap();
        search::catch_up(&desk.app, agent.organisation).await.unwrap();
        assert_eq!(search::lag(&desk.app, agent.organisation).await.unwrap(), 0);
        assert_eq!(found(&desk, "zyrtecol").await, [id, other]);
        assert_eq!(found(&desk, "zyrte").await, [id, other], "the beginning of the last word");
        assert_eq!(found(&desk, "invoices ").await, [other], "another form of the word");
        assert_eq!(found(&desk, "PRESCRIPCION").await, [id], "without its accent, from the subject");
        assert_eq!(found(&desk, "recetas ").await, [id], "a Spanish plural");
        assert_eq!(found(&desk, "zyrtecol from:abe@example.org").await, [other]);
        assert_eq!(found(&desk, "zyrtecol status:resolved").await, []);
        assert_eq!(found(&desk, "status:new").await, [id, other]);
        assert_eq!(found(&desk, "zyrtecol elephants").await, []);
        assert_eq!(found(&desk, "abe@example.org").await, [other], "an address by itself");
        let number = tickets::view(&desk.app, &agent, id).await.unwrap().ticket.number;
        for typed in [format!("{number}"), format!("#{number}"), format!(" {number} ")] {
            let page = search::find(&desk.app, &agent, &typed, None, 25).await.unwrap();
            assert_eq!(page.rows.first().map(|hit| hit.row.ticket.id), Some(id), "{typed}");
            assert_eq!(page.rows.iter().filter(|hit| hit.row.ticket.id == id).count(), 1);
        }
        assert_eq!(found(&desk, "#99999999").await, []);
        let results = search::find(&desk.app, &agent, "zyrtecol", None, 25).await.unwrap();
        let hit = results.rows.iter().find(|hit| hit.row.ticket.id == id).unwrap();
        assert_eq!(&hit.snippet[hit.ranges[0].clone()], "Zyrtecol");
        assert!(search::find(&desk.app, &agent, "colour:red", None, 25).await.is_err());
        let officer = desk.ctx(Role::Compliance);
        let refused = search::find(&desk.app, &officer, "zyrtecol", None, 25).await;
        assert!(matches!(refused, Err(DeskError::Forbidden)));
    }
}
