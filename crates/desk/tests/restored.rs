//! A backup that is restored where nobody knows who was erased since: it is refused, erased again, or said.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use aws_lc_rs::digest::{SHA256, digest};
use bedside_audit::{Checkpoint, Origin};
use bedside_db::{SystemClock, args, statements};
use bedside_desk::app::App;
use bedside_desk::context::{Ctx, Source};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{DataKeyId, ErasureId, PatientId, PrivacyRequestId};
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::erasure;
use bedside_desk::records::rotate::{self, NewRoot};
use bedside_desk::{jobs, startup};
use common::granted::granted;
use common::load::{set_up, settings};
use common::program::{ends, json, refuses, run};
use common::{Browser, Desk, Engine, Role, both_engines};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

statements! {
    /// The key that seals a patient.
    KEY_OF = "SELECT key_id FROM patients WHERE organisation_id = $1 AND id = $2";
    /// Whether a key is kept.
    KEPT = "SELECT COUNT(*) FROM data_keys WHERE organisation_id = $1 AND id = $2";
}

const ADDRESS: &str = "kestrelmail@patient.example";

async fn somebody(desk: &Desk) -> PatientId {
    let new = NewPatient {
        name: "Zebrafinch Oriolebird".to_owned(),
        birth_date: None,
        mrn: None,
        locale: None,
        secure_link: false,
    };
    let points = vec![(PointKind::Email, ADDRESS.to_owned())];
    let patient = patients::create_patient(&desk.app, &desk.system(), new, points)
        .await
        .unwrap();
    desk.ticket(ADDRESS, "About oriolebird", "I am zebrafinch.")
        .await;
    patient
}

async fn erase(desk: &Desk, patient: PatientId) -> PrivacyRequestId {
    let (request, version) = granted(desk, patient).await;
    erasure::erase(&desk.app, &desk.ctx(Role::Administrator), request, version)
        .await
        .unwrap();
    jobs::drain(&desk.app).await.unwrap();
    request
}

async fn key_of(desk: &Desk, patient: PatientId) -> DataKeyId {
    let mut conn = desk.app.read_newest().await.unwrap();
    let key = args![desk.organisation, patient];
    conn.query_one(KEY_OF, key, |row| row.get(0)).await.unwrap()
}

/// A desk with a backup from before somebody was erased.
struct Before {
    desk: Desk,
    patient: PatientId,
    /// What sealed them.
    key: DataKeyId,
    backups: TempDir,
}

impl Before {
    async fn new(change: impl FnOnce(&mut bedside_desk::config::Config)) -> Self {
        let desk = Desk::set_up(Engine::Sqlite, change).await;
        let patient = somebody(&desk).await;
        let this = Self {
            key: key_of(&desk, patient).await,
            backups: tempfile::tempdir().unwrap(),
            desk,
            patient,
        };
        this.backup("before");
        erase(&this.desk, patient).await;
        this
    }

    fn backup(&self, name: &str) {
        let file = self.file(name);
        let args = ["backup", file.to_str().unwrap()];
        ends(
            &tokio::task::block_in_place(|| run(self.desk.folder(), &args)),
            0,
        );
    }

    fn file(&self, name: &str) -> PathBuf {
        self.backups.path().join(name)
    }

    fn list(&self) -> PathBuf {
        self.desk.folder().join("audit/erased.txt")
    }

    /// `bedside restore` of the backup from before.
    fn restore(&self, folder: &Path, more: &[&str]) -> std::process::Output {
        restore(&self.file("before"), folder, more)
    }

