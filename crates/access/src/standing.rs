//! How sure the desk is of who is asking, from what they showed; and which address on file may confirm anything. A patient,
//! somebody of the staff and an instant are type parameters: they are compared and never looked into.

use crate::codes;
use crate::disclosure::{Group, Level, Scope, Shown};

/// Seconds of a day.
pub const DAY: i64 = 24 * 3600;
/// Days for which an address has to be on file before it confirms anything.
pub const ON_FILE_DAYS: i64 = 30;

codes! {
    /// What was shown.
    Method {
        /// Name, birth date and one thing more were right.
        Details = "details",
        /// A one-time code came back.
        Code = "code",
        /// The person was reached at the number on file.
        CallBack = "call_back",
        /// A second person of the staff said yes.
        Approval = "approval",
        /// They wrote from the patients' own pages, signed in by an address long on file.
        SignedIn = "signed_in",
        /// The same by an address that is not long on file.
        SignedInNew = "signed_in_new",
        /// Nothing: it was an emergency.
        Emergency = "emergency",
    }
}

/// Something that was shown and counts for this ticket, its contact and the addresses they have.
#[derive(Clone, Debug)]
pub struct Evidence<P, S, T> {
    /// What.
    pub method: Method,
    /// Of whom; none in an emergency about nobody in particular.
    pub patient: Option<P>,
    /// Who of the staff saw it; nobody, of somebody who wrote signed in.
    pub by: Option<S>,
    /// When.
    pub made_at: T,
    /// Until when it counts.
    pub expires_at: T,
}

/// Where somebody stands in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing<P, S, T> {
    /// What was shown.
    pub level: Level,
    /// Who they are, from the first level on.
    pub patient: Option<P>,
    /// Who of the staff saw the last of it; none where nobody did, because they wrote signed in.
    pub by: Option<S>,
    /// Until when all of it counts.
    pub until: Option<T>,
    /// Until when an emergency opens what the second level does.
    pub emergency: Option<T>,
    /// Whether they were called back and a second person said yes as well: what a red flag asks for at the third level.
    pub both: bool,
    /// Everybody of the staff whose word it rests on.
    pub makers: Vec<S>,
}

impl<P, S, T> Default for Standing<P, S, T> {
    /// Nothing was shown.
    fn default() -> Self {
        Self {
            level: Level::L0,
            patient: None,
            by: None,
            until: None,
            emergency: None,
            both: false,
            makers: Vec::new(),
        }
    }
}

impl<P: Copy, S, T> Standing<P, S, T> {
    /// The level that counts for what may be said.
    pub fn counts_as(&self) -> Level {
        match self.emergency {
            Some(_) => self.level.max(Level::L2),
            None => self.level,
        }
    }

    /// What is left for whoever may not know whom it is about: that there is an emergency.
    #[must_use]
    pub fn of_nobody(self) -> Self {
        Self {
            emergency: self.emergency,
            ..Self::default()
        }
    }

    /// Whether they are at `level` and who they are is known.
    pub fn holds(&self, level: Level) -> Option<P> {
        self.patient.filter(|_| self.level >= level)
    }
}

/// What the evidence amounts to at `now`. The details, or that they wrote signed in, come first: without them nothing else
/// counts, and all of it has to be about the patient of the newest ones.
pub fn standing<P: Copy + PartialEq, S: Copy, T: Copy + Ord>(
    evidence: &[Evidence<P, S, T>],
    now: T,
) -> Standing<P, S, T> {
    let live = || evidence.iter().filter(|one| one.expires_at > now);
    let newest = |wanted: &[Method], patient: Option<P>| {
        live()
            .filter(|one| wanted.contains(&one.method) && one.patient.is_some())
            .filter(|one| patient.is_none() || one.patient == patient)
            .max_by_key(|one| one.made_at)
    };
    let emergency = live()
        .filter(|one| one.method == Method::Emergency)
        .map(|one| one.expires_at)
        .max();
    let first = [Method::Details, Method::SignedIn, Method::SignedInNew];
    let Some(details) = newest(&first, None) else {
        return Standing {
            emergency,
            ..Standing::default()
        };
    };
    let mut parts = vec![details];
    // Being signed in shows both: who they are, and that a code or a key of theirs came back.
    let code = newest(&[Method::Code, Method::SignedIn], details.patient);
    parts.extend(code);
    let third = |method| newest(&[method], details.patient).filter(|_| code.is_some());
    let (called, approved) = (third(Method::CallBack), third(Method::Approval));
    parts.extend(called.into_iter().chain(approved));
    let level = match parts.len() {
        1 => Level::L1,
        2 => Level::L2,
        _ => Level::L3,
    };
    Standing {
        level,
        patient: details.patient,
        by: parts
            .iter()
            .max_by_key(|one| one.made_at)
            .and_then(|one| one.by),
        until: parts.iter().map(|one| one.expires_at).min(),
        emergency,
        both: called.is_some() && approved.is_some(),
        makers: parts.iter().filter_map(|one| one.by).collect(),
    }
}

/// What decides about a conversation: `raised` when there is a red flag, and what whoever asks may hear for the patient.
pub const fn shown<P, S, T>(standing: &Standing<P, S, T>, raised: bool, scope: Scope) -> Shown {
    Shown {
        level: standing.level,
        both: standing.both,
        raised,
        emergency: standing.emergency.is_some(),
        scope,
    }
}

/// What may be spoken about or given. The level above the third is a call back and a second person. An emergency opens
/// what the second level does whatever else there is, and neither addresses nor records.
pub fn opens(shown: &Shown) -> Vec<Group> {
    let all = Group::ALL.iter().copied();
    all.filter(|group| shown.missing(*group).is_none())
        .collect()
}

/// Whether what was shown is enough for this group.
pub fn reaches<P, S, T>(standing: &Standing<P, S, T>, group: Group, raised: bool) -> bool {
    shown(standing, raised, Scope::ALL)
        .unproven(group)
        .is_none()
}

/// Why an address confirms nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable<T> {
    /// It is held back until then.
    Held(T),
    /// It is not on file for long enough; from then on it is.
    New(T),
    /// Mail came back from there.
    CameBack,
    /// It is of somebody who acts for the patient in some things only, or no more.
    Acts,
    /// The patient chose to be reached another way only.
    Barred,
}

/// Whether an address on file since `since` may confirm who somebody is. `later` says which instant is so many seconds
/// after another.
pub fn usable<T: Copy + Ord>(
    since: T,
    held_until: Option<T>,
    bounced: bool,
    now: T,
    later: impl Fn(T, i64) -> T,
) -> Result<(), Unusable<T>> {
    let old_enough = later(since, ON_FILE_DAYS * DAY);
    match held_until {
        Some(until) if until > now => Err(Unusable::Held(until)),
        _ if old_enough >= now => Err(Unusable::New(old_enough)),
        _ if bounced => Err(Unusable::CameBack),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;
