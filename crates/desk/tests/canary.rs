//! Words, names and numbers of a patient are driven in by every way, and looked for in everything that is kept on disk, the
//! write-ahead logs and the rows of the job queue included.

mod common;

use crate::common::Role;
use bedside_desk::context::Permissions;
use common::canaries::{self, files, held};
use common::{Engine, both_engines};
use serde_json::json;

/// Each stands for one field; none is a word that the program itself uses.
const CANARIES: &[&str] = &[
    "zebrafinch",
    "oriolebird",
    "kestrelmail",
    "1931-07-23",
    "MRN7734190",
    "5550147789",
    "quailnote",
    "heronreply",
    "ibistag",
    "lapwingfield",
];

both_engines! {
    async fn nothing_readable_is_kept(desk: Desk) {
        let client = desk.client(&Permissions::ALL.codes()).await;
        let patient = json!({
            "name": "Zebrafinch Oriolebird", "birth_date": "1931-07-23", "mrn": "MRN7734190",
            "email": "kestrelmail@patient.example", "phone": "+1 555 014 7789",
        });
        client.post("/api/v1/patients", &patient).await.expect(201);
        let ticket = json!({
            "requester": { "email": "kestrelmail@patient.example", "name": "Zebrafinch Oriolebird" },
            "subject": "About oriolebird", "body": "I am zebrafinch, call 5550147789, record MRN7734190.",
        });
        let made = client.post("/api/v1/tickets", &ticket).await.expect(201).json();
        let id = made["id"].as_str().expect("an id").to_owned();
        let note = json!({ "body": "quailnote" });
        client.post(&format!("/api/v1/tickets/{id}/notes"), &note).await.expect(201);
        let reply = json!({ "body": "heronreply" });
        client.post(&format!("/api/v1/tickets/{id}/messages"), &reply).await.expect(201);
        let way = format!("/api/v1/tickets/{id}");
        let version = client.get(&way).await.expect(200).header("etag").expect("a version").to_owned();
        let words = json!({ "add_tags": ["ibistag"], "subject": "lapwingfield" });
        client.patch(&way, &version, &words).await.expect(200);
        client.post("/api/v1/search", &json!({ "q": "zebrafinch" })).await.expect(200);
        desk.browser(Role::Agent).await.get("/search?q=zebrafinch").await;
        // The words are really in: they can be read by whoever may.
        let shown = client.get(&format!("/api/v1/tickets/{id}/messages")).await.expect(200).text();
        assert_eq!(held(shown.as_bytes(), &["zebrafinch", "heronreply"]).len(), 2, "{shown}");
        canaries::everywhere(&desk).await;
        desk.audit_is_whole().await;

        let mut kept = Vec::new();
        files(desk.folder(), &mut kept);
        if desk.engine == Engine::Sqlite {
            for file in ["bedside.db", "bedside.db-wal"] {
                assert!(kept.iter().any(|(name, bytes)| name.ends_with(file) && !bytes.is_empty()), "{file}");
            }
        }
        kept.push(canaries::jobs(&desk.app.db).await);
        let words = [CANARIES, canaries::EVERYWHERE].concat();
        let mut found = canaries::found(&kept, &words);
        if let Some(url) = &desk.app.config.database {
            found.extend(canaries::found(&[canaries::dump(url)], &words));
            found.extend(canaries::files_of_postgres(&desk, &words).await);
        }
        assert!(found.is_empty(), "{found:?}");
    }
}