    /// Whether the patient and their keys are back.
    async fn is_back(&self, app: &App) -> bool {
        let ctx = Ctx::system(self.desk.organisation, "test", Source::Job);
        let found = patients::patient(app, &ctx, self.patient).await;
        let mut conn = app.read_newest().await.unwrap();
        let key = args![self.desk.organisation, self.key];
        let kept: i64 = conn.query_one(KEPT, key, |row| row.get(0)).await.unwrap();
        match found {
            Ok(_) => {
                assert_eq!(kept, 1);
                true
            }
            Err(DeskError::NotFound) => {
                assert_eq!(kept, 0, "the key came back");
                false
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// `bedside restore` of a backup.
fn restore(file: &Path, folder: &Path, more: &[&str]) -> std::process::Output {
    let args = [&["restore", file.to_str().unwrap()], more].concat();
    tokio::task::block_in_place(|| run(folder, &args))
}

/// A machine with nothing but the root key.
fn another(before: &Before) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let key = "keys/root.key";
    std::fs::create_dir(folder.path().join("keys")).unwrap();
    std::fs::copy(before.desk.folder().join(key), folder.path().join(key)).unwrap();
    folder
}

async fn start(folder: &Path) -> App {
    let opened = startup::open(settings(folder), Arc::new(SystemClock)).await;
    opened.unwrap().0
}

/// What `/readyz` warns of.
async fn warnings(app: &App) -> String {
    let told = Browser::new(app, None).get("/readyz").await.expect(200);
    told.json()["warnings"].to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_on_another_machine_brings_nobody_back_without_a_word() {
    let before = Before::new(|_| ()).await;
    assert_eq!(
        std::fs::read(before.file("before.erased.txt")).unwrap(),
        b""
    );
    let machine = another(&before);
    let said = refuses(&before.restore(machine.path(), &[]), 2);
    assert!(said.contains("--erasure-list"), "{said}");
    assert!(!machine.path().join("bedside.db").exists());

    // With the desk's own list they are erased in it too.
    let list = before.list();
    let list = list.to_str().unwrap();
    let told = json(&before.restore(machine.path(), &["--erasure-list", list, "--json"]));
    assert_eq!(
        (&told["erased_again"], &told["erasure_list"]),
        (&1.into(), &true.into())
    );
    let app = start(machine.path()).await;
    assert!(!before.is_back(&app).await);
    assert_eq!(warnings(&app).await, "null");
    app.db.close().await;
    drop(app);

    // A list from before what the backup itself knows is none.
    before.backup("after");
    let empty = machine.path().join("empty.txt");
    std::fs::write(&empty, "").unwrap();
    let machine = another(&before);
    let (after, empty) = (before.file("after"), empty.to_str().unwrap().to_owned());
    let args = ["restore", after.to_str().unwrap(), "--erasure-list", &empty];
    let said = refuses(
        &tokio::task::block_in_place(|| run(machine.path(), &args)),
        2,
    );
    assert!(said.contains("older than this backup"), "{said}");
    // The one that was made with it does for the backup from before.
    let newest = before.file("after.erased.txt");
    let newest = newest.to_str().unwrap();
    ends(
        &before.restore(machine.path(), &["--erasure-list", newest]),
        0,
    );
    let app = start(machine.path()).await;
    assert!(!before.is_back(&app).await);
    app.db.close().await;
    drop(app);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_list_the_desk_says_so_until_it_is_brought() {
    let before = Before::new(|_| ()).await;
    let machine = another(&before);
    let said = ends(
        &before.restore(machine.path(), &["--without-erasure-list"]),
        0,
    );
    assert!(said.contains("whoever was may be back"), "{said}");
    let app = start(machine.path()).await;
    assert!(before.is_back(&app).await, "what is warned of is so");
    let told = warnings(&app).await;
    assert!(
        told.contains("without the list of what was erased"),
        "{told}"
    );
    app.db.close().await;
    drop(app);
    let check = || tokio::task::block_in_place(|| ends(&run(machine.path(), &["check"]), 1));
    assert!(check().contains("No list says who was erased"));
    // Once more: the list that this desk has begun is not whole.
    refuses(&before.restore(machine.path(), &["--force"]), 2);

    // As the file beside the list says.
    let audit = machine.path().join("audit");
    std::fs::copy(before.list(), audit.join("erased.txt")).unwrap();
    let app = start(machine.path()).await;
    assert!(!before.is_back(&app).await);
    assert_ne!(
        warnings(&app).await,
        "null",
        "nobody said yet that it is whole"
    );
    std::fs::remove_file(audit.join("erased-unknown.txt")).unwrap();
    assert_eq!(warnings(&app).await, "null");
    app.db.close().await;
    drop(app);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_put_there_by_hand_is_said_to_have_no_list() {
    let before = Before::new(|_| ()).await;
    let machine = another(&before);
    std::fs::copy(before.file("before"), machine.path().join("bedside.db")).unwrap();
    let app = start(machine.path()).await;
    assert!(before.is_back(&app).await);
    assert!(warnings(&app).await.contains("without the list"));
    app.db.close().await;
    drop(app);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_place_of_the_list_is_enough_when_it_is_named() {
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("erased.txt");
    let before = Before::new(|config| config.erased_copy = Some(copy.clone())).await;
    let machine = another(&before);
    let line = format!("erased_copy = {copy:?}\n");
    std::fs::write(machine.path().join("bedside.toml"), line).unwrap();
    // It may have been out of reach when the last of them was written, and doesn't show it.
    let copy = copy.to_str().unwrap();
    let said = refuses(&before.restore(machine.path(), &[]), 2);
    assert!(said.contains(copy), "{said}");
    let named = ["--erasure-list", copy, "--json"];
    let told = json(&before.restore(machine.path(), &named));
    assert_eq!(
        (&told["erased_again"], &told["erasure_list"]),
        (&1.into(), &true.into())
    );
    let app = start(machine.path()).await;
    assert!(!before.is_back(&app).await);
    app.db.close().await;
    drop(app);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_says_what_the_second_place_lacks() {
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("erased.txt");
    let before = Before::new(|config| config.erased_copy = Some(copy.clone())).await;
    let folder = before.desk.folder();
    let line = format!("erased_copy = {copy:?}\n");
    std::fs::write(folder.join("bedside.toml"), line).unwrap();
    let check = || {
        let told = tokio::task::block_in_place(|| run(folder, &["check"]));
        String::from_utf8(told.stdout).unwrap()
    };
    let told = check();
    assert!(told.contains("All that was erased is listed in"), "{told}");
    std::fs::write(&copy, "").unwrap();
    let told = check();
    assert!(told.contains("lacks 1 of what was erased"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_that_is_put_aside_counts_where_it_is_the_backups_own_and_later() {
    let before = Before::new(|_| ()).await;
    before.backup("after");
    // One that a start made of nothing but the key, with a list that is empty.
    let fresh = another(&before);
    set_up(fresh.path()).await;
    assert!(fresh.path().join("audit/erased.txt").exists());
    let said = refuses(&before.restore(fresh.path(), &["--force"]), 2);
    assert!(said.contains("--erasure-list"), "{said}");
    // One from before the backup.
    let older = another(&before);
    let none = ["--none-erased-since", "--json"];
    let told = json(&before.restore(older.path(), &none));
    assert_eq!(told["erasure_list"], true, "{told}");
    let list = before.list();
    std::fs::copy(&list, older.path().join("audit/erased.txt")).unwrap();
    let after = before.file("after");
    let said = refuses(&restore(&after, older.path(), &["--force"]), 2);
    assert!(said.contains("--erasure-list"), "{said}");

    // The desk itself, whose list had not been written yet: its database knows.
    let own = another(&before);
    std::fs::copy(&after, own.path().join("bedside.db")).unwrap();
    let told = json(&before.restore(own.path(), &["--force", "--json"]));
    assert_eq!(
        (&told["erased_again"], &told["erasure_list"]),
        (&1.into(), &true.into())
    );
    let app = start(own.path()).await;
    assert!(!before.is_back(&app).await);
    assert_eq!(warnings(&app).await, "null");
    app.db.close().await;
    drop(app);

    // One that can't be read says nothing.
    let broken = another(&before);
    std::fs::write(broken.path().join("bedside.db"), "no database").unwrap();
    refuses(&before.restore(broken.path(), &["--force"]), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_without_a_whole_list_hands_none_on() {
    let before = Before::new(|_| ()).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("erased.txt");
    let machine = another(&before);
    let line = format!("erased_copy = {copy:?}\n");
    std::fs::write(machine.path().join("bedside.toml"), line).unwrap();
    ends(
        &before.restore(machine.path(), &["--without-erasure-list"]),
        0,
    );
    let app = start(machine.path()).await;
    app.db.close().await;
    drop(app);
    assert!(copy.exists());
    // Neither by its second place, which it made of what it knows,
    refuses(&before.restore(machine.path(), &["--force"]), 2);
    assert!(machine.path().join("audit/erased-unknown.txt").exists());

    // nor by a backup of its own.
    let nightly = before.file("nightly");
    let backup = ["backup", nightly.to_str().unwrap(), "--json"];
    let made = json(&tokio::task::block_in_place(|| {
        run(machine.path(), &backup)
    }));
    assert_eq!(made["erasures_known"], false, "{made}");
    let third = another(&before);
    let list = before.file("nightly.erased.txt");
    let list = list.to_str().unwrap();
    for more in [&["--none-erased-since"][..], &["--erasure-list", list]] {
        refuses(&restore(&nightly, third.path(), more), 2);
    }
    let list = before.list();
    let list = ["--erasure-list", list.to_str().unwrap()];
    ends(&restore(&nightly, third.path(), &list), 0);
    let app = start(third.path()).await;
    assert!(!before.is_back(&app).await);
    assert_eq!(warnings(&app).await, "null");
    app.db.close().await;
    drop(app);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_this_desk_did_not_sign_is_none() {
    let before = Before::new(|_| ()).await;
    let other = Before::new(|_| ()).await;
    let machine = another(&before);
    let wrong = machine.path().join("wrong.txt");
    let foreign = std::fs::read(other.list()).unwrap();
    let forged = std::fs::read_to_string(before.list()).unwrap();
    let forged = forged.replacen("\\\"destroyed\\\"", "\\\"destroyed \\\"", 1);
    assert_ne!(forged, std::fs::read_to_string(before.list()).unwrap());
    for bytes in [&b""[..], b"something else", &foreign[..], forged.as_bytes()] {
        std::fs::write(&wrong, bytes).unwrap();
        let given = ["--erasure-list", wrong.to_str().unwrap()];
        let said = refuses(&before.restore(machine.path(), &given), 2);
        assert!(said.contains("names nobody"), "{said}");
    }
    assert!(!machine.path().join("bedside.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manifest_of_a_later_format_is_said_to_be_newer() {
    let before = Before::new(|_| ()).await;
    let manifest = before.file("before.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let mut later: serde_json::Value = serde_json::from_str(&text).unwrap();
    later["format"] = 9.into();
    later["what_nobody_knows_yet"] = true.into();
    std::fs::write(&manifest, later.to_string()).unwrap();
    let machine = another(&before);
    let said = ends(&before.restore(machine.path(), &["--none-erased-since"]), 4);
    assert!(said.contains("newer Bedside"), "{said}");
}

#[tokio::test]
async fn a_look_at_a_folder_without_a_desk_makes_nothing_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let said = ends(&run(folder.path(), &["check"]), 2);
    assert!(said.contains("There is no desk"), "{said}");
    assert!(!folder.path().join("audit").exists());
}

both_engines! {
    async fn a_signed_line_that_can_not_be_read_keeps_no_desk_from_starting(desk: Desk) {
        let patient = somebody(&desk).await;
        erase(&desk, patient).await;
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let certificate = "{\"of\":\"a later release\"}";
        let mut root = [0; 32];
        root.copy_from_slice(digest(&SHA256, certificate.as_bytes()).as_ref());
        let note = Checkpoint {
            origin: Origin::new(&format!("{}/erasure", clinic.slug)).unwrap(),
            size: 0,
            root,
            at: 0,
        };
        let entry = serde_json::json!({
            "certificate": certificate,
            "note": note.sign(desk.app.keyring.audit_key()).to_string(),
            "list": "{}",
        });
        let id: ErasureId = desk.app.id();
        let line = serde_json::json!({ "organisation": desk.organisation, "erasure": id, "entry": entry });
        std::fs::write(desk.folder().join("audit/erased.txt"), line.to_string()).unwrap();
        assert_eq!(erasure::reapply(&desk.app).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_from_before_does_not_open_with_the_next_root_key() {
    let before = Before::new(|_| ()).await;
    let file = before.desk.app.config.key_file();
    rotate::root(&before.desk.app, NewRoot::File(file))
        .await
        .unwrap();
    // What is left once every copy of the earlier key is destroyed.
    let machine = another(&before);
    let list = before.list();
    for more in [
        &["--without-erasure-list"][..],
        &["--erasure-list", list.to_str().unwrap()],
    ] {
        let said = ends(&before.restore(machine.path(), more), 5);
        assert!(said.contains("opens with the root key"), "{said}");
    }
    assert!(!machine.path().join("bedside.db").exists());
    std::fs::copy(before.file("before"), machine.path().join("bedside.db")).unwrap();
    let opened = startup::open(settings(machine.path()), Arc::new(SystemClock)).await;
    assert!(matches!(opened, Err(startup::StartError::Key(_))));
}

/// The desk with a second place for the list.
async fn with_a_second_place(engine: Engine) {
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("mount/erased.txt");
    let desk = Desk::set_up(engine, |config| config.erased_copy = Some(copy.clone())).await;
    let patient = somebody(&desk).await;
    erase(&desk, patient).await;
    let own = std::fs::read_to_string(desk.folder().join("audit/erased.txt")).unwrap();
    assert_eq!(own.matches("\"erasure\"").count(), 1, "{own}");
    // The second place was out of reach; nothing else waited for it.
    assert!(!copy.exists());
    std::fs::create_dir(copy.parent().unwrap()).unwrap();
    // The folder of a disk that is away may be there: only a start makes the file.
    assert!(erasure::copy(&desk.app).await.is_err());
    assert!(!copy.exists());
    erasure::reapply(&desk.app).await.unwrap();
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), own);
    let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // What it lacks is added while the desk runs.
    std::fs::write(&copy, "").unwrap();
    assert_eq!(erasure::lacking(&desk.app, &copy).await.unwrap(), 1);
    erasure::copy(&desk.app).await.unwrap();
    assert_eq!(erasure::lacking(&desk.app, &copy).await.unwrap(), 0);
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), own);
    // What one of them lacks is added when a desk starts.
    std::fs::write(&copy, "").unwrap();
    erasure::reapply(&desk.app).await.unwrap();
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), own);
    std::fs::write(desk.folder().join("audit/erased.txt"), "").unwrap();
    erasure::reapply(&desk.app).await.unwrap();
    let again = std::fs::read_to_string(desk.folder().join("audit/erased.txt")).unwrap();
    assert_eq!(again, own);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_erasure_is_written_to_the_second_place_too() {
    with_a_second_place(Engine::Sqlite).await;
    with_a_second_place(Engine::Postgres).await;
}

both_engines! {
    async fn a_certificate_says_until_when_a_backup_holds_the_record(desk: Desk) {
        let patient = somebody(&desk).await;
        let request = erase(&desk, patient).await;
        let officer = desk.browser(Role::Administrator).await;
        let page = async || officer.get(&format!("/privacy/{request}/certificate")).await.expect(200).text();
        assert!(page().await.contains("still holds this record, locked"));
        desk.clock.advance(60);
        let file = desk.app.config.key_file();
        rotate::root(&desk.app, NewRoot::File(file)).await.unwrap();
        let told = page().await;
        assert!(told.contains("The root key was replaced on") && !told.contains("still holds"), "{told}");
    }
}
