//! What a look at a password costs, whoever it is.

use super::{NewStaff, create, disable, passwords, set_password, sign_in};
use crate::app::App;
use crate::config::{Config, clinic, organisation};
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::{OrganisationId, StaffId};
use crate::{orgs, startup};
use bedside_db::{FixedClock, Timestamp};
use bedside_testkit::pg;
use bedside_web::Locale;
use std::sync::Arc;

async fn desk(folder: &std::path::Path, database: Option<String>) -> (App, OrganisationId) {
    let config = Config {
        data: folder.to_owned(),
        database,
        public_url: "http://desk.example".to_owned(),
        ..Config::default()
    };
    let clock = FixedClock::new(Timestamp::from_micros(1_790_000_000_000_000));
    let (app, _) = startup::open(config, Arc::new(clock)).await.unwrap();
    let files = clinic::parse(&startup::built_in_clinic()).unwrap();
    let new = organisation::new_organisation(&files, "clinic", &app.ids, app.now());
    let organisation = orgs::create(&app, new).await.unwrap();
    (app, organisation)
}

async fn person(app: &App, ctx: &Ctx, name: &str) -> StaffId {
    let new = NewStaff {
        email: format!("{name}@clinic.example"),
        name: name.to_owned(),
        role: "agent".to_owned(),
        locale: Locale::En,
    };
    create(app, ctx, new).await.unwrap()
}

/// What the looks at this password cost so far. Other tests look at other ones.
fn cost_of(password: &str) -> Vec<String> {
    let looks = passwords::LOOKS.lock();
    let of_it = looks.iter().filter(|(held, _)| held == password);
    of_it.map(|(_, cost)| cost.clone()).collect()
}

#[tokio::test]
async fn attack_10_an_unknown_address_takes_the_same_work() {
    the_same_work("embedded", None).await;
    let database = pg::shared().unwrap().fresh_database().unwrap();
    the_same_work("server", Some(database)).await;
}

/// Somebody with a password, somebody without, somebody who is let in no more, and nobody: a wrong password is looked
/// at once, and the look costs the same.
async fn the_same_work(engine: &str, database: Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let (app, organisation) = desk(folder.path(), database).await;
    let ctx = Ctx::system(organisation, "test", Source::CommandLine);
    let known = person(&app, &ctx, "known").await;
    set_password(&app, &ctx, known, "correct horse battery staple")
        .await
        .unwrap();
    person(&app, &ctx, "invited").await;
    let gone = person(&app, &ctx, "gone").await;
    set_password(&app, &ctx, gone, "correct horse battery staple")
        .await
        .unwrap();
    disable(&app, &ctx, gone).await.unwrap();

    let addresses = [
        "known@clinic.example",
        "invited@clinic.example",
        "gone@clinic.example",
        "never@clinic.example",
        "no address at all",
        "",
    ];
    let mut costs = Vec::new();
    for address in addresses {
        let wrong = format!("a wrong password for {address} ({engine})");
        let refused = sign_in(&app, address, &wrong, "").await;
        assert!(matches!(refused, Err(DeskError::Unauthorized)), "{address}");
        costs.push(cost_of(&wrong));
    }
    assert_eq!(costs[0].len(), 1, "one look: {costs:?}");
    assert!(costs[0][0].starts_with("argon2id "), "{costs:?}");
    assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
    // Whoever works for two organisations of the desk has two looks, and so has everybody from then on.
    let files = clinic::parse(&startup::built_in_clinic()).unwrap();
    let new = organisation::new_organisation(&files, "other", &app.ids, app.now());
    let other = orgs::create(&app, new).await.unwrap();
    let there = Ctx::system(other, "test", Source::CommandLine);
    person(&app, &there, "known").await;
    for address in addresses {
        let wrong = format!("a wrong password in two places for {address} ({engine})");
        let refused = sign_in(&app, address, &wrong, "").await;
        assert!(matches!(refused, Err(DeskError::Unauthorized)), "{address}");
        let cost = cost_of(&wrong);
        assert!(
            cost.len() == 2 && cost.iter().all(|one| *one == costs[0][0]),
            "{address}: {cost:?}"
        );
    }
    // And where nobody may try for a while, nothing is looked at, whoever it is.
    for address in ["known@clinic.example", "never@clinic.example"] {
        for _ in 0..6 {
            let _ = sign_in(&app, address, "wrong once more", "").await;
        }
        let late = format!("too soon for {address} ({engine})");
        let refused = sign_in(&app, address, &late, "").await;
        assert!(matches!(refused, Err(DeskError::RateLimited { .. })));
        assert_eq!(cost_of(&late), [""; 0]);
    }
}
