//! Raw mails go in; what stands on the tickets is looked at.

mod answers;
mod attacks;
mod content;
mod mailboxes;
mod parking;
mod servers;
mod threading;

use super::processor;
use super::receive::{Source, Via, receive};
use crate::app::App;
use crate::config::{Config, clinic, organisation};
use crate::context::{Ctx, Source as WayIn};
use crate::ids::{MailboxId, OrganisationId, TicketId};
use crate::mailboxes::{MailboxSettings, NewMailbox, create};
use crate::outbound::reply_address;
use crate::records::{self, blobs};
use crate::tickets::{self, TicketView, View};
use crate::timeline::AttachmentView;
use crate::{orgs, startup};
use bedside_codecs::mail::address::Address;
use bedside_codecs::mail::threading::OwnMessage;
use bedside_db::{FixedClock, Timestamp, args, statements};
use bedside_testkit::pg;
use futures_util::FutureExt;
use std::sync::Arc;

pub(super) const DESK: &str = "desk@clinic.test";
pub(super) const ANA: &str = "ana@patients.test";

statements! {
    STATES = "SELECT state, error, attempts FROM inbound_mails ORDER BY id";
    OUTBOUND = "SELECT COUNT(*) FROM outbound_mails";
    BOUNCED_ADDRESSES = "SELECT COUNT(*) FROM contact_points WHERE bounced_at IS NOT NULL";
    LOSE_A_PIECE = "DELETE FROM blob_pieces WHERE piece = 1";
    MISLAY = "ALTER TABLE inbound_mails RENAME TO mislaid_mails";
    FIND_AGAIN = "ALTER TABLE mislaid_mails RENAME TO inbound_mails";
    TICKETS = "SELECT COUNT(*) FROM tickets";
}

/// A desk with one clinic and one mailbox, whose clock stands still.
pub(super) struct Desk {
    pub app: App,
    pub clock: FixedClock,
    pub organisation: OrganisationId,
    pub mailbox: MailboxId,
    _folder: tempfile::TempDir,
}

/// Runs a test on both engines.
pub(super) async fn on_both(test: impl AsyncFn(Desk)) {
    on_both_with(MailboxSettings::default(), test).await;
}

/// The same with these settings of the mailbox.
pub(super) async fn on_both_with(settings: MailboxSettings, test: impl AsyncFn(Desk)) {
    test(Desk::new(false, settings.clone()).await).await;
    test(Desk::new(true, settings).await).await;
}

impl Desk {
    pub async fn new(postgres: bool, settings: MailboxSettings) -> Self {
        Self::with(postgres, settings, |_| {}).await
    }

