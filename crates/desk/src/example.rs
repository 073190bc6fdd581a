//! What a clinic still has of the invented example that ships with the program.

use crate::app::App;
use crate::config::clinic::{self, Profile};
use crate::orgs::Clinic;
use crate::startup;
use std::sync::LazyLock;

static EXAMPLE: LazyLock<Option<Profile>> = LazyLock::new(|| {
    clinic::parse(&startup::built_in_clinic())
        .ok()
        .map(|clinic| clinic.profile)
});

/// Something that patients read of a clinic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Its name.
    Name,
    /// Its telephone.
    Phone,
    /// Its time zone, in which they read times.
    TimeZone,
}

/// The details of a clinic that are still the example's, each with its value. In a demo everything is invented, and a
/// clinic that has a name and a telephone of its own may well be where the example is.
pub fn left(app: &App, clinic: &Clinic) -> Vec<(Detail, &'static str)> {
    let Some(example) = EXAMPLE.as_ref().filter(|_| !app.config.demo) else {
        return Vec::new();
    };
    let name = clinic.name == example.name;
    let phone = clinic.settings.phone == example.phone;
    let zone = clinic.time_zone.iana_name() == Some(example.time_zone.as_str());
    let details = [
        (name, Detail::Name, example.name.as_str()),
        (phone, Detail::Phone, example.phone.as_str()),
        (
            zone && (name || phone),
            Detail::TimeZone,
            example.time_zone.as_str(),
        ),
    ];
    let same = details.into_iter().filter(|(same, ..)| *same);
    same.map(|(_, detail, value)| (detail, value)).collect()
}
