//! Unusual looks: found once a day by plain rules, with figures and without names, and signed off by somebody else.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_desk::audit_log;
use bedside_desk::context::Permissions;
use bedside_desk::error::DeskError;
use bedside_desk::ids::PatientId;
use bedside_desk::orgs::{self, Change};
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::Verdict;
use bedside_desk::privacy::watch::{self, Finding, Rule, Who};
use bedside_desk::records::{Label, Labels};
use bedside_desk::staff::{self, NewToken, Queues};
use bedside_desk::tickets;
use common::{Client, Desk, Role, both_engines};

const DAY: i64 = 24 * 3600;

async fn patient(desk: &Desk, name: &str, email: &str) -> PatientId {
    let new = NewPatient {
        name: name.to_owned(),
        birth_date: None,
        mrn: None,
        locale: None,
        secure_link: false,
    };
    let points = vec![(PointKind::Email, email.to_owned())];
    patients::create_patient(&desk.app, &desk.system(), new, points)
        .await
        .unwrap()
}

async fn waiting(desk: &Desk) -> Vec<Finding> {
    watch::findings(&desk.app, &desk.ctx(Role::Compliance), true)
        .await
        .unwrap()
}

async fn found(desk: &Desk) -> Vec<(Role, Rule)> {
    watch::look_now(&desk.app, &desk.ctx(Role::Compliance))
        .await
        .unwrap();
    let role = |one: &Finding| {
        let role = Role::ALL
            .iter()
            .find(|role| Who::Person(desk.id_of(**role)) == one.who);
        (*role.unwrap(), one.rule.unwrap())
    };
    let mut found: Vec<_> = waiting(desk).await.iter().map(role).collect();
    found.sort_by_key(|(role, rule)| (*role as u8, rule.code()));
    found
}

fn rules(desk: &Desk, change: impl FnOnce(&mut orgs::Watch)) -> Change {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    let mut settings = clinic.settings.clone();
    change(&mut settings.privacy.watch);
    Change::General {
        name: clinic.name.clone(),
        time_zone: clinic.time_zone.iana_name().unwrap().to_owned(),
        locale: clinic.locale,
        settings: Box::new(settings),
        version: clinic.version,
    }
}

