//! Who writes and who is in care. Owns `patients`, `contacts` and `contact_points`.
//!
//! A contact is a sender with one or more addresses; a patient is a person in care. A contact may stand for a patient
//! once a person of the staff has linked the two. A patient may be reached in one way only ([`ways`]). Every patient and every contact has a key of their own.
//! Exact look-ups (address, MRN, name + birth date) go over keyed blind indexes.

mod contact;
mod find;
mod labels;
pub mod linking;
mod list;
pub mod model;
mod named;
mod on_file;
mod requester;
mod service;
pub mod sign_in;
mod store;
pub mod ways;

pub use contact::{ContactPatch, Ground, NewContact, change_contact, create_contact};
pub(crate) use find::{MOST as MOST_FOUND, matching};
pub use find::{Wanted, find_beside, find_patients};
pub use labels::label_patient;
pub use linking::{Linking, Who};
pub(crate) use linking::{acts_only, brings_another, link_contact, unsaid};
pub use list::{list_contacts, list_patients};
pub use model::{ContactView, NewPatient, OnlyBy, PatientView, PointKind, Reach};
pub(crate) use named::{Named, names_or_addresses};
pub(crate) use on_file::{
    Claim, OnFile, address_changed_since, addresses_mark, claim, compare, on_file,
    on_file_of_contact,
};
pub use on_file::{Factor, HOLD_HOURS};
pub use requester::{
    Requester, requester_by_email, requester_by_phone, requester_of_contact, requester_of_patient,
    requester_without_address,
};
pub(crate) use requester::{contacts_of, email_blind, hold_contact};
pub use service::{
    admit, change_patient, contact, contact_of_address, create_patient, create_patient_of,
    name_found, note_bounce, patient, patient_beside, take_acknowledgement, take_hourly_send,
    take_warning,
};
pub(crate) use service::{
    birth_date_of, name_in, nobody, open_contact, owner_of_address, patient_in, sealing_of,
    wants_links,
};
pub use store::ALL as STATEMENTS;
pub use ways::ReachedBy;
pub(crate) use ways::{
    Chosen, choose_way, chosen_way, is_barred, is_chosen_of, mail_to, mailed_at, place_of,
};
