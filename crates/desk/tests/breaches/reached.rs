//! Letters about an incident keep to the one way that a patient chose.

use super::*;
use bedside_desk::patients::{NewContact, Who};
use common::granted::reached;

/// Another contact who is the patient, with this address.
async fn other(desk: &Desk, patient: PatientId, address: &str) {
    let new = NewContact {
        name: None,
        locale: None,
        secure_link: false,
        patient: Some(patient),
        points: vec![(PointKind::Email, address.to_owned())],
        who: Some(Who::Themself),
        ground: None,
    };
    patients::create_contact(&desk.app, &desk.system(), new)
        .await
        .unwrap();
}

both_engines! {
    async fn a_letter_goes_to_the_chosen_place_and_no_other(desk: Desk) {
        let [zenobia, ambrose, _] = touched(&desk).await;
        other(&desk, zenobia, "later@patient.example").await;
        other(&desk, ambrose, "beside@patient.example").await;
        let sink = sink(&desk).await;
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        reached(&desk, zenobia, "later", "").await;
        reached(&desk, ambrose, "post", "Box 7734\nZebrafinch Lane").await;
        let id = decided(&desk).await;
        goes_out(&desk, &sink).await;
        breaches::send(app, &officer, version(&desk, id).await, Way::Mail).await.unwrap();
        let sent = goes_out(&desk, &sink).await;
        let to: Vec<&str> = sent.iter().flat_map(|mail| mail.to.iter()).map(String::as_str).collect();
        assert_eq!(to, ["<later@patient.example>"]);
        let people = list(&desk, id).await;
        let of = |patient: PatientId| people.iter().find(|one| one.patient.as_ref().is_some_and(|(id, _)| *id == patient)).unwrap();
        assert_eq!((of(zenobia).told, of(ambrose).told), (Told::Mailed, Told::Print));
        // Whoever prints it reads where it is posted.
        let printed = breaches::printed(app, &officer, id, of(ambrose).id).await.unwrap();
        assert_eq!(printed.place.as_deref(), Some("Box 7734\nZebrafinch Lane"));
        let browser = desk.browser(Role::Compliance).await;
        let paper = browser.get(&format!("/privacy/breaches/{id}/print/{}", of(ambrose).id)).await.expect(200).text();
        assert!(paper.contains("Box 7734") && paper.contains("Zebrafinch Lane"), "{paper}");
    }
}
