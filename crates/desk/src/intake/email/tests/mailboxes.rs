//! Mailboxes and the room at the door.

use super::{ANA, DESK, Desk, FIND_AGAIN, MISLAY, TICKETS, on_both, plain};
use crate::app::App;
use crate::context::{Actor, Ctx};
use crate::error::DeskError;
use crate::intake::email::poller;
use crate::intake::email::room::Room;
use crate::mailboxes::{
    MailboxSettings, NewMailbox, Protection, Server, change, check, check_settings, create, list,
    one, sender_for, set_enabled,
};
use crate::outbound::reply_address;
use crate::startup;
use bedside_channels::email::receiver::{Envelope, Mailroom, RcptVerdict, Verdict};
use bedside_codecs::mail::address::Address;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn server(host: &str, port: u16) -> Server {
    Server {
        host: host.to_owned(),
        port,
        protection: Protection::None,
        user: Some("desk".to_owned()),
        password: Some("canary-password".to_owned()),
    }
}

fn new(address: &str, smtp: Option<Server>) -> NewMailbox {
    let settings = MailboxSettings {
        from_name: "Clinic".to_owned(),
        smtp,
        ..MailboxSettings::default()
    };
    NewMailbox {
        address: address.to_owned(),
        settings,
    }
}

#[tokio::test]
async fn nobody_makes_the_desk_knock_at_its_own_machine() {
    for postgres in [false, true] {
        let settings = MailboxSettings::default();
        let desk = Desk::with(postgres, settings, |config| {
            config.local_mail_servers = false;
        })
        .await;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in [
            "127.0.0.1",
            "localhost",
            "0.0.0.0",
            "::ffff:127.0.0.1",
            "169.254.169.254",
        ] {
            let settings = MailboxSettings {
                imap: Some(server(host, port)),
                smtp: Some(server(host, port)),
                ..MailboxSettings::default()
            };
            let found = check_settings(&desk.app, &desk.ctx(), &settings)
                .await
                .unwrap();
            let codes: Vec<_> = found.iter().map(|one| (one.server, one.code)).collect();
            assert_eq!(codes, [("imap", "local"), ("smtp", "local")], "{host}");
            assert!(found[0].text.contains("local_mail_servers"));
        }
        let knocked = listener.accept().unwrap_err();
        assert_eq!(knocked.kind(), std::io::ErrorKind::WouldBlock);
    }
}

/// Settings from before the rule, or from a time when another one held.
#[tokio::test]
async fn what_was_saved_without_tls_is_not_used_where_it_may_not_be() {
    for postgres in [false, true] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        // Linux takes it for this machine, the desk does not.
        let other = server("0.0.0.0", port);
        let settings = MailboxSettings {
            imap: Some(other.clone()),
            smtp: Some(other),
            ..MailboxSettings::default()
        };
        let desk = Desk::new(postgres, settings).await;
        let (organisation, mailbox, ctx) = (desk.organisation, desk.mailbox, desk.ctx());
        let sends = async |app: &App| sender_for(app, organisation, None).await.unwrap();
        let says = async |app: &App| list(app, &ctx).await.unwrap().remove(0).last_error;
        assert!(sends(&desk.app).await.is_some());
        assert_eq!(says(&desk.app).await, None);
        let mut config = desk.app.config.clone();
        config.unprotected_mail = false;
        desk.app.db.close().await;
        let clock = Arc::new(desk.clock.clone());
        // The folder is one desk's at a time.
        let Desk { app, _folder, .. } = desk;
        drop(app);
        let (app, _) = startup::open(config, clock).await.unwrap();
        assert!(sends(&app).await.is_none(), "nothing goes out by it");
        assert_eq!(says(&app).await.as_deref(), Some("needs_tls"));
        let tried = check(&app, &ctx, mailbox).await;
        let refused = |code| {
            matches!(
                code,
                Err(DeskError::Invalid {
                    code: "plain_mail",
                    ..
                })
            )
        };
        assert!(refused(tried));
        // Its reader notes why, and has not knocked.
        let shutdown = CancellationToken::new();
        let reading = tokio::spawn(poller::run(app.clone(), shutdown.clone()));
        let noted = async || {
            let stored = one(&app, organisation, mailbox).await.unwrap();
            stored.last_error.as_deref() == Some("needs_tls")
        };
        let waiting = async {
            while !noted().await {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), waiting)
            .await
            .unwrap();
        shutdown.cancel();
        reading.await.unwrap();
        let knocked = listener.accept().unwrap_err();
        assert_eq!(knocked.kind(), std::io::ErrorKind::WouldBlock);
        app.db.close().await;
    }
}

