//! Commands and queries of the people whom the provider tells of.

use super::model::{MAX_KEY, Seek, key};
use super::settle::settle;
use super::store::{self, PersonRow};
use super::{Expected, authorize, expect, turn};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{OrganisationId, StaffId};
use crate::staff::{self, About, NO_ROLE, StaffView};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use bedside_web::Locale;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What the provider says of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonTold {
    /// What it knows them by; nobody else of the organisation has it, however it is written.
    pub user_name: String,
    /// The number that it gave them; nobody else has it.
    pub external_id: Option<String>,
    /// The name that colleagues and patients see.
    pub name: String,
    /// First name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Mail address; the user name, where there is none.
    pub email: Option<String>,
    /// Language of their pages; theirs stays where there is none.
    pub locale: Option<Locale>,
    /// Whether they may come in.
    pub active: bool,
}

/// Somebody whom the provider told of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// The id of their account.
    pub id: StaffId,
    /// What the provider knows them by.
    pub user_name: String,
    /// Its number for them.
    pub external_id: Option<String>,
    /// The name that colleagues and patients see.
    pub name: String,
    /// First name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Mail address.
    pub email: String,
    /// Language tag.
    pub locale: String,
    /// What the provider says, but where a colleague locked them out.
    pub active: bool,
    /// Since when it tells of them.
    pub created_at: Timestamp,
    /// When it last did.
    pub changed_at: Timestamp,
    /// Rises with each change.
    pub version: i64,
}

impl Person {
    fn of(row: PersonRow, account: StaffView) -> Self {
        let locked = account.disabled_at.is_some() && account.disabled_at != row.ended_at;
        Self {
            id: row.id,
            user_name: row.user_name,
            external_id: row.external_id,
            name: account.name,
            given_name: row.given_name,
            family_name: row.family_name,
            email: account.email,
            locale: account.locale,
            active: row.active && !locked,
            created_at: row.created_at,
            changed_at: row.changed_at,
            // Either row rises alone, so that no two states have the same sum.
            version: row.version + account.version,
        }
    }

    /// What it would take to tell the same again.
    pub fn told(&self) -> PersonTold {
        PersonTold {
            user_name: self.user_name.clone(),
            external_id: self.external_id.clone(),
            name: self.name.clone(),
            given_name: self.given_name.clone(),
            family_name: self.family_name.clone(),
            email: Some(self.email.clone()),
            locale: self.locale.parse().ok(),
            active: self.active,
        }
    }
}

const fn taken(code: &'static str, text: &'static str) -> DeskError {
    DeskError::Conflict { code, text }
}

/// A name or number of the provider's, as it is kept.
pub(super) fn checked_key(text: &str) -> Result<String, DeskError> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= MAX_KEY && crate::names::one_line(text);
    if fits {
        return Ok(text.to_owned());
    }
    Err(DeskError::invalid(
        "",
        "invalid_value",
        "User names, group names and external ids have 1 to 254 characters on one line.",
    ))
}

pub(super) fn checked_external(id: Option<&String>) -> Result<Option<String>, DeskError> {
    id.filter(|id| !id.trim().is_empty())
        .map(|id| checked_key(id))
        .transpose()
}

/// Everybody, or whoever is looked for.
pub async fn people(app: &App, ctx: &Ctx, seek: &Seek) -> Result<Vec<Person>, DeskError> {
    authorize(ctx)?;
    let organisation = ctx.organisation;
    let conn = &mut app.read().await?;
    let rows = match seek {
        Seek::All => store::people(conn, organisation).await?,
        Seek::Name(name) => {
            let found = store::person_by_name(conn, organisation, &key(name)).await?;
            found.into_iter().collect()
        }
        Seek::External(id) => {
            let found = store::person_by_external(conn, organisation, id).await?;
            found.into_iter().collect()
        }
    };
    with_accounts(conn, organisation, rows).await
}

async fn with_accounts(
    conn: &mut Conn,
    organisation: OrganisationId,
    rows: Vec<PersonRow>,
) -> Result<Vec<Person>, DeskError> {
    if let [row] = &rows[..] {
        let account = staff::one(conn, organisation, row.id).await?;
        let one = account.map(|account| Person::of(row.clone(), account));
        return Ok(one.into_iter().collect());
    }
    let all = staff::everybody(conn, organisation).await?;
    let mut all: HashMap<StaffId, StaffView> = all.into_iter().map(|one| (one.id, one)).collect();
    let known = rows
        .into_iter()
        .filter_map(|row| Some((all.remove(&row.id)?, row)));
    Ok(known
        .map(|(account, row)| Person::of(row, account))
        .collect())
}

/// One; [`DeskError::NotFound`] for an account that the provider told nothing of, or of another organisation.
pub async fn person(app: &App, ctx: &Ctx, id: StaffId) -> Result<Person, DeskError> {
    authorize(ctx)?;
    read(&mut app.read().await?, ctx.organisation, id).await
}

