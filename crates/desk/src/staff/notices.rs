//! News for somebody by mail: about their own sign-in, so that they hear of what they did not do themselves, and what
//! waits for them to look at.

use super::store;
use crate::app::App;
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::{OrganisationId, StaffId};
use crate::work::{Job, Work};
use bedside_db::{Conn, Timestamp};
use bedside_web::Locale;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// They came in with a browser and system that they had not come in with lately.
    NewDevice,
    /// They came in by a link that works once, and had been in before.
    ByLink,
    /// Their password or a link to come in was shown, and then wrong codes.
    WrongCode,
    /// They, or whoever guessed it, showed the right password after many wrong ones.
    AfterWrong,
    /// A session of theirs turned up in another browser, and was ended.
    Moved,
    /// A new password was set.
    Password,
    /// Their role changed.
    Role,
    /// Their role changed to one that opens more, which ended their password.
    RoleMore,
    /// The clinic's identity provider gave them another address.
    Address,
    /// A second factor was added.
    FactorAdded,
    /// They turned the second factor off.
    FactorRemoved,
    /// Whoever manages the staff took it from them.
    FactorReset,
    /// New recovery codes were made.
    RecoveryCodes,
    /// A recovery code was used.
    RecoveryUsed,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey was shown that may be a copy, and stopped.
    PasskeyStopped,
    /// Their account at the organisation's provider was connected.
    SsoLinked,
    /// They disconnected it.
    SsoLeft,
    /// Somebody opened a restricted record for a reason, which they are to look at.
    Opening,
    /// Somebody opened or changed something past the steps that verify who is asking, which they are to look at.
    PastRules,
    /// A round began in which they look at who may do what.
    AccessRound,
    /// Somebody who may not do so themselves said that something in it is to be changed, which they do.
    AccessChange,
    /// That round ends soon, and rows of it wait.
    AccessRoundEnds,
    /// It ended, and something in it was confirmed by nobody.
    AccessUnconfirmed,
    /// Somebody decided that more goes by age, which they can take back.
    Retention,
    /// Whoever made the identity provider's token can't come in any more, or may do less, and the token ended with that.
    ProvisioningEnded,
    /// Something that they can renew runs out soon, or has no end.
    Renewal,
    /// The link that lets them in ends within a day, and they have not used it.
    LinkEnds,
    /// What a patient asked for by law has to be answered soon.
    RequestDue,
    /// The time to answer it is over.
    RequestOver,
    /// Somebody has to be told of a breach soon.
    BreachDue,
    /// The time to tell them is over.
    BreachOver,
    /// What a colleague did past the rules has waited for days for a second person.
    ReviewWaits,
}

impl What {
    /// Every kind of news; each has words.
    pub const ALL: [Self; 34] = [
        Self::NewDevice,
        Self::ByLink,
        Self::WrongCode,
        Self::AfterWrong,
        Self::Moved,
        Self::Password,
        Self::Role,
        Self::RoleMore,
        Self::Address,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::FactorReset,
        Self::RecoveryCodes,
        Self::RecoveryUsed,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::PasskeyStopped,
        Self::SsoLinked,
        Self::SsoLeft,
        Self::Opening,
        Self::PastRules,
        Self::AccessRound,
        Self::AccessChange,
        Self::AccessRoundEnds,
        Self::AccessUnconfirmed,
        Self::Retention,
        Self::ProvisioningEnded,
        Self::Renewal,
        Self::LinkEnds,
        Self::RequestDue,
        Self::RequestOver,
        Self::BreachDue,
        Self::BreachOver,
        Self::ReviewWaits,
    ];