#[tokio::test]
async fn a_mailbox_is_added_changed_and_put_to_rest() {
    on_both(async |desk: Desk| {
        let ctx = desk.ctx();
        assert!(
            sender_for(&desk.app, desk.organisation, None)
                .await
                .unwrap()
                .is_none()
        );
        let id = create(
            &desk.app,
            &ctx,
            new("Bills@Clinic.test", Some(server("mx.test", 25))),
        )
        .await
        .unwrap();
        let listed = list(&desk.app, &ctx).await.unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!(listed[1].address, "bills@clinic.test");
        assert!(
            !serde_json::to_string(&listed)
                .unwrap()
                .contains("canary-password")
        );
        assert!(!format!("{listed:?}").contains("canary-password"));
        for mailbox in [Some(id), Some(desk.mailbox), None] {
            let send_as = sender_for(&desk.app, desk.organisation, mailbox)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(
                (send_as.mailbox, send_as.from_address.as_str()),
                (id, "bills@clinic.test")
            );
            assert_eq!(send_as.from_name, "Clinic");
        }
        // A password that is left out stays, unless the server is another one.
        let mut kept = server("mx.test", 587);
        kept.password = None;
        change(
            &desk.app,
            &ctx,
            id,
            1,
            new("bills@clinic.test", Some(kept.clone())),
        )
        .await
        .unwrap();
        let send_as = sender_for(&desk.app, desk.organisation, None)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(send_as.smtp.port, 587);
        assert_eq!(
            send_as.smtp.login.unwrap().1,
            bedside_channels::email::Secret::new("canary-password")
        );
        kept.host = "elsewhere.test".to_owned();
        change(
            &desk.app,
            &ctx,
            id,
            2,
            new("bills@clinic.test", Some(kept.clone())),
        )
        .await
        .unwrap();
        let send_as = sender_for(&desk.app, desk.organisation, None)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            send_as.smtp.login.unwrap().1,
            bedside_channels::email::Secret::new("")
        );
        let stale = change(&desk.app, &ctx, id, 2, new("bills@clinic.test", Some(kept))).await;
        assert!(
            matches!(stale, Err(DeskError::Stale { version: 3, .. })),
            "{stale:?}"
        );
        set_enabled(&desk.app, &ctx, id, 3, false).await.unwrap();
        assert!(
            sender_for(&desk.app, desk.organisation, Some(id))
                .await
                .unwrap()
                .is_none()
        );
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    on_both(async |desk: Desk| {
        let ctx = desk.ctx();
        for address in [
            "",
            "desk",
            "desk@",
            "de sk@clinic.test",
            "desk+x@clinic.test",
            "a@b\r\nc",
        ] {
            let refused = create(&desk.app, &ctx, new(address, None)).await;
            assert!(
                matches!(
                    refused,
                    Err(DeskError::Invalid {
                        field: "address",
                        ..
                    })
                ),
                "{address:?}"
            );
        }
        let taken = create(&desk.app, &ctx, new("DESK@clinic.test", None)).await;
        assert!(matches!(
            taken,
            Err(DeskError::Conflict {
                code: "address_taken",
                ..
            })
        ));
        for server in [
            server("", 25),
            server("mx.test", 0),
            server("m x", 25),
            server("mx\r\n", 25),
        ] {
            let refused = create(&desk.app, &ctx, new("x@clinic.test", Some(server))).await;
            assert!(matches!(refused, Err(DeskError::Invalid { .. })));
        }
        let id = desk.app.id();
        let agent = Ctx {
            actor: Actor::Staff {
                id,
                role: desk
                    .app
                    .directory
                    .of(desk.organisation)
                    .unwrap()
                    .role("agent")
                    .unwrap()
                    .clone(),
                name: "A".into(),
            },
            ..desk.ctx()
        };
        assert!(matches!(
            create(&desk.app, &agent, new("y@clinic.test", None)).await,
            Err(DeskError::Forbidden)
        ));
        assert!(matches!(
            list(&desk.app, &agent).await,
            Err(DeskError::Forbidden)
        ));
        assert!(matches!(
            check(&desk.app, &agent, desk.mailbox).await,
            Err(DeskError::Forbidden)
        ));
    })
    .await;
}

#[tokio::test]
async fn a_check_says_in_plain_words_what_is_wrong() {
    on_both(async |desk: Desk| {
        let nobody = bedside_testkit::ports::free().unwrap();
        let settings = MailboxSettings {
            imap: Some(server("127.0.0.1", nobody)),
            smtp: Some(server("127.0.0.1", nobody)),
            ..MailboxSettings::default()
        };
        let new = NewMailbox {
            address: "x@clinic.test".to_owned(),
            settings,
        };
        let id = create(&desk.app, &desk.ctx(), new).await.unwrap();
        let found = check(&desk.app, &desk.ctx(), id).await.unwrap();
        assert_eq!(
            found
                .iter()
                .map(|one| (one.server, one.code))
                .collect::<Vec<_>>(),
            [("imap", "unreachable"), ("smtp", "unreachable")]
        );
        assert!(
            found
                .iter()
                .all(|one| one.text.contains("can't be reached"))
        );
    })
    .await;
}

fn envelope(rcpt: &str) -> Envelope {
    Envelope {
        peer: std::net::Ipv4Addr::LOCALHOST.into(),
        helo: "mx.test".to_owned(),
        mail_from: ANA.to_owned(),
        rcpts: vec![rcpt.to_owned()],
        size: 100,
    }
}

#[tokio::test]
async fn the_door_knows_its_mailboxes_and_nobody_else() {
    on_both(async |desk: Desk| {
        let room = Room::new(desk.app.clone());
        let contact = desk.app.id();
        let mailbox = Address::parse(DESK).unwrap();
        let (app, ticket) = (&desk.app, desk.app.id());
        let reply = reply_address(app, desk.organisation, &mailbox, ticket, contact).unwrap();
        for known in [
            DESK,
            "DESK@Clinic.Test",
            "desk+anything@clinic.test",
            reply.as_str(),
        ] {
            assert_eq!(room.accepts(known).await, RcptVerdict::Accepted, "{known}");
        }
        for unknown in [
            "other@clinic.test",
            "desk@elsewhere.test",
            "",
            "desk",
            "+@clinic.test",
            "desk@clinic.test@x",
        ] {
            assert_eq!(
                room.accepts(unknown).await,
                RcptVerdict::Unknown,
                "{unknown}"
            );
        }
        let raw = plain("1", "", "Hello").into_bytes();
        assert_eq!(
            room.deliver(envelope(DESK), raw.clone()).await,
            Verdict::Stored
        );
        desk.work().await;
        assert_eq!(desk.count(TICKETS).await, 1);
        set_enabled(&desk.app, &desk.ctx(), desk.mailbox, 1, false)
            .await
            .unwrap();
        assert_eq!(room.accepts(DESK).await, RcptVerdict::Unknown);
        assert!(matches!(
            room.deliver(envelope(DESK), raw).await,
            Verdict::TryLater(_)
        ));
    })
    .await;
}

#[tokio::test]
async fn what_cant_be_stored_is_not_acknowledged() {
    on_both(async |desk| {
        let room = Room::new(desk.app.clone());
        let raw = plain("1", "", "Hello").into_bytes();
        desk.execute(MISLAY).await;
        let verdict = room.deliver(envelope(DESK), raw.clone()).await;
        assert!(matches!(verdict, Verdict::TryLater(_)), "{verdict:?}");
        desk.execute(FIND_AGAIN).await;
        assert_eq!(room.deliver(envelope(DESK), raw).await, Verdict::Stored);
        desk.work().await;
        assert_eq!(desk.count(TICKETS).await, 1);
    })
    .await;
}
