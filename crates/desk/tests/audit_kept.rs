//! Looking things up in the audit log, keeping what is looked for, and taking it along.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_desk::audit_log;
use bedside_desk::error::DeskError;
use bedside_desk::ids::AuditFilterId;
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::filters::{self, Fields, Kept, MOST};
use bedside_desk::{staff, tickets};
use common::{Answer, Desk, Role, both_engines};

fn fields(all: &[(&str, &str)]) -> Fields {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    all.iter().map(pair).collect()
}

fn location(answer: &Answer) -> String {
    answer.header("location").unwrap().to_owned()
}

async fn kept_by(desk: &Desk, role: Role) -> Vec<Kept> {
    filters::list(&desk.app, &desk.ctx(role)).await.unwrap()
}

async fn keep(desk: &Desk, role: Role, name: &str, all: &[(&str, &str)]) -> AuditFilterId {
    filters::keep(&desk.app, &desk.ctx(role), name, &fields(all), false)
        .await
        .unwrap()
}

both_engines! {
    async fn a_search_is_kept_shared_renamed_and_removed(desk: Desk) {
        let (admin, officer) = (desk.browser(Role::Administrator).await, desk.browser(Role::Compliance).await);
        let typed = [("name", " Refused zebrafinch "), ("outcome", "denied"), ("last", "7"), ("actor", "")];
        let done = admin.submit("/audit?outcome=denied&last=7", "/audit/kept", &typed).await.expect(303);
        let own = kept_by(&desk, Role::Administrator).await;
        assert_eq!((own.len(), own[0].name.as_str(), own[0].shared), (1, "Refused zebrafinch", false));
        assert_eq!(own[0].fields, fields(&[("outcome", "denied"), ("last", "7")]));
        // Its address holds its id and nothing of what is looked for.
        let (id, way) = (own[0].id, location(&done));
        assert_eq!(way, format!("/audit?saved={id}"));
        let page = admin.get(&way).await.expect(200).text();
        assert!(page.contains("Refused zebrafinch") && page.contains("value=\"denied\" selected") && page.contains("value=\"7\" selected"), "{page}");
        assert!(page.contains(&format!("/audit/csv?saved={id}")), "{page}");
        // Nobody else sees it, by list or by number.
        assert!(!officer.get("/audit").await.text().contains("zebrafinch"));
        officer.get(&way).await.expect(404);
        officer.submit("/audit", &format!("/audit/kept/{id}"), &[("name", "x"), ("version", "1")]).await.expect(404);
        officer.submit("/audit", &format!("/audit/kept/{id}/remove"), &[]).await.expect(404);
        // Shared, everybody who reads the log opens it, and only its keeper changes it.
        let one = format!("/audit/kept/{id}");
        admin.submit(&way, &one, &[("name", "Refused"), ("shared", "on"), ("version", "1")]).await.expect(303);
        let seen = officer.get("/audit").await.expect(200).text();
        assert!(seen.contains("Refused") && seen.contains("shared by"), "{seen}");
        let opened = officer.get(&way).await.expect(200).text();
        assert!(!opened.contains("Rename, share or remove"), "{opened}");
        officer.submit("/audit", &one, &[("name", "x"), ("version", "2")]).await.expect(403);
        officer.submit("/audit", &format!("{one}/remove"), &[]).await.expect(403);
        // Changed in another window meanwhile.
        let late = admin.submit(&way, &one, &[("name", "Late"), ("version", "1")]).await.expect(409).text();
        assert!(late.contains("changed meanwhile") && late.contains("value=\"Late\""), "{late}");
        for name in ["", "  ", "two\nlines", &"x".repeat(101)] {
            admin.submit(&way, &one, &[("name", name), ("version", "2")]).await.expect(422);
            admin.submit("/audit", "/audit/kept", &[("name", name)]).await.expect(422);
        }
        admin.submit(&way, &format!("{one}/remove"), &[]).await.expect(303);
        assert!(kept_by(&desk, Role::Administrator).await.is_empty());
        admin.get(&way).await.expect(404);
        // The log tells of each step, and of no word in it.
        let log = audit_log::list(&desk.app, &desk.system(), None, 200).await.unwrap();
        for action in ["audit.keep", "audit.share", "audit.forget", "audit.filters"] {
            assert!(log.iter().any(|entry| entry.action == action), "{action}");
        }
        assert!(log.iter().all(|entry| !entry.detail.contains("zebrafinch") && !entry.object_id.contains("zebrafinch")));
        desk.audit_is_whole().await;
    }

    async fn searches_have_limits_and_are_for_who_reads_the_log(desk: Desk) {
        let ctx = desk.ctx(Role::Compliance);
        for number in 0..MOST {
            keep(&desk, Role::Compliance, &format!("Search {number}"), &[("outcome", "denied")]).await;
        }
        let officer = desk.browser(Role::Compliance).await;
        let full = officer.submit("/audit", "/audit/kept", &[("name", "One more"), ("outcome", "denied")]).await.expect(409).text();
        assert!(full.contains("20 searches") && full.contains("value=\"One more\""), "{full}");
        // Somebody else's count is their own.
        keep(&desk, Role::Administrator, "Mine", &[]).await;
        let long = fields(&[("object", &"x".repeat(101))]);
        let refused = filters::keep(&desk.app, &ctx, "Long", &long, false).await;
        assert!(matches!(refused, Err(DeskError::Invalid { code: "too_long", .. })));
        for role in [Role::Agent, Role::Nurse, Role::Supervisor] {
            let refused = filters::keep(&desk.app, &desk.ctx(role), "No", &Fields::new(), true).await;
            assert!(matches!(refused, Err(DeskError::Forbidden)), "{role:?}");
            assert!(matches!(filters::list(&desk.app, &desk.ctx(role)).await, Err(DeskError::Forbidden)));
            desk.browser(role).await.get("/audit/csv").await.expect(403);
        }
        // A shared one whose keeper is gone is removed by whoever looks after the staff.
        let id = filters::keep(&desk.app, &desk.ctx(Role::Administrator), "Left", &Fields::new(), true).await.unwrap();
        let person = desk.id_of(Role::Supervisor);
        staff::change_role(&desk.app, &desk.system(), person, 1, "administrator").await.unwrap();
        assert!(matches!(filters::remove(&desk.app, &ctx, id).await, Err(DeskError::Forbidden)));
        staff::disable(&desk.app, &desk.system(), desk.id_of(Role::Administrator)).await.unwrap();
        let page = desk.browser(Role::Supervisor).await;
        assert!(page.get(&format!("/audit?saved={id}")).await.expect(200).text().contains("Remove this search"));
        page.submit("/audit", &format!("/audit/kept/{id}/remove"), &[]).await.expect(303);
        page.get(&format!("/audit?saved={id}")).await.expect(404);
    }

    async fn a_search_that_names_what_is_gone_opens_and_says_so(desk: Desk) {
        let agent = desk.id_of(Role::Agent).to_string();
        let nobody = "01890000-0000-7000-8000-000000000000";
        let all = [
            (vec![("actor", agent.as_str())], "not let in any more"),
            (vec![("actor", nobody)], "not let in any more"),
            (vec![("patient", nobody)], "no such patient any more"),
            (vec![("ticket", "99999")], "no request with this number"),
            (vec![("action", "ticket.levitate")], "called that in the log any more"),
            (vec![("mood", "calm"), ("outcome", "denied")], "not there any more"),
            (vec![("outcome", "perhaps")], "not there any more"),
            (vec![("from", "yesterday")], "could not be read"),
        ];
        let mut ways = Vec::new();
        for (asked, words) in &all {
            ways.push((keep(&desk, Role::Administrator, "Old", asked).await, *words));
        }
        staff::disable(&desk.app, &desk.system(), desk.id_of(Role::Agent)).await.unwrap();
        let admin = desk.browser(Role::Administrator).await;
        for (id, words) in ways {
            let page = admin.get(&format!("/audit?saved={id}")).await.expect(200).text();
            assert!(page.contains(words), "{words}: {page}");
        }
        let healthy = keep(&desk, Role::Administrator, "Fine", &[("outcome", "ok")]).await;
        let page = admin.get(&format!("/audit?saved={healthy}")).await.expect(200).text();
        assert!(!page.contains("any more") && !page.contains("could not be read"), "{page}");
    }

    async fn the_log_is_searched_by_whom_request_way_in_and_days(desk: Desk) {
        let new = NewPatient { name: "Rosa Alvarez".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let points = vec![(PointKind::Email, "rosa@patient.example".to_owned())];
        let rosa = patients::create_patient(&desk.app, &desk.system(), new, points).await.unwrap();
        let hers = desk.ticket("rosa@patient.example", "Refill", "Please.").await;
        let other = desk.ticket("luis@patient.example", "Bill", "Why?").await;
        let nurse = desk.ctx(Role::Nurse);
        let number = tickets::view(&desk.app, &nurse, hers).await.unwrap().ticket.number;
        tickets::view(&desk.app, &nurse, other).await.unwrap();
        let rows = async |query: &str| {
            let page = desk.browser(Role::Compliance).await.get(&format!("/audit?{query}")).await.expect(200).text();
            page.matches("title=\"ticket.read\"").count()
        };
        assert_eq!(rows("action=ticket.read").await, 2);
        assert_eq!(rows(&format!("action=ticket.read&ticket={number}")).await, 1);
        assert_eq!(rows(&format!("action=ticket.read&ticket=%23{number}")).await, 1);
        // What was done to a request of hers is found by her; what was done to somebody else's is not.
        assert_eq!(rows(&format!("action=ticket.read&patient={rosa}")).await, 1);
        assert_eq!(rows(&format!("action=ticket.read&patient={rosa}&object={other}")).await, 0);
        assert_eq!(rows("action=ticket.read&source=page").await, 2);
        assert_eq!(rows("action=ticket.read&source=mail").await, 0);
        assert_eq!(rows("action=ticket.read&last=1").await, 2);
        assert_eq!(rows(&format!("action=ticket.read&actor={}", desk.id_of(Role::Agent))).await, 0);
        desk.clock.advance(2 * 24 * 3600);
        assert_eq!(rows("action=ticket.read&last=1").await, 0);
        assert_eq!(rows("action=ticket.read&last=7").await, 2);
        // From where her looks are told, the log is a step away.
        let page = desk.browser(Role::Compliance).await.get(&format!("/privacy/seen/{rosa}")).await.expect(200).text();
        assert!(page.contains(&format!("/audit?patient={rosa}")), "{page}");
    }

    async fn what_was_found_is_taken_along_with_a_fresh_proof(desk: Desk) {
        desk.ticket("rosa@patient.example", "Refill", "Please.").await;
        desk.browser(Role::Agent).await.get("/audit").await.expect(403);
        let officer = desk.browser(Role::Compliance).await;
        let file = officer.get("/audit/csv?outcome=denied").await.expect(200);
        assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"audit-log.csv\""));
        let text = file.text();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].starts_with("\"at\",\"who\"") && lines[1].contains("http.request") && lines[1].contains("denied"), "{text}");
        let id = keep(&desk, Role::Compliance, "Refused", &[("outcome", "denied")]).await;
        let kept = officer.get(&format!("/audit/csv?saved={id}")).await.expect(200).text();
        assert_eq!(kept.lines().count(), 2, "{kept}");
        let log = audit_log::list(&desk.app, &desk.system(), None, 20).await.unwrap();
        assert!(log.iter().any(|entry| entry.action == "audit.export" && entry.detail.contains("\"count\":1")));
        // Whoever confirms comes back to what they had looked for.
        desk.clock.advance(11 * 60);
        let asked = officer.request(axum::http::Method::GET, "/audit/csv?outcome=denied", &[("accept", "text/html")], axum::body::Body::empty()).await.expect(303);
        assert_eq!(location(&asked), "/account/confirm?next=/audit%3Foutcome%3Ddenied");
    }
}
