//! What the pages show.

use super::{location, number};
use crate::common::Role;
use crate::common::{both_engines, csrf_token};
use axum::body::Body;
use axum::http::Method;
use bedside_desk::{patients, tickets};

both_engines! {
    async fn words_of_strangers_stay_words(desk: Desk) {
        let attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
        let requester = patients::requester_by_email(&desk.app, desk.organisation, "x@patients.example", Some(attack), None);
        let requester = requester.await.unwrap();
        let new = tickets::NewTicket::new(requester, bedside_language::Channel::Email, attack, attack);
        let created = tickets::create(&desk.app, &desk.system(), new).await.unwrap();
        let agent = desk.browser(Role::Agent).await;
        let path = format!("/tickets/{}", created.number);
        let token = csrf_token(&agent.get(&path).await.text());
        let file = ("files", "<img src=x onerror=alert(3)>.html", "text/html", b"<script>alert(4)</script>".as_slice());
        let fields = [("csrf_token", token.as_str()), ("kind", "note"), ("body", attack)];
        let _ = agent.post_files(&format!("{path}/messages"), &fields, &[file]).await.expect(303);
        for path in ["/inbox", path.as_str()] {
            let page = agent.get(path).await.expect(200).text();
            assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{path}: {page}");
        }
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), created.id).await.unwrap();
        let file = &view.messages.last().unwrap().attachments[0];
        let download = agent.get(&format!("/attachments/{}", file.id)).await.expect(200);
        assert_eq!(download.body, b"<script>alert(4)</script>");
        assert!(download.header("content-disposition").unwrap().starts_with("attachment"));
        assert!(download.header("content-security-policy").unwrap().starts_with("sandbox"));
        assert_eq!(download.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(download.header("content-type"), Some("application/octet-stream"));
    }

    async fn an_address_goes_on_after_its_at(desk: Desk) {
        let id = desk.ticket("emiliano.urrutia96@patients.example", "My bill", "Why so much?").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let page = desk.browser(Role::Agent).await.get(&path).await.text();
        assert_eq!(page.matches("emiliano.urrutia96@<wbr>patients.example</span>").count(), 2, "{page}");
        let staff = desk.browser(Role::Administrator).await.get("/settings/staff").await.text();
        assert!(staff.contains("nurse@<wbr>clinic.example"), "{staff}");
    }

    async fn a_patient_is_found_by_exact_values_and_linked(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let number = number(&desk, id).await;
        let agent = desk.browser(Role::Agent).await;
        let fields = [("name", "Rosa Alvarez"), ("birth_date", "1980-02-03"), ("mrn", "MR-77")];
        let added = agent.submit("/patients/new", "/patients/new", &fields).await.expect(303);
        let place = location(&added).to_owned();
        assert!(agent.get(&place).await.text().contains("MR-77"));
        let again = agent.submit("/patients/new", "/patients/new", &fields).await.expect(422);
        assert!(again.text().contains("Another patient has this record number"));
        let found = agent.submit("/patients", "/patients", &[("mrn", "mr77")]).await.expect(200).text();
        let found_either = found.contains(&place) || agent.submit("/patients", "/patients", &[("mrn", "MR-77")]).await.text().contains(&place);
        assert!(found_either);
        let nobody = agent.submit("/patients", "/patients", &[("name", "Rosa Alvarez")]).await.expect(200).text();
        assert!(!nobody.contains(&place), "a name alone opens nobody");
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap();
        let contact = view.contact.id.to_string();
        let back = format!("/tickets/{number}");
        let link = [("contact", contact.as_str()), ("back", back.as_str())];
        let linked = agent.submit("/patients", &format!("{place}/link"), &link).await.expect(303);
        assert_eq!(location(&linked), back);
        assert!(agent.get(&back).await.text().contains("MR-77"));
    }

    async fn lists_turn_their_pages_both_ways(desk: Desk) {
        for index in 0..60 {
            desk.ticket(&format!("p{index}@patients.example"), &format!("Request {index}"), "Hello").await;
        }
        let agent = desk.browser(Role::Agent).await;
        let first = agent.get("/inbox").await.text();
        let next = first.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let second = agent.get(&next).await.expect(200).text();
        assert!(!second.contains("rel=\"next\""));
        assert_eq!(second.matches("data-key-item").count(), 10);
        let back = second.split("rel=\"prev\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let again = agent.get(&back).await.expect(200).text();
        assert_eq!(again.matches("data-key-item").count(), 50);
        let row = |page: &str| page.split("id=\"t-").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(row(&first), row(&again));
        let _ = agent.get("/inbox?after=made-up").await.expect(422);
        // The place of one list opens no other.
        let _ = agent.get(&next.replace("/inbox", "/inbox/done")).await.expect(422);
    }

    async fn a_crisis_cannot_be_overlooked(desk: Desk) {
        let body = "I want to kill myself. I have the pills here and will take them tonight.";
        let id = desk.ticket("lee@patients.example", "Please", body).await;
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap();
        assert_eq!(view.ticket.rank(), 0, "the engine sees it");
        let agent = desk.browser(Role::Agent).await;
        let inbox = agent.get("/inbox").await.text();
        assert!(inbox.contains("class=\"crisis\" role=\"alert\""));
        assert!(agent.get("/inbox/crisis").await.text().contains("Please"));
        let path = format!("/tickets/{}", view.ticket.number);
        assert!(agent.get(&path).await.text().contains("crisis steps"));
        let snooze = [("version", "1"), ("until", "4h")];
        let _ = agent.submit(&path, &format!("{path}/snooze"), &snooze).await.expect(409);
    }

    async fn a_script_gets_the_part_it_asks_for(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let number = number(&desk, id).await;
        let agent = desk.browser(Role::Agent).await;
        let headers = [("hx-request", "true"), ("accept", "text/html")];
        for path in ["/inbox".to_owned(), format!("/tickets/{number}/timeline")] {
            let part = agent.request(Method::GET, &path, &headers, Body::empty()).await.expect(200).text();
            assert!(!part.contains("<html") && part.contains("id=\"t"), "{path}");
        }
        let problem = agent.request(Method::GET, "/tickets/999999", &headers, Body::empty()).await.expect(404);
        assert!(problem.header("content-type").unwrap().contains("json"));
        let away = desk.visitor().request(Method::GET, "/inbox", &headers, Body::empty()).await.expect(401);
        assert_eq!(away.header("hx-redirect"), Some("/sign-in?next=/inbox"));
    }

    async fn why_it_was_placed_here_is_in_the_readers_language(desk: Desk) {
        let mut requests = Vec::new();
        for (address, words) in [
            ("rosa@patients.example", "I have crushing chest pain"),
            ("luz@patients.example", "Tengo un dolor muy fuerte en el pecho"),
            // Rules that no English or Spanish file has.
            ("linh@patients.example", "Tôi bị đau ngực dữ dội"),
        ] {
            let id = desk.ticket(address, "", words).await;
            let ticket = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap().ticket;
            assert_eq!(ticket.triage.read().danger.as_deref(), Some("cardiac"), "{words}");
            requests.push(format!("/tickets/{}", ticket.number));
        }
        let agent = desk.browser(Role::Agent).await;
        let why = async |path: &str| {
            let page = agent.get(path).await.expect(200).text();
            let (_, rest) = page.split_once("<details class=\"small why\">").unwrap();
            rest.split("</details>").next().unwrap().to_owned()
        };
        let english = ["Chest pain or pressure: possible heart attack", "Possible danger: Heart"];
        let spanish = ["Dolor o presión en el pecho: posible infarto", "Posible peligro: Corazón"];
        for path in &requests {
            let said = why(path).await;
            assert!(english.iter().all(|words| said.contains(words)), "{said}");
            assert!(!spanish.iter().any(|words| said.contains(words)) && !said.contains("Se parece"), "{said}");
            assert_eq!(said.matches(english[0]).count(), 1, "{said}");
        }
        let _ = agent.submit("/inbox", "/look", &[("language", "es"), ("back", "/inbox")]).await.expect(303);
        for path in &requests {
            let said = why(path).await;
            assert!(spanish.iter().all(|words| said.contains(words)), "{said}");
            assert!(!english.iter().any(|words| said.contains(words)) && !said.contains("Reads like"), "{said}");
        }
    }
}
