//! Incidents that may be breaches of patients' data (45 CFR 164.400-414, GDPR Art. 33 and 34), from discovery to the last letter.
//! Owns `breaches`, `breach_people`, `breach_letters` and `breach_duties`.
//!
//! Whoever has `privacy:manage` opens an incident with the instant of its discovery, from which the clocks run (`law.toml`),
//! whenever it was typed in. The audit log says whose data somebody saw ([`look`]); the answer is frozen into the incident as a
//! list ([`take`]), to which people are added, and from which they are taken, by hand and with a reason.
//!
//! Invariants: an incident is presumed a breach, and its clocks run, until an assessment by the four factors says otherwise
//! and a second person has signed it; whoever assessed doesn't sign; letters go out after that alone, to nobody twice; what is
//! decided is not assessed again; nobody is taken off the list without a word why.

mod assess;
mod by_hand;
mod law;
mod letters;
mod model;
mod people;
mod service;
mod store;

pub use assess::{Said, assess, sign};
pub use by_hand::{Added, add, remove};
pub use law::{Due, Period, duties};
pub use letters::{
    Letter, PrintedLetter, Way, handlers, letter_of, letters, posted, printed, send, write_letter,
};
pub use model::{
    Act, Assessment, Breach, Conclusion, Counted, Counts, Data, DoneDuty, Duty, Exception, Factor,
    MAX_AGE_DAYS, MAX_LINE, MAX_WORDS, Part, Place, Query, Risk, State, Told, Whose, Words,
};
pub use people::{Answer, PersonView, look, people, take};
pub(in crate::privacy) use service::timers;
pub use service::{
    BreachView, Facts, change, close, count_open, count_residents, done, list, open_breach, view,
};
pub use store::ALL as STATEMENTS;
