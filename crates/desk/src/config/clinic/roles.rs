//! `roles.toml`.

use super::{BTreeSet, Checks, Deserialize, File, LoadError, Localized, Queue, Spanned};
use crate::context::{Permission, Permissions};
use crate::names::Names;
use crate::staff::{ADMINISTRATOR, MAX_ROLES, Queues, Role, SecondFactor};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRoles {
    role: Vec<RawRole>,
}

/// Whether any second factor is wanted, or a passkey.
#[derive(Deserialize)]
#[serde(untagged)]
enum Wanted {
    Any(bool),
    Named(Named),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Named {
    None,
    Any,
    Passkey,
}

impl Default for Wanted {
    fn default() -> Self {
        Self::Any(false)
    }
}

impl Wanted {
    const fn factor(&self) -> SecondFactor {
        match self {
            Self::Any(false) | Self::Named(Named::None) => SecondFactor::None,
            Self::Any(true) | Self::Named(Named::Any) => SecondFactor::Any,
            Self::Named(Named::Passkey) => SecondFactor::Passkey,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRole {
    code: Spanned<String>,
    name: Spanned<Localized>,
    about: Spanned<Localized>,
    permissions: Vec<Spanned<String>>,
    queues: Option<Vec<Spanned<String>>>,
    clinical: bool,
    called: bool,
    #[serde(default)]
    second_factor: Wanted,
    idle_minutes: i64,
    session_minutes: i64,
}

/// A role as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleOfFile {
    /// The role; it reaches no queue as long as `queues` names some, which have no ids yet.
    pub role: Role,
    /// Codes of the queues whose requests it reaches; none for all.
    pub queues: Option<Vec<String>>,
}

fn known(
    file: &File<'_>,
    codes: Option<Vec<Spanned<String>>>,
    queues: &[Queue],
) -> Result<Option<Vec<String>>, LoadError> {
    let Some(codes) = codes else { return Ok(None) };
    let known = |code: Spanned<String>| {
        if queues.iter().any(|queue| queue.code == *code.get_ref()) {
            return Ok(code.into_inner());
        }
        let reason = format!("there is no queue \"{}\" in queues.toml", code.get_ref());
        Err(file.error(code.span(), reason))
    };
    codes
        .into_iter()
        .map(known)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// Reads them. `crisis` is the code of the queue in which crises wait.
pub(super) fn read(
    file: &File<'_>,
    languages: &[&str],
    queues: &[Queue],
    crisis: Option<&str>,
) -> Result<Vec<RoleOfFile>, LoadError> {
    let raw: RawRoles = file.toml()?;
    let mut used = BTreeSet::new();
    let mut roles = Vec::new();
    for (raw, position) in raw.role.into_iter().zip(1..) {
        let at = raw.code.span();
        let mut permissions = Permissions::NONE;
        for code in &raw.permissions {
            let one = Permission::from_code(code.get_ref()).ok_or_else(|| {
                let reason = format!("there is no permission \"{}\"", code.get_ref());
                file.error(code.span(), reason)
            })?;
            permissions = permissions.with(one);
        }
        let queues = known(file, raw.queues, queues)?;
        let role = Role {
            queues: match &queues {
                None => Queues::All,
                Some(_) => Queues::Only(BTreeSet::new()),
            },
            code: file.code(&raw.code, &mut used)?,
            names: Names(file.localized(raw.name, languages)?),
            about: Names(file.localized(raw.about, languages)?),
            permissions,
            clinical: raw.clinical,
            called: raw.called,
            second_factor: raw.second_factor.factor(),
            idle_minutes: raw.idle_minutes,
            session_minutes: raw.session_minutes,
            position,
            version: 0,
        };
        if let Some((_, _, reason)) = role.wrong() {
            return Err(file.error(at, reason));
        }
        if let (true, Some(crisis), Some(some)) = (role.called, crisis, &queues)
            && !some.iter().any(|code| code == crisis)
        {
            let reason = format!(
                "who is told of every crisis (called = true) reaches the queue \"{crisis}\" as well"
            );
            return Err(file.error(at, reason));
        }
        roles.push(RoleOfFile { role, queues });
    }
    // That is the address of the page for one to be added.
    if used.contains("new") {
        return Err(file.error(0..0, "no role can have the code \"new\""));
    }
    if !used.contains(ADMINISTRATOR) || roles.len() > MAX_ROLES {
        let reason = format!("\"{ADMINISTRATOR}\" is one of up to {MAX_ROLES} roles");
        return Err(file.error(0..0, reason));
    }
    Ok(roles)
}
