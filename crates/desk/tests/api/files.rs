//! Files on their way in and out.

use crate::common::both_engines;
use crate::fixtures::{ALL, Things, upload};
use axum::body::Body;
use axum::http::Method;
use bedside_desk::records::blobs;
use serde_json::json;

both_engines! {
    async fn a_file_comes_back_as_it_was_and_is_never_shown(desk: Desk) {
        let client = desk.client(ALL).await;
        let things = Things::new(&client, "rosa").await;
        // Larger than two pieces, and not what it says it is.
        let page: Vec<u8> = b"<script>alert(1)</script>".iter().copied().cycle().take(600_001).collect();
        let kept = upload(&client, &[], "../../Befund Müller.html", &page).await.expect(201).json();
        assert_eq!((&kept["name"], &kept["size"]), (&json!("Befund Müller.html"), &json!(600_001)));
        let path = format!("/api/v1/tickets/{}", things.ticket);
        let reply = json!({ "body": "See the file.", "attachments": [kept["id"]] });
        client.post(&format!("{path}/messages"), &reply).await.expect(201);
        let words = client.get(&format!("{path}/messages?limit=1")).await.json();
        let file = &words["items"][0]["attachments"][0];
        assert_eq!(file["name"], "Befund Müller.html");
        let answer = client.get(&format!("/api/v1/attachments/{}", file["id"].as_str().unwrap())).await.expect(200);
        assert!(answer.body == page, "the file changed on its way");
        assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"Befund M_ller.html\"; filename*=UTF-8''Befund%20M%C3%BCller.html"));
        assert!(answer.header("content-security-policy").unwrap().starts_with("sandbox"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("content-length"), Some("600001"));
    }

    async fn only_whoever_brought_a_file_uses_it(desk: Desk) {
        let (client, other) = (desk.client(ALL).await, desk.client(ALL).await);
        let things = Things::new(&client, "rosa").await;
        let note = json!({ "body": "x", "attachments": [things.upload] });
        let path = format!("/api/v1/tickets/{}/notes", things.ticket);
        let refused = other.post(&path, &note).await.expect(422).json();
        assert_eq!(refused["errors"][0]["code"], "unknown_attachment");
        client.post(&path, &note).await.expect(201);
        let new = json!({ "contact_id": things.contact, "body": "x", "attachments": [things.upload] });
        client.post("/api/v1/tickets", &new).await.expect(201);
        client.get(&format!("/api/v1/attachments/{}", things.upload)).await.expect(404);
        // A day later it is gone, and what used it is not.
        blobs::remove_unused(&desk.app, desk.app.now().plus_seconds(1)).await.unwrap();
        client.post(&path, &note).await.expect(422);
        client.get(&format!("/api/v1/attachments/{}", things.attachment)).await.expect(200);
    }

    async fn forms_that_are_none_are_refused(desk: Desk) {
        let client = desk.client(ALL).await;
        upload(&client, &[], "empty.txt", b"").await.expect(422);
        upload(&client, &[], "large.bin", &vec![7; (25 << 20) + 1]).await.expect(413);
        client.post("/api/v1/attachments", &json!({ "file": "x" })).await.expect(415);
        let edge = [("content-type", "multipart/form-data; boundary=XX")];
        let text = "--XX\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nx\r\n--XX--\r\n";
        client.request(Method::POST, "/api/v1/attachments", &edge, Body::from(text)).await.expect(422);
        client.request(Method::POST, "/api/v1/attachments", &edge, Body::from("--XX\r\ncut")).await.expect(400);
    }
}
