//! What can go wrong in a command or a query, with a text for people and one for the log.

use crate::ids::{PatientId, QueueId};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bedside_codecs::mail::address::AddressError;
use bedside_db::DbError;
use bedside_web::{FieldError, Problem};

/// An error of the product. Its public part never carries patient data or internals; the private part of
/// [`DeskError::Internal`], [`DeskError::Unavailable`] and [`DeskError::Storage`] reaches the log alone.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// Nobody is signed in, or the token is not valid.
    #[error("not signed in")]
    Unauthorized,
    /// Signed in, but not allowed.
    #[error("not allowed")]
    Forbidden,
    /// A clinical request was to be resolved or closed by somebody who is no clinician.
    #[error("only a clinician ends a clinical request")]
    ClinicalOnly,
    /// About a patient whose labels the actor may not see.
    #[error("restricted")]
    Restricted {
        /// Whom; none where that is not known.
        patient: Option<PatientId>,
        /// Whether the actor may open the record for a reason.
        can_open: bool,
    },
    /// A request that waits where the actor has no business.
    #[error("in another queue")]
    OtherQueue {
        /// Where it waits.
        queue: QueueId,
    },
    /// What they ask for needs a fresh proof of who they are.
    #[error("a fresh proof is needed")]
    ConfirmRequired {
        /// The page on which to go on after it.
        page: String,
    },
    /// Their role wants a second factor, and they have none yet.
    #[error("a second factor is needed")]
    SecondFactorRequired,
    /// Not there, or not for this reader: the two read the same.
    #[error("not found")]
    NotFound,
    /// A link that was used up, revoked or has expired.
    #[error("gone")]
    Gone,
    /// Someone else changed it first.
    #[error("changed meanwhile")]
    Stale {
        /// The version it has now.
        version: i64,
        /// Which fields were changed since the caller's version.
        changed: Vec<String>,
    },
    /// What was sent can't be used.
    #[error("invalid {field}: {code}")]
    Invalid {
        /// The field it is about.
        field: &'static str,
        /// Stable code, also the Fluent key behind `error-`.
        code: &'static str,
        /// Plain English, without what was sent.
        text: &'static str,
    },
    /// It does not fit the state things are in.
    #[error("{code}")]
    Conflict {
        /// Stable code.
        code: &'static str,
        /// Plain English.
        text: &'static str,
    },
    /// An `Idempotency-Key` came with another request than the first time.
    #[error("an idempotency key was used for another request")]
    KeyReused,
    /// Too large.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Too many in too short a time.
    #[error("too many requests")]
    RateLimited {
        /// When to try again, in seconds.
        retry_after: u32,
    },
    /// Something the desk needs does not answer; trying again later is right.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The disk is full or does not work: nothing can be stored until somebody makes room.
    #[error("nothing can be stored: {0}")]
    Storage(String),
    /// A defect or a broken part.
    #[error("internal: {0}")]
    Internal(String),
}

impl DeskError {
    /// What was sent in `field` can't be used, because of `code`, said in plain `text`.
    pub fn invalid(field: &'static str, code: &'static str, text: &'static str) -> Self {
        Self::Invalid { field, code, text }
    }

    /// The stable code, fit for a job's row or a log.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::ClinicalOnly => "clinical_only",
            Self::Restricted { .. } => "restricted",
            Self::OtherQueue { .. } => "other_queue",
            Self::ConfirmRequired { .. } => "confirm_required",
            Self::SecondFactorRequired => "second_factor_required",
            Self::NotFound => "not_found",
            Self::Gone => "gone",
            Self::Stale { .. } => "stale",
            Self::Invalid { code, .. } | Self::Conflict { code, .. } => code,
            Self::KeyReused => "idempotency_key_reused",
            Self::TooLarge { .. } => "too_large",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable(_) => "unavailable",
            Self::Storage(_) => "storage_full",
            Self::Internal(_) => "internal",
        }
    }

    /// Whether it is there and kept from the actor: by a label, or because it waits elsewhere.
    pub const fn is_kept(&self) -> bool {
        matches!(self, Self::Restricted { .. } | Self::OtherQueue { .. })
    }

    /// Whether the same command may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Storage(_) | Self::RateLimited { .. }
        )
    }
}

impl From<DbError> for DeskError {
    fn from(error: DbError) -> Self {
        if error.is_disk() {
            Self::Storage(error.to_string())
        } else if error.is_transient() {
            Self::Unavailable(error.to_string())
        } else {
            Self::Internal(error.to_string())
        }
    }
}

impl From<bedside_vault::OpenError> for DeskError {
    fn from(error: bedside_vault::OpenError) -> Self {
        Self::Internal(format!("a sealed value could not be opened: {error}"))
    }
}

impl From<AddressError> for DeskError {
    fn from(error: AddressError) -> Self {
        Self::invalid("email", "invalid", error.public())
    }
}

impl From<serde_json::Error> for DeskError {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(format!(
            "stored JSON: line {} column {}",
            error.line(),
            error.column()
        ))
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Unauthorized => Self::unauthorized(),
            DeskError::Forbidden => Self::forbidden(),
            DeskError::ClinicalOnly => Self::new(
                StatusCode::FORBIDDEN,
                "clinical_only",
                "Clinicians resolve or close these requests",
            )
            .detail(
                "Clinicians resolve or close these requests. Answer and leave it open, or give it to one.",
            ),
            DeskError::Restricted { patient, can_open } => {
                let problem = Self::new(
                    StatusCode::FORBIDDEN,
                    "restricted",
                    "This record is restricted",
                );
                let problem = problem
                    .detail("Few colleagues see this record, because of who it is about or what is in it.");
                match patient.filter(|_| can_open) {
                    Some(patient) => problem.with("open", format!("/restricted/{patient}")),
                    None => problem,
                }
            }
            DeskError::OtherQueue { .. } => Self::new(
                StatusCode::FORBIDDEN,
                "other_queue",
                "This request is with another team",
            )
            .detail("It waits in a queue that is none of yours."),
            DeskError::ConfirmRequired { page } => Self::new(
                StatusCode::FORBIDDEN,
                "confirm_required",
                "Confirm that it is you",
            )
            .detail("This needs a fresh proof of who you are. Confirm it on /account/confirm, then send this again.")
            .with("page", page),
            DeskError::SecondFactorRequired => Self::new(
                StatusCode::FORBIDDEN,
                "second_factor_required",
                "Set up your second factor",
            )
            .detail("Your role needs a second factor. Set it up on /account/second-factor."),
            DeskError::NotFound => Self::not_found(),
            DeskError::Gone => Self::gone(),
            DeskError::Stale { version, changed } => {
                let changed: Vec<&str> = changed.iter().map(String::as_str).collect();
                Self::stale(version, &changed)
            }
            DeskError::Invalid { field, code, text } => Self::unprocessable(vec![FieldError {
                field: field.to_owned(),
                code: code.into(),
                message: text.into(),
            }]),
            DeskError::Conflict { code, text } => Self::conflict(code, text),
            DeskError::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "This key was used before",
            )
            .detail("This Idempotency-Key was used for another request. Use a new one."),
            DeskError::TooLarge { limit } => Self::too_large(limit),
            DeskError::RateLimited { retry_after } => Self::rate_limited(retry_after),
            DeskError::Unavailable(private) => Self::unavailable(private),
            DeskError::Storage(private) => Self::storage_full(private),
            DeskError::Internal(private) => Self::internal(private),
        }
    }
}

impl IntoResponse for DeskError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}
