//! Making organisations, and holding their settings in memory.

use super::model::{
    Category, Clinic, CustomField, Queue, SavedReply, Settings, SlaPolicy, SubStatus, Template,
    purpose,
};
use super::store::{self, OrganisationRow};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{OrganisationId, QueueId, SavedReplyId, SlaPolicyId, SubStatusId};
use crate::names;
use crate::staff::{self, Role};
use crate::work::Work;
use bedside_db::Conn;
use bedside_web::Locale;
use futures_util::FutureExt;
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The settings of every organisation, in memory.
#[derive(Default)]
pub struct Directory {
    clinics: RwLock<BTreeMap<OrganisationId, Arc<Clinic>>>,
    /// Held while they are read anew, so that nobody puts older ones over newer ones.
    reading: tokio::sync::Mutex<()>,
}

impl Directory {
    /// The settings of one organisation.
    pub fn of(&self, id: OrganisationId) -> Result<Arc<Clinic>, DeskError> {
        self.clinics
            .read()
            .get(&id)
            .cloned()
            .ok_or(DeskError::NotFound)
    }

    /// The organisation with this short name.
    pub fn by_slug(&self, slug: &str) -> Option<Arc<Clinic>> {
        self.clinics
            .read()
            .values()
            .find(|clinic| clinic.slug == slug)
            .cloned()
    }

    /// All of them, oldest first.
    pub fn all(&self) -> Vec<Arc<Clinic>> {
        self.clinics.read().values().cloned().collect()
    }

    fn put(&self, clinic: Clinic) {
        self.clinics.write().insert(clinic.id, Arc::new(clinic));
    }
}

/// Reads the settings of every organisation (anew), and takes in keys this process has not seen.
pub async fn reload(app: &App) -> Result<(), DeskError> {
    let _one = app.directory.reading.lock().await;
    let mut conn = app.read().await?;
    for row in store::organisations(&mut conn).await? {
        app.keyring.admit(row.id, &row.wrapped_keys)?;
        app.directory.put(clinic(&mut conn, row).await?);
    }
    Ok(())
}

async fn clinic(conn: &mut Conn, row: OrganisationRow) -> Result<Clinic, DeskError> {
    let id = row.id;
    Ok(Clinic {
        id,
        slug: row.slug,
        name: row.name,
        time_zone: jiff::tz::TimeZone::get(&row.time_zone)
            .map_err(|error| DeskError::Internal(format!("time zone: {error}")))?,
        locale: row.locale.parse().unwrap_or_default(),
        settings: serde_json::from_str(&row.settings)?,
        version: row.version,
        queues: store::queues(conn, id).await?,
        categories: store::categories(conn, id).await?,
        policies: store::policies(conn, id).await?,
        sub_statuses: store::sub_statuses(conn, id).await?,
        fields: store::fields(conn, id).await?,
        templates: store::templates(conn, id).await?.into_iter().collect(),
        saved_replies: store::saved_replies(conn, id).await?,
        roles: staff::roles(conn, id).await?,
    })
}

/// What a new organisation starts with.
#[derive(Clone, Debug)]
pub struct NewOrganisation {
    /// Short name in addresses: lower-case letters, digits and dashes.
    pub slug: String,
    /// Name people read.
    pub name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Default language.
    pub locale: Locale,
    /// Hours, emergency numbers and switches.
    pub settings: Settings,
    /// Queues; their ids and versions are given here.
    pub queues: Vec<Queue>,
    /// Categories.
    pub categories: Vec<Category>,
    /// Policies.
    pub policies: Vec<SlaPolicy>,
    /// Mail texts by (code, language tag).
    pub templates: BTreeMap<(String, String), Template>,
    /// Texts that staff reuse.
    pub saved_replies: Vec<SavedReply>,
    /// What people of the staff are.
    pub roles: Vec<Role>,
    /// The ticket number before the first one.
    pub first_number: i64,
}

/// Makes an organisation with its own keys. Only the desk itself does this (first start, demo, tests).
pub async fn create(app: &App, new: NewOrganisation) -> Result<OrganisationId, DeskError> {
    if jiff::tz::TimeZone::get(&new.time_zone).is_err() {
        return Err(DeskError::invalid(
            "time_zone",
            "unknown_time_zone",
            "This time zone is not known.",
        ));
    }
    let id: OrganisationId = app.id();
    let row = OrganisationRow {
        id,
        slug: new.slug.clone(),
        name: names::checked(&new.name)?.to_owned(),
        time_zone: new.time_zone.clone(),
        locale: new.locale.tag().to_owned(),
        settings: serde_json::to_string(&new.settings)?,
        version: 1,
        wrapped_keys: app.keyring.make(id),
    };
    let ctx = Ctx::system(id, "setup", crate::context::Source::CommandLine);
    app.command(&ctx, move |work| {
        async move {
            let now = work.now;
            store::insert(work, &row, new.first_number, now).await?;
            for queue in &new.queues {
                store::put_queue(work, id, queue).await?;
            }
            for category in &new.categories {
                store::put_category(work, id, category).await?;
            }
            for policy in &new.policies {
                store::put_policy(work, id, policy).await?;
            }
            for ((code, locale), template) in &new.templates {
                store::put_template(work, id, code, locale, template, now).await?;
            }
            for reply in &new.saved_replies {
                store::put_saved_reply(work, id, reply).await?;
            }
            for role in &new.roles {
                staff::put_role(work, role).await?;
            }
            work.audit(NewEntry::new("organisation.create", "organisation", id));
            changed(work, "organisation");
            Ok(())
        }
        .boxed()
    })
    .await?;
    reload(app).await?;
    Ok(id)
}

