//! Roles are data of the clinic: what they open holds at once, and nobody hands on more than they have.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_desk::context::{Actor, Ctx, Permission, Permissions};
use bedside_desk::error::DeskError;
use bedside_desk::ids::StaffId;
use bedside_desk::orgs::{self, Change};
use bedside_desk::staff::{self, NewStaff, NewToken, Queues, Reach};
use bedside_web::Locale;
use common::{Browser, Client, Desk, Role, both_engines};
use std::sync::Arc;

/// A role of the clinic's own, made on its page; its code.
async fn made(desk: &Desk, admin: &Browser, fields: &[(&str, &str)]) -> String {
    let names = [
        ("name_en", "Records clerk"),
        ("name_es", "Archivo"),
        ("about_en", "sends records"),
    ];
    let times = [
        ("idle_minutes", "20"),
        ("session_minutes", "120"),
        ("all_queues", "on"),
        ("second_factor", "none"),
    ];
    let fields = [&names[..], &times[..], fields].concat();
    admin
        .submit("/settings/roles/new", "/settings/roles/new", &fields)
        .await
        .expect(303);
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    let made = clinic
        .roles
        .iter()
        .find(|role| role.code.starts_with("records_clerk_"));
    made.unwrap().code.clone()
}

async fn hired(desk: &Desk, role: &str) -> StaffId {
    let new = NewStaff {
        email: format!("{role}@clinic.example"),
        name: "Rosario Clerk".to_owned(),
        role: role.to_owned(),
        locale: Locale::En,
    };
    staff::create(&desk.app, &desk.system(), new).await.unwrap()
}

async fn browser(desk: &Desk, person: StaffId) -> Browser {
    let session = staff::admit(&desk.app, desk.organisation, person, "test", "")
        .await
        .unwrap();
    Browser::new(&desk.app, Some(session.token))
}

fn changed(desk: &Desk, role: Role, change: impl FnOnce(&mut staff::Role)) -> Change {
    let mut role = desk.role(role).as_ref().clone();
    change(&mut role);
    Change::PutRole(role)
}

/// Somebody who manages the staff, and may do nothing else but see the settings.
async fn manager(desk: &Desk) -> Ctx {
    let Change::PutRole(mut role) = changed(desk, Role::Agent, |_| {}) else {
        unreachable!()
    };
    "manager".clone_into(&mut role.code);
    role.version = 0;
    role.permissions = Permissions::of(&[Permission::StaffManage, Permission::SettingsRead]);
    orgs::change(&desk.app, &desk.system(), Change::PutRole(role))
        .await
        .unwrap();
    let role = desk
        .app
        .directory
        .of(desk.organisation)
        .unwrap()
        .role("manager")
        .unwrap()
        .clone();
    let actor = Actor::Staff {
        id: hired(desk, "manager").await,
        role,
        name: "Mo Manager".into(),
    };
    Ctx {
        actor,
        ..desk.ctx(Role::Agent)
    }
}

