//! The clinic that ships with the program, as a new organisation. No role of it needs a second factor: the tests of
//! `second_factor.rs` switch that on.

use bedside_desk::app::App;
use bedside_desk::config::{clinic, organisation};
use bedside_desk::orgs::NewOrganisation;
use bedside_desk::startup;

pub fn from_files(app: &App) -> NewOrganisation {
    let clinic =
        clinic::parse(&startup::built_in_clinic()).expect("the clinic's files fit together");
    let mut new = organisation::new_organisation(&clinic, "clinic", &app.ids, app.now());
    for role in &mut new.roles {
        role.second_factor = bedside_desk::staff::SecondFactor::None;
    }
    new
}