    /// The same, with other settings of the program.
    pub async fn with(
        postgres: bool,
        settings: MailboxSettings,
        adjust: impl FnOnce(&mut Config),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            data: folder.path().to_owned(),
            database: postgres.then(|| pg::shared().unwrap().fresh_database().unwrap()),
            public_url: "http://desk.clinic.test".to_owned(),
            local_mail_servers: true,
            unprotected_mail: true,
            ..Config::default()
        };
        adjust(&mut config);
        let clock = FixedClock::new(Timestamp::from_micros(1_790_000_000_000_000));
        let (app, _) = startup::open(config, Arc::new(clock.clone()))
            .await
            .unwrap();
        let files = clinic::parse(&startup::built_in_clinic()).unwrap();
        let new = organisation::new_organisation(&files, "clinic", &app.ids, app.now());
        let organisation = orgs::create(&app, new).await.unwrap();
        let new = NewMailbox {
            address: DESK.to_owned(),
            settings,
        };
        let ctx = Ctx::system(organisation, "test", WayIn::CommandLine);
        let mailbox = create(&app, &ctx, new).await.unwrap();
        Self {
            app,
            clock,
            organisation,
            mailbox,
            _folder: folder,
        }
    }

    pub fn ctx(&self) -> Ctx {
        Ctx::system(self.organisation, "test", WayIn::CommandLine)
    }

    /// A mail comes in from a server, with this return path.
    pub async fn comes(&self, mail_from: &str, rcpt: &str, raw: impl AsRef<[u8]>) {
        let source = Source {
            mail_from: Some(mail_from.to_owned()),
            rcpts: vec![rcpt.to_owned()],
            ..Source::new(Via::Receiver)
        };
        let id = receive(
            &self.app,
            self.organisation,
            Some(self.mailbox),
            source,
            raw.as_ref(),
        )
        .await
        .unwrap();
        assert!(id.is_some());
    }

    /// The same, and it is worked on.
    pub async fn mail(&self, raw: impl AsRef<[u8]>) {
        self.comes(ANA, DESK, raw).await;
        self.work().await;
    }

    pub async fn work(&self) -> usize {
        processor::drain(&self.app).await.unwrap()
    }

    /// Active tickets, oldest first.
    pub async fn tickets(&self) -> Vec<TicketView> {
        let page = tickets::list(&self.app, &self.ctx(), &View::Active, None, 100)
            .await
            .unwrap();
        let mut ids: Vec<TicketId> = page.rows.iter().map(|row| row.ticket.id).collect();
        ids.sort();
        let mut views = Vec::new();
        for id in ids {
            views.push(tickets::view(&self.app, &self.ctx(), id).await.unwrap());
        }
        views
    }

    /// The one active ticket.
    pub async fn ticket(&self) -> TicketView {
        let mut all = self.tickets().await;
        assert_eq!(all.len(), 1, "{:?}", self.states().await);
        all.remove(0)
    }

    pub async fn states(&self) -> Vec<(String, Option<String>, i64)> {
        let mut conn = self.app.read().await.unwrap();
        conn.query(STATES, args![], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .await
        .unwrap()
    }

    pub async fn last_state(&self) -> (String, Option<String>) {
        let (state, error, _) = self.states().await.pop().unwrap();
        (state, error)
    }

    pub async fn execute(&self, statement: bedside_db::Statement) {
        self.app
            .db
            .write::<_, bedside_db::DbError, _>(move |tx| {
                async move { tx.execute(statement, args![]).await }.boxed()
            })
            .await
            .unwrap();
    }

    pub async fn count(&self, statement: bedside_db::Statement) -> i64 {
        self.app
            .read()
            .await
            .unwrap()
            .query_one(statement, args![], |row| row.get(0))
            .await
            .unwrap()
    }

    pub fn reply_address(&self, view: &TicketView) -> String {
        reply_address(
            &self.app,
            self.organisation,
            &Address::parse(DESK).unwrap(),
            view.ticket.id,
            view.contact.id,
        )
        .unwrap()
        .as_str()
        .to_owned()
    }

    /// The Message-ID of a mail of ours about the ticket.
    pub fn message_id(&self, ticket: TicketId) -> String {
        let vault = self.app.keyring.of(self.organisation).unwrap();
        let own = OwnMessage {
            ticket: ticket.bytes(),
            message: [7; 16],
        };
        own.message_id(&self.app.config.mail_domain(), &|parts| {
            vault.threading.sign(parts)
        })
    }

    pub async fn bytes(&self, file: &AttachmentView) -> Vec<u8> {
        records::open(
            &self.app,
            &self.ctx(),
            crate::context::Permission::TicketsRead,
            records::Purpose::Treatment,
            "attachment.read",
            "attachment",
            file.id,
        )
        .await
        .unwrap();
        blobs::read(&self.app, self.organisation, file.blob)
            .await
            .unwrap()
    }

    /// Code of the queue a ticket lies in.
    pub fn queue(&self, view: &TicketView) -> String {
        let clinic = self.app.directory.of(self.organisation).unwrap();
        clinic.queue(view.ticket.queue).unwrap().purpose.clone()
    }
}

/// A plain mail of Ana's.
pub(super) fn plain(id: &str, headers: &str, body: &str) -> String {
    format!(
        "From: Ana Lopez <{ANA}>\r\nTo: {DESK}\r\nSubject: Refill of my inhaler\r\nMessage-ID: <{id}@patients.test>\r\n\
         Date: Mon, 21 Sep 2026 09:00:00 +0000\r\n{headers}\r\n{body}\r\n"
    )
}