both_engines! {
    async fn a_role_of_the_clinics_own_opens_what_it_says(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let ticket = desk.ticket("rosa@patient.example", "My records", "Please send my records.").await;
        let code = made(&desk, &admin, &[("scope_tickets_read", "on")]).await;
        // It can be given on the page of a new colleague, with what it does.
        let page = admin.get("/settings/staff/new").await.expect(200).text();
        assert!(page.contains("Records clerk – sends records"), "{page}");
        let clerk = browser(&desk, hired(&desk, &code).await).await;
        clerk.get("/inbox").await.expect(200);
        clerk.get("/patients").await.expect(403);
        clerk.get("/settings").await.expect(403);
        let number = bedside_desk::tickets::view(&desk.app, &desk.system(), ticket).await.unwrap().ticket.number;
        let shown = clerk.get(&format!("/tickets/{number}")).await.expect(200).text();
        assert!(!shown.contains("rosa@patient.example"), "who may not see patients reads no address");

        // What is changed holds at once, for sessions that are open.
        let path = format!("/settings/roles/{code}");
        let fields = [("name_en", "Records clerk"), ("name_es", "Archivo"), ("scope_audit_read", "on"), ("second_factor", "none"), ("idle_minutes", "20"), ("session_minutes", "120"), ("all_queues", "on")];
        admin.submit(&path, &path, &[&fields[..], &[("version", "1")]].concat()).await.expect(303);
        clerk.get("/inbox").await.expect(403);
        clerk.get("/audit").await.expect(200);
        // And a form from before is refused with what it would overwrite.
        let stale = [&fields[..], &[("version", "1")]].concat();
        let again = admin.submit(&path, &path, &stale).await.expect(422).text();
        assert!(again.contains("Someone else changed this"), "{again}");

        // Somebody has it, so it stays; then it goes.
        let remove = format!("{path}/remove");
        let kept = admin.submit(&path, &remove, &[]).await.expect(422).text();
        assert!(kept.contains("Somebody has this role"), "{kept}");
        let everybody = staff::list(&desk.app, &desk.system()).await.unwrap();
        let person = everybody.iter().find(|one| one.role == code).unwrap();
        staff::change_role(&desk.app, &desk.system(), person.id, person.version, "agent").await.unwrap();
        admin.submit(&path, &remove, &[]).await.expect(303);
        admin.get(&path).await.expect(404);
        clerk.get("/inbox").await.expect(401);
        let log = admin.get("/audit?action=role.change").await.expect(200).text();
        assert!(log.contains("may: See requests") && log.contains(&code), "{log}");
        desk.audit_is_whole().await;
    }

    async fn a_session_ends_when_its_role_says(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let code = made(&desk, &admin, &[("scope_tickets_read", "on")]).await;
        let person = hired(&desk, &code).await;
        let minutes = |count: i64| desk.clock.advance(60 * count);
        let idle = browser(&desk, person).await;
        minutes(19);
        idle.get("/inbox").await.expect(200);
        minutes(20);
        idle.get("/inbox").await.expect(401);
        // Two hours in all, however busy.
        let busy = browser(&desk, person).await;
        for _ in 0..7 {
            minutes(15);
            busy.get("/inbox").await.expect(200);
        }
        minutes(15);
        busy.get("/inbox").await.expect(401);
        // A shorter time holds for sessions that are open.
        let open = browser(&desk, person).await;
        minutes(10);
        open.get("/inbox").await.expect(200);
        let mut role = desk.app.directory.of(desk.organisation).unwrap().role(&code).unwrap().as_ref().clone();
        (role.idle_minutes, role.session_minutes) = (15, 15);
        orgs::change(&desk.app, &desk.system(), Change::PutRole(role)).await.unwrap();
        minutes(5);
        open.get("/inbox").await.expect(401);
    }

    async fn nobody_hands_on_more_than_they_have(desk: Desk) {
        let manager = manager(&desk).await;
        let forbidden = |done: Result<(), DeskError>| assert!(matches!(done, Err(DeskError::Forbidden)), "{done:?}");
        let nurse = desk.id_of(Role::Nurse);
        let admin = desk.id_of(Role::Administrator);
        let new = NewStaff { email: "x@clinic.example".to_owned(), name: "X".to_owned(), role: "agent".to_owned(), locale: Locale::En };
        forbidden(staff::create(&desk.app, &manager, new).await.map(drop));
        for person in [nurse, admin] {
            forbidden(staff::change_role(&desk.app, &manager, person, 1, "manager").await.map(drop));
            forbidden(staff::disable(&desk.app, &manager, person).await);
            forbidden(staff::enable(&desk.app, &manager, person).await);
            forbidden(staff::end_everywhere(&desk.app, &manager, person).await);
            forbidden(staff::set_password(&desk.app, &manager, person, "a password of some length").await);
            let expires = desk.app.now().plus_seconds(60);
            forbidden(staff::make_link(&desk.app, &manager, person, false, expires).await.map(drop));
        }
        let own = manager.actor.staff().unwrap();
        let second = NewStaff { email: "y@clinic.example".to_owned(), name: "Y".to_owned(), role: "manager".to_owned(), locale: Locale::En };
        let second = staff::create(&desk.app, &manager, second).await.unwrap();
        forbidden(staff::change_role(&desk.app, &manager, second, 1, "agent").await.map(drop));
        staff::disable(&desk.app, &manager, second).await.unwrap();
        // Nor by way of the role itself: neither one's own, nor another's, nor a new one.
        for role in [Role::Agent, Role::Administrator] {
            let less = changed(&desk, role, |role| role.names.0.clear());
            forbidden(orgs::change(&desk.app, &manager, less).await);
            forbidden(orgs::change(&desk.app, &manager, Change::DeleteRole(role.code().to_owned())).await);
        }
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let mut more = clinic.role("manager").unwrap().as_ref().clone();
        more.permissions = more.permissions.with(Permission::AuditRead);
        forbidden(orgs::change(&desk.app, &manager, Change::PutRole(more.clone())).await);
        (more.code, more.version) = ("another".to_owned(), 0);
        forbidden(orgs::change(&desk.app, &manager, Change::PutRole(more)).await);
        // Who may only change settings changes no role.
        let settings = Ctx {
            actor: Actor::Token { id: desk.app.id(), reach: Arc::new(Reach { permissions: Permissions::of(&[Permission::SettingsWrite]), clinical: false, queues: Queues::All }) },
            ..manager.clone()
        };
        forbidden(orgs::change(&desk.app, &settings, changed(&desk, Role::Agent, |_| {})).await);
        assert_eq!(staff::name_of(&desk.app, desk.organisation, own).await.unwrap().unwrap(), "Rosario Clerk");
        desk.audit_is_whole().await;
    }

    async fn whoever_may_do_more_comes_in_anew(desk: Desk) {
        let (agent, system) = (desk.id_of(Role::Agent), desk.system());
        let words = "four plain words together";
        staff::set_password(&desk.app, &system, agent, words).await.unwrap();
        let sign_in = async || staff::sign_in(&desk.app, "agent@clinic.example", words, "").await;
        let before = Browser::new(&desk.app, Some(sign_in().await.unwrap().session().unwrap().token));
        let version = async || {
            let everybody = staff::list(&desk.app, &system).await.unwrap();
            everybody.iter().find(|one| one.id == agent).unwrap().version.to_string()
        };
        // Whoever could give them a way in before may know the password: it ends, and the page shows the new link.
        let admin = desk.browser(Role::Administrator).await;
        let page = format!("/settings/staff/{agent}");
        let more = [("role", "supervisor"), ("version", &version().await)];
        let shown = admin.submit(&page, &page, &more).await.expect(200).text();
        assert!(shown.contains("http://desk.example/sign-in/"), "{shown}");
        before.get("/inbox").await.expect(401);
        assert!(matches!(sign_in().await, Err(DeskError::Unauthorized)));
        // Less takes the sessions alone.
        staff::set_password(&desk.app, &system, agent, words).await.unwrap();
        let before = Browser::new(&desk.app, Some(sign_in().await.unwrap().session().unwrap().token));
        let less = [("role", "agent"), ("version", &version().await)];
        admin.submit(&page, &page, &less).await.expect(303);
        before.get("/inbox").await.expect(401);
        sign_in().await.unwrap();
    }

    async fn a_session_that_ended_stays_ended(desk: Desk) {
        // One is looked at after its end, the other is not.
        let (seen, unseen) = (desk.browser(Role::Compliance).await, desk.browser(Role::Compliance).await);
        desk.clock.advance(31 * 60);
        seen.get("/audit").await.expect(401);
        orgs::change(&desk.app, &desk.system(), changed(&desk, Role::Compliance, |role| role.idle_minutes = 120)).await.unwrap();
        seen.get("/audit").await.expect(401);
        unseen.get("/audit").await.expect(401);
        let fresh = desk.browser(Role::Compliance).await;
        desk.clock.advance(90 * 60);
        fresh.get("/audit").await.expect(200);
    }

    async fn what_a_colleague_changed_is_not_overwritten_by_a_form_that_was_wrong(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let code = made(&desk, &admin, &[("scope_tickets_read", "on")]).await;
        let path = format!("/settings/roles/{code}");
        let mut theirs = desk.app.directory.of(desk.organisation).unwrap().role(&code).unwrap().as_ref().clone();
        theirs.called = true;
        orgs::change(&desk.app, &desk.system(), Change::PutRole(theirs)).await.unwrap();
        let mine = |idle: &'static str, version: &'static str| {
            [("name_en", "Records clerk"), ("name_es", "Archivo"), ("scope_tickets_read", "on"), ("second_factor", "none"), ("session_minutes", "120"), ("all_queues", "on"), ("idle_minutes", idle), ("version", version)]
        };
        let wrong = admin.submit(&path, &path, &mine("1", "1")).await.expect(422).text();
        assert!(wrong.contains("name=\"version\" value=\"1\""), "the form is still that of before: {wrong}");
        let stale = admin.submit(&path, &path, &mine("20", "1")).await.expect(422).text();
        assert!(stale.contains("Someone else changed this") && stale.contains("name=\"version\" value=\"2\""), "{stale}");
        admin.submit(&path, &path, &mine("20", "2")).await.expect(303);
        // A form for a role that is gone makes none.
        orgs::change(&desk.app, &desk.system(), Change::DeleteRole(code.clone())).await.unwrap();
        let token = common::csrf_token(&admin.get("/settings/roles").await.text());
        let gone = [&mine("20", "3")[..], &[("csrf_token", token.as_str())]].concat();
        admin.post(&path, &gone).await.expect(404);
        let mut ghost = desk.role(Role::Agent).as_ref().clone();
        (ghost.code, ghost.version) = (code, 3);
        let late = orgs::change(&desk.app, &desk.system(), Change::PutRole(ghost)).await;
        assert!(matches!(late, Err(DeskError::Stale { .. })), "{late:?}");
    }

    async fn a_token_of_more_than_ones_own_is_not_taken_back(desk: Desk) {
        let manager = manager(&desk).await;
        let scopes = |list: &[Permission]| NewToken { name: "x".to_owned(), scopes: Permissions::of(list), queues: Queues::All, expires_at: None };
        let (other, _) = staff::create_token(&desk.app, &desk.system(), scopes(&[Permission::TicketsRead])).await.unwrap();
        let refused = staff::revoke_token(&desk.app, &manager, other).await;
        assert!(matches!(refused, Err(DeskError::Forbidden)), "{refused:?}");
        let (own, _) = staff::create_token(&desk.app, &manager, scopes(&[Permission::SettingsRead])).await.unwrap();
        staff::revoke_token(&desk.app, &manager, own).await.unwrap();
        // Nor is one's own role changed by oneself.
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let mut own = clinic.role("manager").unwrap().as_ref().clone();
        own.idle_minutes = 480;
        let refused = orgs::change(&desk.app, &manager, Change::PutRole(own)).await;
        assert!(matches!(refused, Err(DeskError::Conflict { code: "own_role", .. })), "{refused:?}");
        // A clinical role is for those who are clinical to hand on, or who may do everything.
        let mut clinical = clinic.role("manager").unwrap().as_ref().clone();
        (clinical.code, clinical.version, clinical.clinical) = ("medic".to_owned(), 0, true);
        let refused = orgs::change(&desk.app, &manager, Change::PutRole(clinical.clone())).await;
        assert!(matches!(refused, Err(DeskError::Forbidden)), "{refused:?}");
        orgs::change(&desk.app, &desk.ctx(Role::Administrator), Change::PutRole(clinical)).await.unwrap();
    }

    async fn a_token_opens_no_more_than_its_maker_today(desk: Desk) {
        let new = NewStaff { email: "second@clinic.example".to_owned(), name: "Second".to_owned(), role: "administrator".to_owned(), locale: Locale::En };
        let second = staff::create(&desk.app, &desk.system(), new).await.unwrap();
        let hers = Ctx { actor: Actor::Staff { id: second, role: desk.role(Role::Administrator), name: "Second".into() }, ..desk.ctx(Role::Administrator) };
        let new = NewToken { name: "all".to_owned(), scopes: Permissions::of(&[Permission::SettingsRead, Permission::TicketsRead]), queues: Queues::All, expires_at: None };
        let (_, token) = staff::create_token(&desk.app, &hers, new.clone()).await.unwrap();
        let client = Client::new(&desk.app, Some(token));
        client.get("/api/v1/queues").await.expect(200);
        let version = async || staff::list(&desk.app, &desk.system()).await.unwrap().into_iter().find(|one| one.id == second).unwrap().version;
        staff::change_role(&desk.app, &desk.ctx(Role::Administrator), second, version().await, "agent").await.unwrap();
        let agent = desk.role(Role::Agent);
        assert!(!agent.permissions.has(Permission::AuditRead));
        let may = [Permission::SettingsRead, Permission::TicketsRead].map(|one| agent.permissions.has(one));
        for (path, may) in [("/api/v1/queues", may[0]), ("/api/v1/tickets", may[1])] {
            client.get(path).await.expect(if may { 200 } else { 403 });
        }
        // A role that is made narrower takes it from the tokens of whoever has it.
        let less = changed(&desk, Role::Agent, |role| role.permissions = Permissions::of(&[Permission::SettingsRead]));
        orgs::change(&desk.app, &desk.system(), less).await.unwrap();
        client.get("/api/v1/tickets").await.expect(403);
        client.get("/api/v1/queues").await.expect(200);
        // And provisioning, which makes anybody anything, is given by nobody who is not all of that themselves.
        let manager = manager(&desk).await;
        let mut more = desk.app.directory.of(desk.organisation).unwrap().role("manager").unwrap().as_ref().clone();
        more.permissions = more.permissions.with(Permission::PeopleProvision);
        orgs::change(&desk.app, &desk.system(), Change::PutRole(more.clone())).await.unwrap();
        let manager = Ctx { actor: Actor::Staff { id: manager.actor.staff().unwrap(), role: Arc::new(more), name: "Rosario".into() }, ..manager };
        let provision = NewToken { scopes: Permissions::of(&[Permission::PeopleProvision]), ..new };
        let refused = staff::create_token(&desk.app, &manager, provision).await;
        assert!(matches!(refused, Err(DeskError::Forbidden)), "{refused:?}");
    }

    async fn the_desk_keeps_what_it_needs(desk: Desk) {
        let system = desk.system();
        let refused = async |change: Change| match orgs::change(&desk.app, &system, change).await {
            Err(DeskError::Invalid { code, .. } | DeskError::Conflict { code, .. }) => code,
            other => panic!("{other:?}"),
        };
        let without = Permissions::of(&[Permission::SettingsWrite]);
        assert_eq!(refused(changed(&desk, Role::Administrator, |role| role.permissions = without)).await, "administrator_does_all");
        assert_eq!(refused(Change::DeleteRole("administrator".to_owned())).await, "role_needed");
        assert_eq!(refused(Change::DeleteRole("supervisor".to_owned())).await, "role_in_use");
        // Somebody ends clinical requests, and somebody hears of a crisis.
        assert_eq!(refused(Change::DeleteRole("nurse".to_owned())).await, "last_clinical");
        assert_eq!(refused(changed(&desk, Role::Nurse, |role| role.clinical = false)).await, "last_clinical");
        assert_eq!(refused(changed(&desk, Role::Administrator, |role| role.called = false)).await, "administrator_does_all");
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let of = |code: &str| clinic.queues.iter().find(|queue| queue.code == code).unwrap().id;
        let away = Queues::Only([of("clinical")].into());
        assert_eq!(refused(changed(&desk, Role::Nurse, |role| role.queues = away.clone())).await, "called_elsewhere");
        let quiet = changed(&desk, Role::Nurse, |role| (role.queues, role.called) = (away, false));
        orgs::change(&desk.app, &system, quiet).await.unwrap();
        let both = Queues::Only([of("clinical"), of("crisis")].into());
        let called = changed(&desk, Role::Nurse, |role| (role.queues, role.called) = (both, true));
        orgs::change(&desk.app, &system, called).await.unwrap();
        let blind = Permissions::of(&[Permission::TicketsWrite]);
        assert_eq!(refused(changed(&desk, Role::Agent, |role| role.permissions = blind)).await, "permission_alone");
        assert_eq!(refused(changed(&desk, Role::Agent, |role| role.permissions = Permissions::NONE)).await, "no_permission");
        for (idle, whole, code) in [(4, 60, "idle_minutes"), (481, 600, "idle_minutes"), (60, 14, "session_minutes"), (60, 1441, "session_minutes")] {
            let change = changed(&desk, Role::Agent, |role| (role.idle_minutes, role.session_minutes) = (idle, whole));
            assert_eq!(refused(change).await, code);
        }
        let gone = orgs::change(&desk.app, &system, Change::DeleteRole("nobody".to_owned())).await;
        assert!(matches!(gone, Err(DeskError::NotFound)));
        let there = desk.app.directory.of(desk.organisation).unwrap().roles.len();
        for number in there..staff::MAX_ROLES {
            let role = changed(&desk, Role::Agent, |role| (role.code, role.version) = (format!("r{number}"), 0));
            orgs::change(&desk.app, &system, role).await.unwrap();
        }
        let one_more = changed(&desk, Role::Agent, |role| (role.code, role.version) = ("more".to_owned(), 0));
        assert_eq!(refused(one_more).await, "too_many_roles");
        let person = desk.id_of(Role::Nurse);
        let unknown = staff::change_role(&desk.app, &system, person, 1, "nobody").await.map(drop);
        assert!(matches!(unknown, Err(DeskError::Invalid { code: "unknown_role", .. })), "{unknown:?}");
    }

    async fn a_role_is_not_given_while_it_goes(desk: Desk) {
        // Whoever of the two is first, nobody is left with a role that is none.
        for round in 0..8 {
            let code = format!("short_{round}");
            let role = changed(&desk, Role::Agent, |role| (role.code, role.version) = (code.clone(), 0));
            let system = desk.system();
            orgs::change(&desk.app, &system, role).await.unwrap();
            let removal = orgs::change(&desk.app, &system, Change::DeleteRole(code.clone()));
            let new = NewStaff { email: format!("{code}@clinic.example"), name: "Z".to_owned(), role: code.clone(), locale: Locale::En };
            let (gone, here) = tokio::join!(removal, staff::create(&desk.app, &system, new));
            assert!(gone.is_ok() != here.is_ok(), "{gone:?} {here:?}");
        }
    }

    async fn who_is_called_sees_the_banner_and_who_is_not_does_not(desk: Desk) {
        desk.ticket("rosa@patient.example", "Help", "I took all my pills and want to die.").await;
        let banner = async |role: Role| desk.browser(role).await.get("/inbox").await.expect(200).text().contains("id=\"crisis-page\"");
        assert!(banner(Role::Counsellor).await && banner(Role::Nurse).await && !banner(Role::Agent).await);
        orgs::change(&desk.app, &desk.system(), changed(&desk, Role::Agent, |role| role.called = true)).await.unwrap();
        assert!(banner(Role::Agent).await);
    }
}

