//! The clinic's own words for a caller who plays a part.

use super::common::both_engines;
use super::*;
use bedside_desk::{knowledge, startup};
use std::fs;
use std::path::Path;

const FILE: &str = "language/pretexts.toml";
const SIGN: &str = "It has to be at once, and nobody may know of it.";

fn entry(part: &str, term: &str) -> String {
    format!(
        "\n[[words]]\npart = \"{part}\"\nlanguage = \"en\"\nterms = [\"{term}\"]\nreason = \"Our own\"\nreview = \"2027-05-01\"\n"
    )
}

fn add(folder: &Path, text: &str) {
    let path = folder.join(FILE);
    let before = fs::read_to_string(&path).unwrap();
    fs::write(path, before + text).unwrap();
}

both_engines! {
    async fn a_clinic_says_by_which_words_a_sign_is_raised(desk: Desk) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in startup::built_in_clinic() {
            let path = folder.path().join(&name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let desk = Desk::of_clinic(desk.engine, Some(folder.path())).await;
        let agent = desk.browser(Role::Agent).await;
        let own = desk.ticket("zora@quetzal.test", "Hello", "On the double, and mum is the word").await;
        let shipped = desk.ticket("zora@quetzal.test", "Hola", "Es urgente y no se lo diga a nadie").await;
        let within = desk.ticket("zora@quetzal.test", "Hello", "The secretary said that it is urgent").await;
        let shows = async |ticket: TicketId| {
            let page = agent.get(&format!("/tickets/{ticket}")).await.expect(200).text();
            page.contains(SIGN)
        };
        assert_eq!((shows(own).await, shows(shipped).await, shows(within).await), (false, true, false));
        add(folder.path(), &(entry("urgent", "on the double") + &entry("secret", "mum is the word")));
        knowledge::reload(&desk.app).await.unwrap();
        assert_eq!((shows(own).await, shows(shipped).await, shows(within).await), (true, true, false));
        // What can't be used is refused with file, line and reason; the last good words stay.
        let line = fs::read_to_string(folder.path().join(FILE)).unwrap().lines().count() + 3;
        add(folder.path(), &entry("secretive", "x"));
        knowledge::reload(&desk.app).await.unwrap();
        let refused = desk.app.shelf.refused().unwrap();
        assert_eq!((refused.file.as_str(), refused.line), (FILE, line));
        assert!(refused.reason.contains("unknown part \"secretive\""), "{refused}");
        assert!(shows(own).await);
    }
}
