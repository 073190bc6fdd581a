//! Who may see and do what.
//!
//! Every such decision of the desk is made here, but for what only rows tell and the command that holds them asks: whose own
//! role or access it is, and who the last administrator is. Nothing else is here: no database, no clock, no web. The desk says who asks
//! ([`Who`]) and what about, and turns a refusal into its own error. Ids come in as a type parameter: they are compared and
//! never looked into.
//!
//! `cargo xtask torture` changes each of these functions in every way it knows (`cargo mutants`) and fails when the tests
//! beside them don't notice.

mod codes;
mod disclosure;
mod field_group;
mod labels;
mod own;
mod permission;
mod queues;
mod reach;
mod sight;
mod standing;
mod way;
mod who;

pub use disclosure::{Class, Group, LetOut, Level, Missing, Scope, Shown, let_out, needs};
pub use field_group::FieldGroup;
pub use labels::{Label, Labels};
pub use own::{Bar, may_have};
pub use permission::{Permission, Permissions};
pub use queues::Queues;
pub use reach::Reach;
pub use sight::{Line, Sight, is_live};
pub use standing::{
    DAY, Evidence, Method, ON_FILE_DAYS, Standing, Unusable, opens, reaches, shown, standing,
    usable,
};
pub use way::Access;
pub use who::{Held, Kept, Refusal, Who};