#[test]
fn a_role_that_ships_is_no_more_than_its_name_says() {
    let clinic =
        bedside_desk::config::clinic::parse(&bedside_desk::startup::built_in_clinic()).unwrap();
    let role = |code: &str| {
        Arc::new(
            clinic
                .roles
                .iter()
                .map(|one| &one.role)
                .find(|role| role.code == code)
                .unwrap()
                .clone(),
        )
    };
    let has = |code: &str, permission| role(code).permissions.has(permission);
    assert!(
        has("compliance", Permission::AuditRead) && !has("compliance", Permission::TicketsRead)
    );
    let clinical: Vec<_> = clinic
        .roles
        .iter()
        .filter(|one| one.role.clinical)
        .map(|one| &one.role.code)
        .collect();
    assert_eq!(clinical, ["nurse"]);
    let manage: Vec<_> = clinic
        .roles
        .iter()
        .filter(|one| one.role.permissions.has(Permission::StaffManage))
        .map(|one| &one.role.code)
        .collect();
    assert_eq!(manage, ["administrator"]);
}

both_engines! {
    async fn a_desk_that_can_have_no_passkeys_asks_for_none(desk: Desk) {
        let mut role = desk.role(Role::Agent).as_ref().clone();
        role.second_factor = staff::SecondFactor::Passkey;
        let refused = orgs::change(&desk.app, &desk.system(), Change::PutRole(role)).await;
        assert!(matches!(refused, Err(DeskError::Invalid { field: "second_factor", code: "no_passkeys", .. })), "{refused:?}");
        let admin = desk.browser(Role::Administrator).await;
        let page = admin.get("/settings/roles/agent").await.expect(200).text();
        assert!(page.contains("<select") && page.contains("value=\"passkey\""), "{page}");
    }
}
