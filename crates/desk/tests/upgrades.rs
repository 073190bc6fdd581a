//! Rows of every older schema, brought to the newest one: what a desk wrote is all there afterwards and its work goes on.
//!
//! The rows are a real desk's, copied into a database that the shipped steps made up to an older version, column by
//! column as that version had them.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use crate::common::Role;
use bedside_db::{Db, DbError, FixedClock, Row, Statement, Target, Value, args, statements};
use bedside_desk::app::App;
use bedside_desk::config::Config;
use bedside_desk::context::{Permission, Permissions};
use bedside_desk::field_group::FieldGroup;
use bedside_desk::ids::{OrganisationId, TicketId};
use bedside_desk::intake::email::{self, Source, Via, processor};
use bedside_desk::staff::{self, NewToken, Queues};
use bedside_desk::startup::{self, MIGRATIONS};
use bedside_desk::tickets::{self, NewTicket, Patch, Reply, View};
use bedside_desk::timeline::Envelope;
use bedside_desk::{audit_log, jobs};
use bedside_language::Channel;
use common::program::run;
use common::sink::{Sink, sink};
use common::wire::{ANA, plain};
use common::{Browser, Desk, Engine, config};
use futures_util::FutureExt;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

statements! {
    /// A tag as it stood before tags were sealed.
    PLAIN_TAG = "INSERT INTO ticket_tags (organisation_id, ticket_id, tag) VALUES ($1, $2, 'refill')";
    /// A rating as it stood before it said who had the request.
    RATING = "INSERT INTO ratings (organisation_id, ticket_id, contact_id, queue_id, key_id, score, created_at, updated_at) \
        SELECT organisation_id, id, contact_id, queue_id, key_id, 5, created_at, created_at FROM tickets WHERE id = $1";
    /// Messages without a recipient: that is a column of later, like those below, with the value for what was before it.
    MESSAGES = "SELECT COUNT(*) FROM messages WHERE recipient_id IS NULL";
    /// Jobs that nothing interrupted.
    JOBS = "SELECT COUNT(*) FROM jobs WHERE interrupted = 0";
    /// Mails that nobody has looked at.
    RECEIVED = "SELECT COUNT(*) FROM inbound_mails WHERE interrupted = 0 AND state = 'received'";
    /// Mails on their way out.
    WAITING = "SELECT COUNT(*) FROM outbound_mails WHERE state = 'queued'";
    /// Addresses that were never warned.
    UNWARNED = "SELECT COUNT(*) FROM contact_points WHERE last_warned_at IS NULL";
    /// Ratings of nobody's.
    RATINGS = "SELECT COUNT(*) FROM ratings WHERE staff_id IS NULL AND score = 5";
    /// A crisis that waits for the patient, with the place it had before version 10.
    OLD_PLACE = "UPDATE tickets SET urgency = 'emergency', rank = 0, due_at = 1, status = 'waiting_on_patient' WHERE id = $1";
    /// Crises in that place.
    OLD_PLACES = "SELECT COUNT(*) FROM tickets WHERE due_at = 1";
    /// Roles as they stood before there were groups of fields.
    PLAIN_ROLES = "UPDATE roles SET permissions = replace(replace(replace(replace(permissions, \
        ' fields:contact', ''), ' fields:identifiers', ''), ' fields:clinical', ''), ' fields:billing', '')";
    /// A passkey of somebody of the staff, from before patients had any.
    STAFF_PASSKEY = "INSERT INTO passkeys (organisation_id, id, staff_id, name, credential_hash, credential, uses, created_at) \
        SELECT organisation_id, id, id, 'Phone', $1, '', 0, created_at FROM staff ORDER BY id LIMIT 1";
    /// The same as it stands since.
    STAFF_PASSKEYS = "SELECT COUNT(*) FROM passkeys WHERE owner = 'staff' AND owner_id = id AND point_blind IS NULL \
        AND mark IS NOT NULL";
    /// As a desk is whose passkeys never had marks.
    UNMARKED = "DELETE FROM desk_secrets WHERE name = 'passkeys-marked'";
    /// Tags.
    TAGS = "SELECT COUNT(*) FROM ticket_tags";
}