/// Says that a setting changed: other processes read them anew.
fn changed(work: &mut Work<'_>, setting: &'static str) {
    work.event(
        kind::SETTINGS_CHANGED,
        None,
        None,
        &serde_json::json!({ "setting": setting }),
    );
}

/// One change of an organisation's settings. Versions are those the caller saw; 0 for something new.
#[derive(Clone, Debug)]
pub enum Change {
    /// Name, zone, language and the settings document; with the version that was seen.
    General {
        /// Name people read.
        name: String,
        /// IANA time zone.
        time_zone: String,
        /// Default language.
        locale: Locale,
        /// The document.
        settings: Box<Settings>,
        /// The version that was seen.
        version: i64,
    },
    /// Adds or changes a queue.
    PutQueue(Queue),
    /// Puts a queue away; refused while categories point at it.
    ArchiveQueue(QueueId),
    /// Adds or changes a category.
    PutCategory(Category),
    /// Adds or changes a policy.
    PutPolicy(SlaPolicy),
    /// Removes a policy.
    DeletePolicy(SlaPolicyId),
    /// Adds or changes a finer state.
    PutSubStatus(SubStatus),
    /// Puts a finer state away.
    ArchiveSubStatus(SubStatusId),
    /// Adds or changes a clinic's own field.
    PutField(CustomField),
    /// Puts a clinic's own field away.
    ArchiveField(String),
    /// Changes the text of an automatic mail.
    PutTemplate {
        /// Which.
        code: String,
        /// In which language.
        locale: Locale,
        /// The text, with the version that was seen.
        template: Template,
    },
    /// Adds or changes a text that staff reuse.
    PutSavedReply(SavedReply),
    /// Removes a text that staff reuse.
    DeleteSavedReply(SavedReplyId),
    /// Adds or changes a role.
    PutRole(Role),
    /// Removes a role that nobody has.
    DeleteRole(String),
}

impl Change {
    const fn setting(&self) -> &'static str {
        match self {
            Self::General { .. } => "general",
            Self::PutQueue(_) | Self::ArchiveQueue(_) => "queues",
            Self::PutCategory(_) => "categories",
            Self::PutPolicy(_) | Self::DeletePolicy(_) => "sla",
            Self::PutSubStatus(_) | Self::ArchiveSubStatus(_) => "sub_statuses",
            Self::PutField(_) | Self::ArchiveField(_) => "fields",
            Self::PutTemplate { .. } => "templates",
            Self::PutSavedReply(_) | Self::DeleteSavedReply(_) => "saved_replies",
            Self::PutRole(_) | Self::DeleteRole(_) => "roles",
        }
    }

    fn entry(&self) -> NewEntry {
        match self {
            Self::PutRole(role) => {
                NewEntry::new("role.change", "role", &role.code).detail(&role.told())
            }
            Self::DeleteRole(code) => NewEntry::new("role.delete", "role", code),
            _ => NewEntry::new("settings.change", "setting", self.setting()),
        }
    }

    /// Who may do it.
    const fn permission(&self) -> Permission {
        match self {
            Self::PutRole(_) | Self::DeleteRole(_) => Permission::StaffManage,
            _ => Permission::SettingsWrite,
        }
    }
}

/// Changes a setting. [`DeskError::Stale`] when someone changed the same thing meanwhile.
pub async fn change(app: &App, ctx: &Ctx, change: Change) -> Result<(), DeskError> {
    ctx.authorize(change.permission())?;
    let clinic = app.directory.of(ctx.organisation)?;
    check(&clinic, &change)?;
    app.command(ctx, move |work| {
        async move {
            let setting = change.setting();
            if !apply(work, &change).await? {
                return Err(DeskError::Stale {
                    version: clinic.version,
                    changed: vec![setting.to_owned()],
                });
            }
            work.audit(change.entry());
            changed(work, setting);
            Ok(())
        }
        .boxed()
    })
    .await?;
    reload(app).await
}

