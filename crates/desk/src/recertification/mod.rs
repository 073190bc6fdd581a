//! Rounds in which somebody looks at who may do what: every quarter of the clinic's calendar each person of the staff and
//! each API token is confirmed, changed or taken away by somebody else. Owns `access_rounds` and `access_rows`.
//!
//! Invariants: at most one round of an organisation is open; nobody decides on themselves or on a token that they made; a row
//! is decided once, and what stood there then stays with it, but for one that was to be changed and was not, on which somebody
//! decides anew; whoever manages the staff decides on those who may do no more than they may, whoever watches over privacy on
//! everybody; what nobody else may decide on keeps no round open and is never taken away; who joins while a round is open comes
//! into it, and who left is marked so. Every decision is an entry of the audit log.
//!
//! What is decided on is held ([`staff::held_access`](crate::staff::held_access)): no role changes between the look and the
//! word. When each was last used is read outside of any write, because it costs a query each.

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
use crate::ids::{ApiTokenId, StaffId, SubjectId};
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

/// Whose access a row is about.
fn whose(row: &store::Row) -> Whose {
    let id = row.subject.bytes();
    if row.kind == model::PERSON {
        Whose::Person(StaffId::from_bytes(id))
    } else {
        Whose::Token(ApiTokenId::from_bytes(id))
    }
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