/// Scopes of tokens from before there were groups of fields, and what each shows of them since.
const TOKENS: &[(&str, &str)] = &[
    (
        "tickets:read",
        " fields:contact fields:identifiers fields:clinical fields:billing",
    ),
    (
        "patients:read patients:write",
        " fields:contact fields:identifiers fields:clinical fields:billing",
    ),
    ("patients:write", " fields:contact"),
    ("audit:read", ""),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Id,
    Int,
    Text,
    Bytes,
    /// Given out by the database itself, in the order of the rows.
    Serial,
}

type Tables = BTreeMap<String, Vec<(String, Kind)>>;

fn column(line: &str) -> Option<(String, Kind)> {
    let (name, rest) = line.trim().split_once(' ')?;
    let word = rest.split([' ', ',']).next()?;
    let kind = match word {
        "ID" => Kind::Id,
        "BIGINT" => Kind::Int,
        "TEXT" => Kind::Text,
        "BLOB" => Kind::Bytes,
        "SERIAL_KEY" => Kind::Serial,
        _ => return None,
    };
    Some((name.to_owned(), kind))
}

/// The tables of a version, read from the shipped steps.
fn tables(version: usize) -> Tables {
    let mut tables = Tables::new();
    for step in &MIGRATIONS[..version] {
        let lines = step.sql.lines().filter(|line| !line.starts_with("--"));
        let text = lines.collect::<Vec<_>>().join("\n");
        for statement in text.split(';').map(str::trim) {
            if let Some(rest) = statement.strip_prefix("CREATE TABLE ") {
                let (name, columns) = rest.split_once('(').unwrap();
                let columns = columns.lines().filter_map(column).collect();
                tables.insert(name.trim().to_owned(), columns);
            } else if let Some(name) = statement.strip_prefix("DROP TABLE ") {
                tables.remove(name).unwrap();
            } else if let Some(rest) = statement.strip_prefix("ALTER TABLE ") {
                if let Some((name, added)) = rest.split_once(" ADD COLUMN ") {
                    tables.get_mut(name).unwrap().push(column(added).unwrap());
                } else if let Some((name, renamed)) = rest.split_once(" RENAME COLUMN ") {
                    let (old, new) = renamed.split_once(" TO ").unwrap();
                    let mut columns = tables.get_mut(name).unwrap().iter_mut();
                    let column = columns.find(|(column, _)| column == old).unwrap();
                    new.clone_into(&mut column.0);
                } else {
                    let (old, new) = rest.split_once(" RENAME TO ").unwrap();
                    let columns = tables.remove(old).unwrap();
                    tables.insert(new.to_owned(), columns);
                }
            }
        }
    }
    tables
}

fn statement(text: String, parameters: usize) -> Statement {
    let dollar: &'static str = text.leak();
    Statement {
        name: "COPY",
        dollar,
        question: dollar.replace('$', "?").leak(),
        parameters,
    }
}

fn value(row: &Row<'_>, index: usize, kind: Kind) -> Result<Value<'static>, DbError> {
    let found = match kind {
        Kind::Id => row.get::<Option<Uuid>>(index)?.map(Value::Id),
        Kind::Int | Kind::Serial => row.get::<Option<i64>>(index)?.map(Value::Int),
        Kind::Text => row
            .get::<Option<String>>(index)?
            .map(|text| Value::Text(Cow::Owned(text))),
        Kind::Bytes => row
            .get::<Option<Vec<u8>>>(index)?
            .map(|bytes| Value::Bytes(Cow::Owned(bytes))),
    };
    Ok(found.unwrap_or(Value::Null))
}

/// Copies a table's rows, the columns of `columns` alone.
async fn copy(from: &Db, to: &Db, table: &str, columns: &[(String, Kind)]) {
    let order = columns.iter().find(|(_, kind)| *kind == Kind::Serial);
    let order = order.map_or_else(String::new, |(name, _)| format!(" ORDER BY {name}"));
    let columns: Vec<_> = columns
        .iter()
        .filter(|(_, kind)| *kind != Kind::Serial)
        .collect();
    let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(", ");
    let read = statement(format!("SELECT {names} FROM {table}{order}"), 0);
    let whole = |row: &Row<'_>| {
        let values = columns.iter().enumerate();
        values
            .map(|(index, (_, kind))| value(row, index, *kind))
            .collect()
    };
    let rows: Vec<Vec<Value<'static>>> = from
        .read()
        .await
        .unwrap()
        .query(read, args![], whole)
        .await
        .unwrap();
    let places: Vec<_> = (1..=columns.len())
        .map(|number| format!("${number}"))
        .collect();
    let insert = format!(
        "INSERT INTO {table} ({names}) VALUES ({})",
        places.join(", ")
    );
    let insert = statement(insert, columns.len());
    write(to, rows.into_iter().map(|row| (insert, row)).collect()).await;
}

