//! How many codes an address has, and whose they are; what ends with an address, for good.

use super::door::{adds, safe, shows};
use super::*;
use bedside_desk::error::DeskError;
use bedside_desk::portal;
use common::authenticator::Device;
use common::{Role, both_engines};
use futures_util::future::join_all;

const MIA: &str = "mia@quetzal.test";
const NOBODY: &str = "someone@else.test";
const MOST: usize = 4;

fn codes(sent: &[Sent]) -> usize {
    let is_code = |one: &&Sent| one.text().contains("Here is the code");
    sent.iter().filter(is_code).count()
}

/// Uses up what an address has for a day, from browsers in which nobody was in.
async fn uses_up(desk: &Desk) {
    for _ in 0..portal::PER_DAY / portal::PER_HOUR {
        for _ in 0..portal::PER_HOUR {
            asks(&desk.visitor(), MIA).await.expect(303);
        }
        asks(&desk.visitor(), MIA).await.expect(429);
        desk.clock.advance(3601);
    }
    asks(&desk.visitor(), MIA).await.expect(429);
}

/// Replaces the addresses of a contact, on a ground that somebody looks at.
async fn readdress(
    desk: &Desk,
    (contact, conversation): (ContactId, TicketId),
    add: &[&str],
    remove: &[&str],
) {
    let view = patients::contact(&desk.app, &desk.system(), contact)
        .await
        .unwrap();
    let mails = |all: &[&str]| {
        all.iter()
            .map(|one| (PointKind::Email, (*one).to_owned()))
            .collect()
    };
    let patch = patients::ContactPatch {
        add: mails(add),
        remove: mails(remove),
        ground: Some(patients::Ground {
            conversation,
            words: Some("Seen at the desk".to_owned()),
        }),
        ..patients::ContactPatch::default()
    };
    patients::change_contact(
        &desk.app,
        &desk.ctx(Role::Agent),
        contact,
        view.version,
        patch,
    )
    .await
    .unwrap();
}

both_engines! {
    async fn many_who_ask_at_once_get_no_more_codes_than_one_after_the_other(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let ask = || portal::ask_code(&desk.app, desk.organisation, MIA, (Locale::En, None));
        let told = join_all((0..30).map(|_| ask())).await;
        let given = told.iter().filter(|one| one.is_ok()).count();
        let capped = |one: &&Result<String, DeskError>| matches!(one, Err(DeskError::RateLimited { .. }));
        assert_eq!(i64::try_from(MOST).unwrap(), portal::PER_HOUR);
        assert_eq!((given, told.iter().filter(capped).count()), (MOST, 30 - MOST));
        assert_eq!(codes(&mails(&desk, &sink).await), MOST);
    }

    async fn a_stranger_uses_up_no_share_of_a_browser_that_was_in(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        patient(&desk, "Bo Other", "bo@else.test", 0).await;
        let phone = signed_in(&desk, &sink, MIA).await;
        let shared = signed_in(&desk, &sink, "bo@else.test").await;
        sends(&phone, "/my", "/my/sign-out", &[]).await.expect(303);
        desk.clock.advance(DAY);
        uses_up(&desk).await;
        mails(&desk, &sink).await;
        // In a browser in which somebody else was in, no more than in any.
        asks(&shared, MIA).await.expect(429);
        // In her own she comes in, as often as an address lets anybody.
        asks(&phone, MIA).await.expect(303);
        let code = mailed(&desk, &sink, MIA).await;
        types(&phone, &code).await.expect(303);
        for _ in 1..portal::PER_HOUR {
            asks(&phone, MIA).await.expect(303);
        }
        asks(&phone, MIA).await.expect(429);
        // Whoever signs out everywhere trusts no browser any more; and none is known for ever.
        desk.clock.advance(3601);
        let other = desk.visitor();
        desk.clock.advance(DAY);
        asks(&other, MIA).await.expect(303);
        let code = mailed(&desk, &sink, MIA).await;
        types(&other, &code).await.expect(303);
        sends(&other, "/my", "/my/devices/end", &[]).await.expect(303);
        desk.clock.advance(DAY);
        uses_up(&desk).await;
        for browser in [&phone, &other] {
            asks(browser, MIA).await.expect(429);
        }
        mails(&desk, &sink).await;
        desk.clock.advance(2 * DAY);
        let known = signed_in(&desk, &sink, MIA).await;
        desk.clock.advance(91 * DAY);
        uses_up(&desk).await;
        asks(&known, MIA).await.expect(429);
        portal::forget(&desk.app).await.unwrap();
    }

    async fn an_address_that_is_given_back_opens_nothing_of_before(desk: Desk) {
        let desk = safe(desk.engine).await;
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let mia = (contact_of(&desk, MIA).await, desk.ticket(MIA, "x", "y").await);
        let asked = desk.ticket(NOBODY, "A question", "When do you open?").await;
        let nobody = (contact_of(&desk, NOBODY).await, asked);
        let browser = signed_in(&desk, &sink, MIA).await;
        let mut device = Device::at(HERE);
        adds(&browser, &mut device).await.expect(303);
        shows(&desk.visitor(), &mut device).await.expect(303);
        let visitor = signed_in(&desk, &sink, NOBODY).await;
        // What is of another address stays.
        for contact in [mia, nobody] {
            let other = format!("second-{}@quetzal.test", contact.0);
            readdress(&desk, contact, &[&other], &[]).await;
            readdress(&desk, contact, &[], &[&other]).await;
        }
        for open in [&browser, &visitor] {
            page(open, "/my").await;
        }
        shows(&desk.visitor(), &mut device).await.expect(303);
        // Nobody looks while the address is away.
        for (contact, address) in [(mia, MIA), (nobody, NOBODY)] {
            readdress(&desk, contact, &[], &[address]).await;
            readdress(&desk, contact, &[address], &[]).await;
        }
        for open in [&browser, &visitor] {
            open.get("/my").await.expect(401);
        }
        // Nor once the address may be used again.
        desk.clock.advance(4 * DAY);
        mails(&desk, &sink).await;
        signed_in(&desk, &sink, MIA).await;
        shows(&desk.visitor(), &mut device).await.expect(422);
        desk.audit_is_whole().await;
    }
}