fn check(clinic: &Clinic, change: &Change) -> Result<(), DeskError> {
    match change {
        Change::General { name, .. } if names::checked(name).is_err() => {
            names::checked(name).map(drop)
        }
        Change::General { time_zone, .. } if jiff::tz::TimeZone::get(time_zone).is_err() => {
            Err(DeskError::invalid(
                "time_zone",
                "unknown_time_zone",
                "This time zone is not known.",
            ))
        }
        Change::PutCategory(category) if clinic.queue(category.queue_id).is_none() => Err(
            DeskError::invalid("queue_id", "unknown_queue", "This queue does not exist."),
        ),
        Change::ArchiveQueue(id)
            if clinic
                .categories
                .iter()
                .any(|category| category.queue_id == *id) =>
        {
            Err(DeskError::Conflict {
                code: "queue_in_use",
                text: "Categories still lead to this queue. Point them at another one first.",
            })
        }
        Change::ArchiveQueue(id)
            if clinic
                .queue(*id)
                .is_some_and(|queue| queue.purpose != purpose::WORK) =>
        {
            Err(DeskError::Conflict {
                code: "queue_needed",
                text: "The desk itself needs this queue.",
            })
        }
        Change::PutRole(role)
            if clinic.role(&role.code).is_none() && clinic.roles.len() >= staff::MAX_ROLES =>
        {
            Err(DeskError::Conflict {
                code: "too_many_roles",
                text: "There are as many roles as there can be.",
            })
        }
        Change::PutRole(role) if role.called && !reaches_crises(clinic, role) => {
            Err(DeskError::invalid(
                "called",
                "called_elsewhere",
                "Whoever is told of every crisis reaches the queue in which they wait: tick that queue as well.",
            ))
        }
        Change::PutRole(new) if !new.clinical && is_last_clinician(clinic, &new.code) => {
            Err(LAST_CLINICAL)
        }
        Change::DeleteRole(code) if is_last_clinician(clinic, code) => Err(LAST_CLINICAL),
        Change::PutPolicy(policy)
            if [
                policy.first_response_minutes,
                policy.next_response_minutes,
                policy.resolution_minutes,
            ]
            .iter()
            .any(|minutes| !(1..=525_600).contains(minutes)) =>
        {
            Err(DeskError::invalid(
                "minutes",
                "out_of_range",
                "A target is between one minute and a year.",
            ))
        }
        _ => Ok(()),
    }
}

const LAST_CLINICAL: DeskError = DeskError::Conflict {
    code: "last_clinical",
    text: "Somebody must be able to end clinical requests: make another role clinical first.",
};

/// Whether a role's people reach the queue in which crises wait: told of one they do not reach, they would be told of none.
fn reaches_crises(clinic: &Clinic, role: &Role) -> bool {
    let crisis = clinic.queue_for(purpose::CRISIS);
    crisis.is_none_or(|queue| role.queues.has(queue.id))
}

/// Whether the role with this code is the only clinical one.
fn is_last_clinician(clinic: &Clinic, code: &str) -> bool {
    let mut clinical = clinic.roles.iter().filter(|role| role.clinical);
    clinical.next().is_some_and(|role| role.code == code) && clinical.next().is_none()
}

async fn apply(work: &mut Work<'_>, change: &Change) -> Result<bool, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    match change {
        Change::General {
            name,
            time_zone,
            locale,
            settings,
            version,
        } => {
            let row = OrganisationRow {
                id: organisation,
                slug: String::new(),
                name: name.clone(),
                time_zone: time_zone.clone(),
                locale: locale.tag().to_owned(),
                settings: serde_json::to_string(settings)?,
                version: *version,
                wrapped_keys: Vec::new(),
            };
            store::update(work, &row).await
        }
        Change::PutQueue(queue) => store::put_queue(work, organisation, queue).await,
        Change::ArchiveQueue(id) => store::archive_queue(work, organisation, *id, now).await,
        Change::PutCategory(category) => store::put_category(work, organisation, category).await,
        Change::PutPolicy(policy) => store::put_policy(work, organisation, policy).await,
        Change::DeletePolicy(id) => store::delete_policy(work, organisation, *id).await,
        Change::PutSubStatus(sub) => store::put_sub_status(work, organisation, sub).await,
        Change::ArchiveSubStatus(id) => {
            store::archive_sub_status(work, organisation, *id, now).await
        }
        Change::PutField(field) => store::put_field(work, organisation, field).await,
        Change::ArchiveField(code) => store::archive_field(work, organisation, code, now).await,
        Change::PutTemplate {
            code,
            locale,
            template,
        } => store::put_template(work, organisation, code, locale.tag(), template, now).await,
        Change::PutSavedReply(reply) => store::put_saved_reply(work, organisation, reply).await,
        Change::DeleteSavedReply(id) => store::delete_saved_reply(work, organisation, *id).await,
        Change::PutRole(role) => staff::put_role(work, role).await,
        Change::DeleteRole(code) => {
            staff::delete_role(work, code).await?;
            Ok(true)
        }
    }
}