async fn write(to: &Db, all: Vec<(Statement, Vec<Value<'static>>)>) {
    let written = to.write(move |tx| {
        async move {
            for (statement, values) in &all {
                tx.execute(*statement, values).await?;
            }
            Ok::<_, DbError>(())
        }
        .boxed()
    });
    written.await.unwrap();
}

async fn count(db: &Db, statement: Statement) -> i64 {
    let mut conn = db.read().await.unwrap();
    conn.query_one(statement, args![], |row| row.get(0))
        .await
        .unwrap()
}

/// A desk at work: a request with an answer and a tag, mails on their way out, and a mail that nobody has looked at.
async fn at_work(desk: &Desk) -> TicketId {
    let (app, agent) = (&desk.app, desk.ctx(Role::Agent));
    let mut new = NewTicket::new(
        desk.requester(ANA).await,
        Channel::Email,
        "Refill",
        "I need a refill.",
    );
    new.envelope = Some(Envelope {
        from: ANA.to_owned(),
        message_id: "first@patients.test".to_owned(),
        ..Envelope::default()
    });
    let id = tickets::create(app, &desk.system(), new).await.unwrap().id;
    tickets::note(app, &agent, id, "Ask the pharmacy.".to_owned(), Vec::new())
        .await
        .unwrap();
    let reply = Reply::new("It is ready.");
    tickets::reply(app, &agent, id, reply).await.unwrap();
    let version = tickets::view(app, &agent, id).await.unwrap().ticket.version;
    let tag = Patch {
        add_tags: vec!["refill".to_owned()],
        ..Patch::default()
    };
    tickets::change(app, &agent, id, version, tag)
        .await
        .unwrap();
    for (scopes, _) in TOKENS {
        let token = NewToken {
            name: (*scopes).to_owned(),
            scopes: Permissions::parse(scopes).unwrap(),
            queues: Queues::All,
            expires_at: None,
        };
        staff::create_token(app, &desk.system(), token)
            .await
            .unwrap();
    }
    let raw = plain("second", "", "When are you open?");
    let stored = email::receive(
        app,
        desk.organisation,
        None,
        Source::new(Via::Receiver),
        raw.as_bytes(),
    );
    stored.await.unwrap();
    audit_log::Sealer::new(app.clone()).round().await.unwrap();
    id
}

/// The same desk's rows at an older version, in a place of their own.
async fn older(desk: &Desk, ticket: TicketId, version: usize, config: &Config) {
    let target = match &config.database {
        Some(url) => Target::Postgres(url.clone()),
        None => Target::Sqlite(config.data.clone()),
    };
    let db = Db::open(&target).await.unwrap();
    db.migrate(&MIGRATIONS[..version], desk.app.now())
        .await
        .unwrap();
    let now = tables(MIGRATIONS.len());
    // Of people who are copied first.
    let mut keys = Vec::new();
    for (table, columns) in tables(version) {
        if columns.iter().all(|column| now[&table].contains(column)) {
            copy(&desk.app.db, &db, &table, &columns).await;
        } else if table == "passkeys" {
            let hash = Value::Bytes(Cow::Owned(vec![7; 32]));
            keys.push((STAFF_PASSKEY, vec![hash]));
        } else {
            assert_eq!(table, "ticket_tags", "only tags had other columns");
            let ids = vec![
                Value::Id(desk.organisation.uuid()),
                Value::Id(ticket.uuid()),
            ];
            write(&db, vec![(PLAIN_TAG, ids)]).await;
        }
    }
    write(&db, keys).await;
    write(&db, vec![(RATING, vec![Value::Id(ticket.uuid())])]).await;
    if version < 10 {
        write(&db, vec![(OLD_PLACE, vec![Value::Id(ticket.uuid())])]).await;
    }
    // Passkeys have marks since version 46.
    if MIGRATIONS[version - 1].version < 46 {
        write(&db, vec![(UNMARKED, Vec::new())]).await;
    }
    // Roles are rows since version 15.
    if (15..24).contains(&version) {
        write(&db, vec![(PLAIN_ROLES, Vec::new())]).await;
    }
    db.close().await;
    std::fs::create_dir(config.data.join("keys")).unwrap();
    let key = "keys/root.key";
    std::fs::copy(desk.folder().join(key), config.data.join(key)).unwrap();
}

/// What was there is there, in rows and in words.
async fn everything_is_there(app: &App, desk: &Desk, ticket: TicketId, version: usize) {
    let seen = tickets::view(app, &desk.ctx(Role::Agent), ticket)
        .await
        .unwrap();
    let words: Vec<_> = seen.messages.iter().map(|one| one.body.as_str()).collect();
    assert_eq!(
        words,
        ["I need a refill.", "Ask the pharmacy.", "It is ready."]
    );
    assert_eq!(
        (seen.subject.as_str(), seen.contact.email()),
        ("Refill", Some(ANA))
    );
    // Readable tags were never in a release, so none are carried over.
    let tags = if version < 5 {
        Vec::new()
    } else {
        vec!["refill"]
    };
    let found: Vec<_> = seen.tags.iter().map(|tag| tag.text.as_str()).collect();
    assert_eq!(found, tags);
    let jobs = count(&desk.app.db, JOBS).await;
    assert!(jobs >= 2);
    for (statement, expected) in [
        // From version 8 on the answer knows whom it was for.
        (MESSAGES, if version < 8 { 3 } else { 2 }),
        (JOBS, jobs),
        (RECEIVED, 1),
        (WAITING, 2),
        (UNWARNED, 1),
        (RATINGS, 1),
        (TAGS, i64::from(version >= 5)),
        (OLD_PLACES, 0),
        (STAFF_PASSKEYS, i64::from((21..27).contains(&version))),
    ] {
        assert_eq!(
            count(&app.db, statement).await,
            expected,
            "{}",
            statement.name
        );
    }
}

/// Roles are those that ship, whichever step brought them; those that saw requests see all their fields still. Two ship
/// since queues can be chosen: they are there where the older data was made with today's files. Tokens keep what they could.
async fn roles_and_tokens_reach_as_far(app: &App, desk: &Desk, version: usize) {
    let fields = FieldGroup::ALL.iter().map(|group| group.permission());
    let all = |permissions: Permissions| fields.clone().fold(permissions, Permissions::with);
    let early = |app: &App| {
        let clinic = app.directory.of(desk.organisation).unwrap();
        let roles = clinic.roles.iter().map(|role| staff::Role {
            version: 0,
            position: 0,
            ..role.as_ref().clone()
        });
        let late = ["billing", "partner"];
        let early = roles.filter(|role| !late.contains(&role.code.as_str()));
        early.collect::<Vec<_>>()
    };
    let mut expected = early(&desk.app);
    for role in &mut expected {
        if version < 24 && role.permissions.has(Permission::TicketsRead) {
            role.permissions = all(role.permissions);
        }
    }
    assert_eq!(early(app), expected);
    let tokens = staff::list_tokens(app, &desk.system()).await.unwrap();
    assert_eq!(tokens.len(), TOKENS.len());
    for (scopes, more) in TOKENS {
        let token = tokens.iter().find(|token| token.name == *scopes).unwrap();
        let more = if version < 24 { *more } else { "" };
        assert_eq!(token.scopes, format!("{scopes}{more}"), "{scopes}");
    }
}

/// Work that was begun before the upgrade ends after it.
async fn work_goes_on(app: &App, clock: &FixedClock, desk: &Desk, sink: &Sink) {
    clock.advance(3600);
    jobs::drain(app).await.unwrap();
    let sent = sink.take();
    assert_eq!(sent.len(), 2, "an acknowledgement and an answer");
    assert!(sent.iter().any(|mail| mail.text().contains("It is ready.")));
    assert_eq!(count(&app.db, WAITING).await, 0);
    assert_eq!(processor::drain(app).await.unwrap(), 1);
    let agent = desk.ctx(Role::Agent);
    let all = tickets::list(app, &agent, &View::Active, None, 10)
        .await
        .unwrap();
    assert_eq!(all.rows.len(), 2, "the mail became a request");
    let session = staff::admit(
        app,
        desk.organisation,
        desk.id_of(Role::Supervisor),
        "test",
        "",
    );
    let browser = Browser::new(app, Some(session.await.unwrap().token));
    for path in ["/inbox", "/ratings?days=90", "/settings/mails", "/audit"] {
        let role = if path == "/audit" { 403 } else { 200 };
        browser.get(path).await.expect(role);
    }
    audit_log::Sealer::new(app.clone()).round().await.unwrap();
    audit_log::verify(app, &[], |_| ())
        .await
        .unwrap()
        .expect("a whole log");
}

async fn every_older_version(engine: Engine) {
    let desk = Desk::new(engine).await;
    let sink = sink(&desk).await;
    let ticket = at_work(&desk).await;
    let organisation: OrganisationId = desk.organisation;
    let newest = MIGRATIONS.len();
    for version in 1..newest {
        let folder = tempfile::tempdir().unwrap();
        let config = config(engine, folder.path());
        older(&desk, ticket, version, &config).await;
        let clock = FixedClock::new(desk.app.now());
        let (app, report) = startup::open(config, Arc::new(clock.clone()))
            .await
            .unwrap();
        assert_eq!(
            (report.from, report.to),
            (
                MIGRATIONS[version - 1].version,
                MIGRATIONS[newest - 1].version
            )
        );
        assert_eq!(report.backup.is_some(), engine == Engine::Sqlite);
        assert_eq!(app.directory.all()[0].id, organisation);
        everything_is_there(&app, &desk, ticket, version).await;
        roles_and_tokens_reach_as_far(&app, &desk, version).await;
        work_goes_on(&app, &clock, &desk, &sink).await;
        app.db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_every_older_version_are_all_there_and_work_goes_on_sqlite() {
    every_older_version(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_every_older_version_are_all_there_and_work_goes_on_postgres() {
    every_older_version(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_from_before_an_upgrade_is_put_back_by_itself() {
    let desk = Desk::new(Engine::Sqlite).await;
    sink(&desk).await;
    let ticket = at_work(&desk).await;
    let folder = tempfile::tempdir().unwrap();
    let config = config(Engine::Sqlite, folder.path());
    let version = MIGRATIONS.len() - 1;
    older(&desk, ticket, version, &config).await;
    // A desk of before has its checkpoints in the folder; one whose database was put there by hand has none.
    let checkpoints = config.checkpoint_file().unwrap();
    std::fs::create_dir_all(checkpoints.parent().unwrap()).unwrap();
    std::fs::write(&checkpoints, "").unwrap();
    let clock = Arc::new(FixedClock::new(desk.app.now()));
    let (app, report) = startup::open(config, clock.clone()).await.unwrap();
    app.db.close().await;
    drop(app);
    let copy = report.backup.unwrap();
    let restore = |data: &Path, copy: &Path| {
        let ended = tokio::task::block_in_place(|| {
            run(data, &["restore", copy.to_str().unwrap(), "--force"])
        });
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        (ended.status.code(), said)
    };
    let (code, said) = restore(folder.path(), &copy);
    assert_eq!(code, Some(0), "{said}");
    let config = common::config(Engine::Sqlite, folder.path());
    let (app, _) = startup::open(config, clock).await.unwrap();
    let seen = tickets::view(&app, &desk.ctx(Role::Agent), ticket).await;
    assert_eq!(seen.unwrap().messages.len(), 3);
    app.db.close().await;
    drop(app);

    // Somebody else's key, half a copy, a copy of a newer release and anything else leave the desk as it is.
    let before = std::fs::read(folder.path().join("bedside.db")).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let (code, said) = restore(elsewhere.path(), &copy);
    assert_eq!(code, Some(5), "{said}");
    let odd = elsewhere.path().join("odd.db");
    let whole = std::fs::read(&copy).unwrap();
    for bytes in [&whole[..whole.len() / 2], b"no database", b""] {
        std::fs::write(&odd, bytes).unwrap();
        let (code, said) = restore(folder.path(), &odd);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("Nothing was changed."), "{said}");
    }
    assert_eq!(
        std::fs::read(folder.path().join("bedside.db")).unwrap(),
        before
    );
}

#[test]
fn the_steps_are_read_as_they_are_meant() {
    let (first, now) = (tables(1), tables(MIGRATIONS.len()));
    assert!(
        first.len() > 30 && now.len() > first.len(),
        "{} and {}",
        first.len(),
        now.len()
    );
    assert!(first["ticket_tags"].contains(&("tag".to_owned(), Kind::Text)));
    assert!(now["ticket_tags"].contains(&("tag".to_owned(), Kind::Bytes)));
    assert_eq!(first["messages"][0], ("doc".to_owned(), Kind::Serial));
    assert_eq!(first["messages"].len() + 4, now["messages"].len());
}