    /// The Fluent key of its words.
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::NewDevice => "notice-new-device",
            Self::ByLink => "notice-by-link",
            Self::WrongCode => "notice-wrong-code",
            Self::AfterWrong => "notice-after-wrong",
            Self::Moved => "notice-moved",
            Self::Password => "notice-password",
            Self::Role => "notice-role",
            Self::RoleMore => "notice-role-more",
            Self::Address => "notice-address",
            Self::FactorAdded => "notice-factor-added",
            Self::FactorRemoved => "notice-factor-removed",
            Self::FactorReset => "notice-factor-reset",
            Self::RecoveryCodes => "notice-recovery-codes",
            Self::RecoveryUsed => "notice-recovery-used",
            Self::PasskeyAdded => "notice-passkey-added",
            Self::PasskeyRemoved => "notice-passkey-removed",
            Self::PasskeyStopped => "notice-passkey-stopped",
            Self::SsoLinked => "notice-sso-linked",
            Self::SsoLeft => "notice-sso-left",
            Self::Opening => "notice-opening",
            Self::PastRules => "notice-past-rules",
            Self::AccessRound => "notice-access-round",
            Self::AccessChange => "notice-access-change",
            Self::AccessRoundEnds => "notice-access-ends",
            Self::AccessUnconfirmed => "notice-access-unconfirmed",
            Self::Retention => "notice-retention",
            Self::ProvisioningEnded => "notice-provisioning",
            Self::Renewal => "notice-renewal",
            Self::LinkEnds => "notice-link-ends",
            Self::RequestDue => "notice-request-due",
            Self::RequestOver => "notice-request-over",
            Self::BreachDue => "notice-breach-due",
            Self::BreachOver => "notice-breach-over",
            Self::ReviewWaits => "notice-review-waits",
        }
    }

    /// The Fluent keys of its subject and of what to do about it, and the page on which to do it.
    pub const fn around(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Opening | Self::PastRules | Self::ReviewWaits => (
                "notice-exception-subject",
                "notice-exception-look",
                "/reviews",
            ),
            Self::AccessRound
            | Self::AccessChange
            | Self::AccessRoundEnds
            | Self::AccessUnconfirmed => (
                "notice-access-subject",
                "notice-access-look",
                "/privacy/access",
            ),
            Self::Retention => (
                "notice-retention-subject",
                "notice-retention-look",
                "/privacy/retention",
            ),
            Self::ProvisioningEnded => (
                "notice-provisioning-subject",
                "notice-provisioning-look",
                "/settings/provisioning",
            ),
            Self::Renewal => ("notice-renewal-subject", "notice-renewal-look", "/settings"),
            Self::LinkEnds => (
                "notice-link-ends-subject",
                "notice-link-ends-look",
                "/sign-in",
            ),
            Self::RequestDue | Self::RequestOver => {
                ("notice-clock-subject", "notice-clock-look", "/privacy")
            }
            Self::BreachDue | Self::BreachOver => (
                "notice-clock-subject",
                "notice-clock-look",
                "/privacy/breaches",
            ),
            _ => ("notice-subject", "notice-not-you", "/account"),
        }
    }
}

/// The job that mails it. It carries no secret and nothing of a patient.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// A number of its own, for the mail's Message-ID.
    pub id: Uuid,
    /// Who hears of it.
    pub staff: StaffId,
    /// What happened.
    pub what: What,
    /// When.
    pub at: Timestamp,
}

impl Job for Notice {
    const KIND: &'static str = "staff.notice";
}

/// To whom news goes.
pub struct Addressee {
    /// Mail address.
    pub email: String,
    /// Name.
    pub name: String,
    /// The language of their pages.
    pub locale: Locale,
}

/// Where somebody's news goes, for the mail; none for whoever is let in no more.
pub async fn addressee(
    app: &App,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<Option<Addressee>, DeskError> {
    let person = store::one(&mut app.read().await?, organisation, id).await?;
    let at_work = person.filter(|person| person.disabled_at.is_none());
    Ok(at_work.map(|person| Addressee {
        email: person.email,
        name: person.name,
        locale: person.locale.parse().unwrap_or_default(),
    }))
}

/// Queues the news for everybody at work who may do `permission`, but for `except`, in the caller's command.
pub async fn tell_all(
    work: &mut Work<'_>,
    permission: Permission,
    except: StaffId,
    what: What,
) -> Result<(), DeskError> {
    tell_any(work, &[permission], Some(except), what).await
}

/// The same for whoever may do any of these.
pub async fn tell_any(
    work: &mut Work<'_>,
    permissions: &[Permission],
    except: Option<StaffId>,
    what: What,
) -> Result<(), DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    for person in who_may(&app, work, organisation, permissions).await? {
        if Some(person) != except {
            tell(work, person, what).await?;
        }
    }
    Ok(())
}

/// Whether anybody at work may do any of these, and would hear of it.
pub async fn anybody_may(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    permissions: &[Permission],
) -> Result<bool, DeskError> {
    Ok(!who_may(app, conn, organisation, permissions)
        .await?
        .is_empty())
}

/// Everybody at work who may do any of these.
async fn who_may(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    permissions: &[Permission],
) -> Result<Vec<StaffId>, DeskError> {
    let clinic = app.directory.of(organisation)?;
    let mut all = Vec::new();
    for person in store::list(conn, organisation).await? {
        let Some(role) = clinic.role(&person.role) else {
            continue;
        };
        let may = permissions.iter().any(|one| role.permissions.has(*one));
        if may && person.disabled_at.is_none() {
            all.push(person.id);
        }
    }
    Ok(all)
}

/// Queues the news for `staff`, in the caller's command.
pub(super) async fn tell(work: &mut Work<'_>, staff: StaffId, what: What) -> Result<(), DeskError> {
    let notice = Notice {
        id: work.app.id::<()>().uuid(),
        staff,
        what,
        at: work.now,
    };
    let now = work.now;
    work.enqueue(&notice, None, now).await
}
