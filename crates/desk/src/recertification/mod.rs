//! Rounds in which somebody looks at who may do what: every quarter of the clinic's calendar each person of the staff and
//! each API token is confirmed, changed or taken away by somebody else. Owns `access_rounds` and `access_rows`.
//!
//! Invariants: at most one round of an organisation is open; nobody decides on themselves or on a token that they made; a row
//! is decided once, and what stood there then stays with it; whoever manages the staff decides on those who may do no more
//! than they may, whoever watches over privacy on everybody; who joins while a round is open comes into it, and who left is
//! marked so. Every decision is an entry of the audit log.

mod decide;
mod model;
mod rounds;
mod show;
mod store;

pub use decide::{Asked, decide};
pub use model::{Change, Decision, Facts, REMIND_DAYS, quarter};
pub use rounds::{close, hourly, open};
pub use show::{Line, Shown, awaits, list, read, report};
pub use store::{ALL as STATEMENTS, Round};

use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::SubjectId;
use crate::staff::Whose;

/// Who decides: whoever manages the staff, and whoever watches over privacy.
pub const DECIDE: [Permission; 2] = [Permission::StaffManage, Permission::PrivacyReview];

fn may(ctx: &Ctx) -> Result<(), DeskError> {
    let [one, other] = DECIDE;
    if ctx.permissions().has(other) {
        return Ok(());
    }
    ctx.authorize(one)
}

/// The id under which a round knows somebody.
const fn subject(whose: Whose) -> SubjectId {
    match whose {
        Whose::Person(id) => SubjectId::from_bytes(id.bytes()),
        Whose::Token(id) => SubjectId::from_bytes(id.bytes()),
    }
}

const fn gone() -> DeskError {
    DeskError::Conflict {
        code: "ended",
        text: "This access has ended meanwhile.",
    }
}
