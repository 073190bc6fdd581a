//! Settings pages, and those for who leads the desk: the audit log, mails that failed, ratings.
//!
//! Every kind of setting that is a list of entries is a [`section::Section`]: what its list shows, what its form asks,
//! and which [`crate::orgs::Change`] the form becomes. The handlers in [`section`] do the rest: permissions, the token,
//! "someone changed it meanwhile" with what was typed kept. To add a section: an `impl Section`, a line in [`routes`],
//! a line in [`overview`], texts `admin-<key>…`.

mod access;
mod audit;
mod audit_kept;
mod audit_search;
mod audit_words;
mod breaches;
mod csv;
mod disclosures;
mod form;
mod general;
mod mailboxes;
mod mails;
mod notices;
mod overview;
mod people;
mod privacy_rules;
mod provisioning;
mod queue_boxes;
mod ratings;
mod retention;
mod roles;
mod section;
mod sections;
mod seen;
mod sso;
mod texts;
mod tokens;
mod watch;

pub use audit_words::ACTIONS;

use crate::context::Permission::{SettingsRead, SettingsWrite};
use crate::router::{Access, Route};
use section::Section;

/// The ways in of this part.
pub fn routes() -> Vec<Route> {
    [
        vec![Route::get(
            "/settings",
            Access::Staff(SettingsRead),
            overview::index,
        )],
        general::routes(),
        of::<sections::queues::Queues>(
            "/settings/queues",
            "/settings/queues/{id}",
            "/settings/queues/{id}/remove",
        ),
        of::<sections::categories::Categories>(
            "/settings/categories",
            "/settings/categories/{id}",
            "/settings/categories/{id}/remove",
        ),
        of::<sections::policies::Policies>(
            "/settings/sla",
            "/settings/sla/{id}",
            "/settings/sla/{id}/remove",
        ),
        of::<sections::replies::Replies>(
            "/settings/replies",
            "/settings/replies/{id}",
            "/settings/replies/{id}/remove",
        ),
        of::<sections::fields::Fields>(
            "/settings/fields",
            "/settings/fields/{id}",
            "/settings/fields/{id}/remove",
        ),
        of::<sections::statuses::Statuses>(
            "/settings/statuses",
            "/settings/statuses/{id}",
            "/settings/statuses/{id}/remove",
        ),
        texts::routes(),
        mailboxes::routes(),
        mails::routes(),
        ratings::routes(),
        people::routes(),
        roles::routes(),
        tokens::routes(),
        sso::routes(),
        audit::routes(),
        audit_kept::routes(),
        access::routes(),
        seen::routes(),
        disclosures::routes(),
        watch::routes(),
        breaches::routes(),
        privacy_rules::routes(),
        retention::routes(),
        provisioning::routes(),
        notices::routes(),
    ]
    .concat()
}

/// The ways in of one section: its list, an entry (`new` for one to be added), and the entry's removal.
fn of<S: Section>(list: &'static str, entry: &'static str, remove: &'static str) -> Vec<Route> {
    vec![
        Route::get(list, Access::Staff(SettingsRead), section::list::<S>),
        Route::get(entry, Access::Staff(SettingsRead), section::edit::<S>),
        Route::post(entry, Access::Staff(SettingsWrite), section::save::<S>),
        Route::post(remove, Access::Staff(SettingsWrite), section::remove::<S>),
    ]
}
