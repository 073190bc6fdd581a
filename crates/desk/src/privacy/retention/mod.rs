//! What goes by itself, each kind of record after its own time. Owns `retention_rules` and `retention_runs`.
//!
//! Nothing goes until a person looked at what would ([`look`]) and decided ([`decide`]); by which more goes counts a day
//! later, so that it can be taken back ([`take_back`]). Once a day each rule runs ([`daily`]): it takes what is old enough in
//! order, some records in each command, and leaves of what it did an account of counts that is signed with the audit log's
//! key.
//!
//! What destroys is erasure's ([`crate::privacy::erasure`]): of a request a skeleton stays, and the marks of its mails, so
//! that one which still lies in the mailbox isn't taken in again. Whoever brought the last request that the desk had of them goes with it.
//! Other kinds are rows without words of others' parts, which are found and deleted here by their keys alone, as erasure
//! does it, in one list ([`kinds`]).
//!
//! Invariants: nothing goes within its period, under a hold on its patient or on the one that whoever brought it stands for,
//! or while its patient is too young; the law's least period is no setting; the audit log stays.

mod find;
pub mod kinds;
mod model;
mod rules;
mod run;
mod runs;
mod store;

pub use find::AHEAD;
pub use model::{
    AGES, MAX_DAYS, Next, Offer, Period, Preview, Record, Rule, Run, SEEN_FOR, Told, WAIT, When,
    Wish,
};
pub use rules::{decide, list, look, one, take_back};
pub use run::{advance, daily, is_proven};
pub use runs::{run, runs};
pub use store::ALL as STATEMENTS;