async fn read(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<Person, DeskError> {
    let row = store::person_of(conn, organisation, id).await?;
    let found = with_accounts(conn, organisation, row.into_iter().collect()).await?;
    found.into_iter().next().ok_or(DeskError::NotFound)
}

/// Writes what was told into the row and the account, and what follows from it.
async fn tell(
    work: &mut Work<'_>,
    mut row: PersonRow,
    account: &StaffView,
    told: PersonTold,
) -> Result<Person, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    row.user_name = checked_key(&told.user_name)?;
    row.external_id = checked_external(told.external_id.as_ref())?;
    let user_key = key(&row.user_name);
    let by_name = store::person_by_name(work, organisation, &user_key).await?;
    if by_name.is_some_and(|other| other.id != row.id) {
        return Err(taken(
            "user_name_taken",
            "Somebody has this user name already.",
        ));
    }
    if let Some(external) = &row.external_id {
        let by_external = store::person_by_external(work, organisation, external).await?;
        if by_external.is_some_and(|other| other.id != row.id) {
            return Err(taken(
                "external_id_taken",
                "Somebody has this external id already.",
            ));
        }
    }
    row.user_key = Some(user_key);
    row.given_name = told.given_name;
    row.family_name = told.family_name;
    row.active = told.active;
    let about = About {
        email: told.email.unwrap_or(told.user_name),
        name: told.name,
        locale: told
            .locale
            .unwrap_or_else(|| account.locale.parse().unwrap_or_default()),
    };
    let about = about.checked()?;
    if row.by_hand && about.email != account.email {
        return Err(taken(
            "role_by_hand",
            "A colleague gave this person their role: their address changes once a group gives them one.",
        ));
    }
    staff::change_about(work, account, &about).await?;
    settle(work, &mut row).await?;
    store::put_person(work, organisation, &row, now).await?;
    read(work, organisation, row.id).await
}

/// The address that goes with what was told, in its normal form.
fn address(told: &PersonTold) -> Result<String, DeskError> {
    let about = About {
        email: told.email.as_ref().unwrap_or(&told.user_name).clone(),
        name: told.name.clone(),
        locale: Locale::default(),
    };
    Ok(about.checked()?.email)
}

/// Adds somebody. Who has the address already is taken over, where the provider does not tell of them yet: an account that
/// a colleague made, or one that the provider took away before.
pub async fn add_person(app: &App, ctx: &Ctx, told: PersonTold) -> Result<Person, DeskError> {
    authorize(ctx)?;
    let email = address(&told)?;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (turn(work).await?, work.now);
            let (row, account) = match staff::held_by_email(work, &email).await? {
                None => {
                    let about = About {
                        email,
                        name: told.name.clone(),
                        locale: told
                            .locale
                            .unwrap_or(work.app.directory.of(organisation)?.locale),
                    };
                    let account = staff::add_provisioned(work, &about.checked()?).await?;
                    (blank(&account, account.disabled_at, now), account)
                }
                Some(account) => match store::person_held(work, organisation, account.id).await? {
                    Some(row) if row.user_key.is_some() => {
                        return Err(taken("address_taken", "Somebody has this address already."));
                    }
                    Some(row) => (row, account),
                    None => {
                        staff::spared(work, &account).await?;
                        work.audit(NewEntry::new("provisioning.take_over", "staff", account.id));
                        let mut row = blank(&account, None, now);
                        // Who can't come in now gets nothing but what groups give.
                        row.by_hand = account.disabled_at.is_none();
                        (row, account)
                    }
                },
            };
            work.audit(NewEntry::new("provisioning.person", "staff", account.id));
            tell(work, row, &account, told).await
        }
        .boxed()
    })
    .await
}

fn blank(account: &StaffView, ended_at: Option<Timestamp>, now: Timestamp) -> PersonRow {
    PersonRow {
        id: account.id,
        user_name: String::new(),
        user_key: None,
        external_id: None,
        given_name: String::new(),
        family_name: String::new(),
        active: true,
        by_hand: false,
        ended_at,
        created_at: now,
        changed_at: now,
        version: 0,
    }
}

/// Somebody whom the provider tells of, held.
async fn in_hands(work: &mut Work<'_>, id: StaffId) -> Result<(PersonRow, StaffView), DeskError> {
    let organisation = work.ctx.organisation;
    let account = staff::held(work, id).await?;
    let row = store::person_held(work, organisation, id).await?;
    let row = row.filter(|row| row.user_key.is_some());
    Ok((row.ok_or(DeskError::NotFound)?, account))
}

/// Changes somebody: `change` makes what is told now of what was told before.
pub async fn change_person<F>(
    app: &App,
    ctx: &Ctx,
    id: StaffId,
    expected: Expected,
    change: F,
) -> Result<Person, DeskError>
where
    F: FnOnce(PersonTold) -> Result<PersonTold, DeskError> + Send + 'static,
{
    authorize(ctx)?;
    app.command(ctx, move |work| {
        async move {
            turn(work).await?;
            let (row, account) = in_hands(work, id).await?;
            let before = Person::of(row.clone(), account.clone());
            expect(expected, before.version)?;
            let mut was = before.told();
            // What the provider said last, also where a colleague's lock hides it.
            was.active = row.active;
            let told = change(was)?;
            work.audit(
                NewEntry::new("provisioning.person", "staff", id)
                    .detail(&serde_json::json!({ "active": told.active })),
            );
            tell(work, row, &account, told).await
        }
        .boxed()
    })
    .await
}

/// Takes somebody away: their account is locked and has no role any more. It is not removed, because the audit log and the
/// requests speak of them.
pub async fn remove_person(
    app: &App,
    ctx: &Ctx,
    id: StaffId,
    expected: Expected,
) -> Result<(), DeskError> {
    authorize(ctx)?;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (turn(work).await?, work.now);
            let (mut row, account) = in_hands(work, id).await?;
            expect(expected, row.version + account.version)?;
            store::leave_all(work, organisation, id).await?;
            row.user_key = None;
            row.external_id = None;
            row.active = false;
            row.by_hand = false;
            row.ended_at = staff::take_lock(work, &account).await?.or(row.ended_at);
            row.ended_at = staff::put_out(work, &account).await?.or(row.ended_at);
            let account = staff::held(work, id).await?;
            staff::give_role(work, &account, NO_ROLE).await?;
            store::put_person(work, organisation, &row, now).await?;
            work.audit(NewEntry::new("provisioning.remove", "staff", id));
            Ok(())
        }
        .boxed()
    })
    .await
}
