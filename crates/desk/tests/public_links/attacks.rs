//! Who tries links that are not theirs, or are over.

use super::{contact, link_of, messages, open, write};
use crate::common::Role;
use crate::common::{Answer, Desk, both_engines, hidden};
use axum::body::Body;
use axum::http::Method;
use bedside_desk::error::DeskError;
use bedside_desk::links::Purpose;
use bedside_desk::privacy::consents;
use bedside_desk::router::{Access, routes};
use bedside_desk::staff;
use data_encoding::BASE64URL_NOPAD;
use futures_util::future::join_all;

both_engines! {
    /// Whom it is of, what it ends and the tag that holds both together, bit by bit.
    async fn attack_23_no_bit_of_a_link_that_ends_mails_can_be_changed(desk: Desk) {
        const ROSA: &str = "rosa@patients.test";
        let ticket = desk.ticket(ROSA, "Hours", "When are you open?").await;
        let whose = (contact(&desk, ticket).await, ROSA);
        let url = consents::leaving_url(&desk.app, desk.organisation, whose, consents::Purpose::Surveys).unwrap();
        let (_, token) = url.split_once("/u/").unwrap();
        assert!(consents::leaving_of(&desk.app, token).await.is_ok());
        let raw = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
        for bit in 0..raw.len() * 8 {
            let mut changed = raw.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = BASE64URL_NOPAD.encode(&changed);
            let said = consents::leaving_of(&desk.app, &changed).await;
            assert!(matches!(said, Err(DeskError::Gone)), "bit {bit}");
        }
        for near in [&token[1..], &token[..token.len() - 1], &format!("{token}A")] {
            desk.visitor().get(&format!("/u/{near}")).await.expect(410);
        }
        desk.visitor().get(&format!("/u/{token}")).await.expect(200);
    }

    /// The one cookie without `__Host-`: each is for the pages of its own link. One that another host of the domain planted is
    /// nobody's, before the link is opened and after.
    async fn a_links_cookie_stays_with_its_link_and_a_planted_one_opens_nothing(desk: Desk) {
        let desk = Desk::set_up(desk.engine, |config| "https://desk.example".clone_into(&mut config.public_url)).await;
        let ticket = desk.ticket("rosa@patients.test", "Hours", "My quokka pills").await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let path = format!("/t/{link}");
        let secret = "a".repeat(32);
        let planted = format!("__Secure-bedside_thread={secret}");
        let headers = [("cookie", planted.as_str())];
        let early = desk.visitor().request(Method::GET, &path, &headers, Body::empty()).await.expect(200).text();
        assert!(early.contains("Open my messages") && !early.contains("quokka"), "{early}");
        let own = desk.visitor();
        let opened = open(&own, &link).await.expect(303);
        let cookie = opened.header("set-cookie").unwrap();
        assert!(cookie.starts_with("__Secure-bedside_thread=") && cookie.ends_with("; Secure"), "{cookie}");
        assert!(cookie.contains(&format!("; Path={path};")) && cookie.contains("; HttpOnly;"), "{cookie}");
        assert!(!cookie.contains("Domain") && !cookie.contains(&secret), "{cookie}");
        assert!(own.get(&path).await.expect(200).text().contains("quokka"));
        let late = desk.visitor().request(Method::GET, &path, &headers, Body::empty()).await.expect(403).text();
        assert!(!late.contains("quokka"), "{late}");
    }

    /// Invitations of staff and links of patients: at the second they end and the one after, after their use, and after
    /// what they stood for changed.
    async fn attack_04_a_link_that_is_over_opens_nothing(desk: Desk) {
        const LASTS: i64 = 3600;
        let (admin, person) = (desk.ctx(Role::Administrator), desk.id_of(Role::Agent));
        let invite = async || {
            let until = desk.app.now().plus_seconds(LASTS);
            staff::make_link(&desk.app, &admin, person, false, until).await.unwrap()
        };
        let enter = async |link: &str| {
            let path = format!("/sign-in/{link}");
            let answer = desk.visitor().submit(&path, &path, &[]).await;
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
            let cookies = answer.headers.get_all("set-cookie").iter();
            let inside = cookies.filter(|cookie| cookie.to_str().unwrap().starts_with("bedside=")).count() == 1;
            assert_eq!(inside, answer.status == 303);
            answer.status
        };
        for (after, status) in [(LASTS - 1, 303), (LASTS, 410), (LASTS + 1, 410)] {
            let link = invite().await;
            desk.clock.advance(after);
            assert_eq!(enter(&link).await, status, "after {after} seconds");
            assert_eq!(enter(&link).await, 410, "after its use or its end");
        }
        let link = invite().await;
        let at_once = join_all((0..8).map(|_| enter(&link))).await;
        assert_eq!(at_once.iter().filter(|status| **status == 303).count(), 1, "{at_once:?}");

        let link = invite().await;
        let everybody = staff::list(&desk.app, &admin).await.unwrap();
        let version = everybody.iter().find(|one| one.id == person).unwrap().version;
        staff::change_role(&desk.app, &admin, person, version, "nurse").await.unwrap();
        assert_eq!(enter(&link).await, 410, "it promised another role");
        let link = invite().await;
        staff::set_password(&desk.app, &desk.ctx(Role::Agent), person, "correct horse battery staple").await.unwrap();
        assert_eq!(enter(&link).await, 410, "there is a password now");
        let link = invite().await;
        staff::disable(&desk.app, &admin, person).await.unwrap();
        assert_eq!(enter(&link).await, 410, "nobody is let in by it");

        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        for (after, status) in [(-1, 200), (0, 410), (1, 410)] {
            let (thread, rating) = (link_of(&desk, Purpose::Thread, ticket).await, link_of(&desk, Purpose::Rating, ticket).await);
            desk.clock.advance(Purpose::Thread.days() * 24 * 3600 + after);
            for page in [format!("/t/{thread}"), format!("/r/{rating}?score=5")] {
                let answer = desk.visitor().get(&page).await.expect(status);
                assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
                assert_eq!(answer.header("cache-control"), Some("no-store"));
            }
        }
    }

    /// Somebody inside their own thread asks every public page for another person's: their request, their message, their
    /// file, in the path, in the query, in a form and with the own cookie under the other's address.
    async fn attack_39_a_link_shows_its_own_person_and_nobody_else(desk: Desk) {
        let own = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let theirs = desk.ticket("luis@patients.test", "Quokkasubject", "Quokkawords").await;
        let (mine, other) = (link_of(&desk, Purpose::Thread, own).await, link_of(&desk, Purpose::Thread, theirs).await);
        let rating = link_of(&desk, Purpose::Rating, theirs).await;
        let luis = desk.visitor();
        open(&luis, &other).await.expect(303);
        write(&luis, &other, "Quokkareply", &[("files", "quokkaname.txt", "text/plain", b"Quokkafile")]).await.expect(303);
        let said = messages(&desk, theirs).await;
        let (message, file) = (said[1].id, said[1].attachments[0].id);
        let contact = contact(&desk, theirs).await;

        let rosa = desk.visitor();
        open(&rosa, &mine).await.expect(303);
        let page = rosa.get(&format!("/t/{mine}")).await.expect(200).text();
        let token = hidden(&page, "csrf_token").to_owned();
        let cookie = rosa.cookie();
        let ids = [theirs.to_string(), message.to_string(), file.to_string(), contact.to_string(), other.clone(), rating];
        let mut tried = 0;
        let mut check = |answer: &Answer, way: &str| {
            let all = format!("{:?} {}", answer.headers, answer.text()).to_lowercase();
            for word in ["quokka", "luis"] {
                assert!(!all.contains(word), "{way}: {all}");
            }
            tried += 1;
        };
        let ways = routes().into_iter().filter(|route| route.access == Access::Public && route.path.contains("{token}"));
        for route in ways {
            for (link, id) in [&mine, &other].into_iter().flat_map(|link| ids.iter().map(move |id| (link, id))) {
                let path = route.path.replace("{token}", link).replace("{file}", id).replace("{message}", id).replace("{place}", "0");
                let way = format!("{path}?ticket={id}&pid={id}&contact={id}&message={id}&file={id}&token={id}");
                let form = format!("csrf_token={token}&message=x&once={id}&ticket={id}&contact={id}&score=5&lang=en");
                let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")];
                let body = if route.method == Method::GET { Body::empty() } else { Body::from(form) };
                let answer = desk.stranger().request(route.method.clone(), &way, &headers, body).await;
                check(&answer, &format!("{} {way}", route.method));
            }
        }
        // The cookie of the own thread under the name of the other one.
        let secret = cookie.split("; ").find_map(|pair| pair.split_once('=')).unwrap().1;
        let (name, _) = luis.cookie().split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
        let headers = [("cookie", format!("{name}={secret}"))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        for path in [format!("/t/{other}"), format!("/t/{other}/files/{file}")] {
            let answer = desk.stranger().request(Method::GET, &path, &headers, Body::empty()).await;
            assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
            check(&answer, &path);
        }
        assert!(tried > 50, "{tried}");
        assert_eq!(messages(&desk, theirs).await.len(), 2, "nothing was written there");
        luis.get(&format!("/t/{other}/files/{file}")).await.expect(200);
    }
}