both_engines! {
    async fn each_rule_finds_its_own_and_says_it_once(desk: Desk) {
        let usual = desk.ticket("rosa@patient.example", "Refill", "Please.").await;
        tickets::view(&desk.app, &desk.ctx(Role::Agent), usual).await.unwrap();
        assert_eq!(found(&desk).await, []);
        let named = patient(&desk, "Nicola Nurse", "nicola@patient.example").await;
        let request = desk.ticket("nicola@patient.example", "Hello", "How are you?").await;
        tickets::view(&desk.app, &desk.ctx(Role::Nurse), request).await.unwrap();
        let own = patient(&desk, "Ana Agent", "agent@clinic.example").await;
        desk.ticket("agent@clinic.example", "Mine", "My own.").await;
        patients::patient(&desk.app, &desk.ctx(Role::Agent), own).await.unwrap();
        let quiet = patient(&desk, "Quiet Person", "quiet@patient.example").await;
        patients::patient(&desk.app, &desk.ctx(Role::Agent), quiet).await.unwrap();
        let kept = patient(&desk, "Vera Vip", "vera@patient.example").await;
        desk.ticket("vera@patient.example", "Hello", "Hello.").await;
        patients::label_patient(&desk.app, &desk.system(), kept, 1, Labels::NONE.with(Label::Vip)).await.unwrap();
        patients::patient(&desk.app, &desk.ctx(Role::Supervisor), kept).await.unwrap();
        // What was refused was not seen.
        assert!(patients::patient(&desk.app, &desk.ctx(Role::Agent), kept).await.is_err());
        let expected = [
            (Role::Agent, Rule::NoRequest), (Role::Agent, Rule::Own),
            (Role::Nurse, Rule::SameName), (Role::Supervisor, Rule::Label),
        ];
        assert_eq!(found(&desk).await, expected);
        assert_eq!(found(&desk).await, expected, "looked through twice, found once");
        let page = desk.browser(Role::Compliance).await.get("/privacy/watch").await.expect(200).text();
        assert!(page.contains("Nicola Nurse") && page.contains("Same family name") && page.contains("Vera Vip"), "{page}");
        let log = audit_log::list(&desk.app, &desk.system(), None, 50).await.unwrap();
        let kept: Vec<_> = log.iter().filter(|entry| entry.action.starts_with("watch.")).collect();
        assert!(kept.iter().any(|entry| entry.action == "watch.keep" && entry.detail.contains("\"count\":4")));
        assert!(kept.iter().all(|entry| !entry.detail.contains("Nurse")));
        let _ = named;
        desk.browser(Role::Supervisor).await.get("/privacy/watch").await.expect(403);
        desk.audit_is_whole().await;
    }

    async fn far_more_patients_than_usual_and_looks_at_night_are_found(desk: Desk) {
        orgs::change(&desk.app, &desk.system(), rules(&desk, |watch| (watch.least, watch.after_hours) = (6, false))).await.unwrap();
        let mut requests = Vec::new();
        for number in 0..9 {
            let address = format!("p{number}@patient.example");
            patient(&desk, &format!("Pat Number{number}"), &address).await;
            requests.push(desk.ticket(&address, "Hello", "Hello.").await);
        }
        let look = async |role: Role, count: usize| {
            for request in requests.iter().take(count) {
                tickets::view(&desk.app, &desk.ctx(role), *request).await.unwrap();
            }
        };
        // A week in which the nurse looks at two patients a day, and the agent at eight.
        for _ in 0..7 {
            look(Role::Nurse, 2).await;
            look(Role::Agent, 8).await;
            desk.clock.advance(DAY);
            watch::daily(&desk.app).await.unwrap();
        }
        let many = async || {
            let found = waiting(&desk).await.into_iter().filter(|one| one.rule == Some(Rule::Many));
            found.map(|one| (one.who, one.day, one.figures)).collect::<Vec<_>>()
        };
        // Before there is a usual, the number alone decides.
        let first = many().await;
        assert!(!first.is_empty() && first.iter().all(|(who, _, _)| *who == Who::Person(desk.id_of(Role::Agent))), "{first:?}");
        look(Role::Nurse, 9).await;
        look(Role::Agent, 9).await;
        desk.clock.advance(DAY);
        watch::daily(&desk.app).await.unwrap();
        let later = many().await;
        assert_eq!(later.len(), first.len() + 1, "{later:?}");
        let (who, _, figures) = later.last().unwrap();
        assert_eq!(*who, Who::Person(desk.id_of(Role::Nurse)));
        let figures: Vec<_> = figures.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        // 2 + 4 × 1.4826 × 1 = 7.93.
        assert_eq!(figures, [("own", 8), ("patients", 9), ("role", 8)]);
        desk.clock.advance(12 * 3600);
        let on = rules(&desk, |watch| watch.after_hours = true);
        orgs::change(&desk.app, &desk.system(), on).await.unwrap();
        look(Role::Nurse, 3).await;
        // A rule that is off finds nothing, and one that is on finds it whenever it is looked for.
        assert!(found(&desk).await.contains(&(Role::Nurse, Rule::AfterHours)));
        orgs::change(&desk.app, &desk.system(), rules(&desk, |watch| watch.after_hours = false)).await.unwrap();
        look(Role::Agent, 3).await;
        assert!(!found(&desk).await.contains(&(Role::Agent, Rule::AfterHours)));
    }

    async fn a_key_of_another_system_is_watched_as_well(desk: Desk) {
        orgs::change(&desk.app, &desk.system(), rules(&desk, |watch| watch.least = 6)).await.unwrap();
        let mut requests = Vec::new();
        for number in 0..9 {
            let address = format!("p{number}@patient.example");
            patient(&desk, &format!("Pat Number{number}"), &address).await;
            requests.push(desk.ticket(&address, "Hello", "Hello.").await);
        }
        let vip = patient(&desk, "Vera Vip", "vera@patient.example").await;
        patients::label_patient(&desk.app, &desk.system(), vip, 1, Labels::NONE.with(Label::Vip)).await.unwrap();
        let new = NewToken {
            name: "laboratory".to_owned(),
            scopes: Permissions::parse("tickets:read patients:read patients:vip").unwrap(),
            queues: Queues::All,
            expires_at: None,
        };
        let (id, secret) = staff::create_token(&desk.app, &desk.ctx(Role::Administrator), new).await.unwrap();
        let system = Client::new(&desk.app, Some(secret));
        let reads = async |count: usize| {
            for request in requests.iter().take(count) {
                system.get(&format!("/api/v1/tickets/{request}")).await.expect(200);
            }
        };
        for _ in 0..6 {
            reads(2).await;
            desk.clock.advance(DAY);
            watch::daily(&desk.app).await.unwrap();
        }
        // Also at night: a program has no hours.
        assert!(waiting(&desk).await.is_empty());
        reads(9).await;
        system.get(&format!("/api/v1/patients/{vip}")).await.expect(200);
        desk.clock.advance(DAY);
        watch::daily(&desk.app).await.unwrap();
        let all = waiting(&desk).await;
        let admin = desk.id_of(Role::Administrator);
        assert!(all.iter().all(|one| one.who == Who::Token(id) && one.made_by == Some(admin)), "{all:?}");
        let many = all.iter().find(|one| one.rule == Some(Rule::Many)).unwrap();
        let figures: Vec<_> = many.figures.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        // 2 + 4 × 1.4826 × 1 = 7.93.
        assert_eq!(figures, [("own", 8), ("patients", 10)]);
        let label = all.iter().find(|one| one.rule == Some(Rule::Label)).unwrap();
        assert_eq!(label.patient.as_ref().map(|(id, _)| *id), Some(vip));
        assert_eq!(all.len(), 2);
        let page = desk.browser(Role::Compliance).await.get("/privacy/watch").await.expect(200).text();
        assert!(page.contains("laboratory · API token, made by"), "{page}");
        // Whoever made it doesn't sign it off.
        let own = watch::sign_off(&desk.app, &desk.ctx(Role::Administrator), many.id, Verdict::Justified, "").await;
        assert!(matches!(own, Err(DeskError::Conflict { code: "own_word", .. })));
        watch::sign_off(&desk.app, &desk.ctx(Role::Compliance), many.id, Verdict::Justified, "").await.unwrap();
        desk.audit_is_whole().await;
    }

    async fn somebody_else_signs_a_finding_off(desk: Desk) {
        let own = patient(&desk, "Cleo Compliance", "compliance@clinic.example").await;
        let named = patient(&desk, "Nicola Nurse", "nicola@patient.example").await;
        for (email, role) in [("nicola@patient.example", Role::Nurse), ("compliance@clinic.example", Role::Compliance)] {
            desk.ticket(email, "Hello", "Hello.").await;
            let reader = if role == Role::Nurse { named } else { own };
            if role == Role::Nurse {
                patients::patient(&desk.app, &desk.ctx(role), reader).await.unwrap();
            }
        }
        // Whoever watches over privacy is watched too.
        let officer = desk.browser(Role::Compliance).await;
        officer.submit("/privacy/seen", "/privacy/seen", &[("email", "compliance@clinic.example")]).await.expect(200);
        officer.submit("/privacy/watch", "/privacy/watch/look", &[]).await.expect(303);
        let all = waiting(&desk).await;
        let mine = all.iter().find(|one| one.who == Who::Person(desk.id_of(Role::Compliance))).unwrap();
        assert_eq!(mine.rule, Some(Rule::Own));
        let nurse = all.iter().find(|one| one.who == Who::Person(desk.id_of(Role::Nurse))).unwrap();
        let refused = watch::sign_off(&desk.app, &desk.ctx(Role::Compliance), mine.id, Verdict::Justified, "").await;
        assert!(matches!(refused, Err(DeskError::Conflict { code: "own_word", .. })));
        assert!(officer.get("/privacy/watch").await.text().contains("This is yours"));
        let way = format!("/privacy/watch/sign/{}", nurse.id);
        officer.submit("/privacy/watch", &way, &[("verdict", "unjustified"), ("note", " ")]).await.expect(422);
        officer.submit("/privacy/watch", &way, &[("verdict", "perhaps"), ("note", "x")]).await.expect(422);
        officer.submit("/privacy/watch", &way, &[("verdict", "unjustified"), ("note", "We talk on Friday.")]).await.expect(303);
        officer.submit("/account", &way, &[("verdict", "justified")]).await.expect(404);
        let page = officer.get("/privacy/watch").await.text();
        assert!(page.contains("We talk on Friday.") && page.contains("To be followed up, says Cleo Compliance"), "{page}");
        // Looked through once more, it does not come back.
        watch::look_now(&desk.app, &desk.ctx(Role::Administrator)).await.unwrap();
        assert!(waiting(&desk).await.iter().all(|one| one.who != Who::Person(desk.id_of(Role::Nurse))));
    }
}
