//! The copy for machines: a FHIR R4 Bundle (hl7.org/fhir/R4) of type `collection`. Pure.

use super::around;
use super::gather::{Conversation, Whole};
use crate::timeline::files::Scan;
use crate::timeline::{MessageKind, MessageState, MessageView};
use bedside_db::Timestamp;
use data_encoding::BASE64;
use serde_json::{Value, json};
use uuid::Uuid;

pub(super) fn instant(at: Timestamp) -> String {
    at.to_jiff().to_string()
}

fn urn(id: Uuid) -> String {
    format!("urn:uuid:{id}")
}

pub(super) fn entry(id: Uuid, resource: &Value) -> Value {
    json!({ "fullUrl": urn(id), "resource": resource })
}

fn telecom(points: &[crate::patients::model::PointView]) -> Vec<Value> {
    let point =
        |one: &crate::patients::model::PointView| json!({ "system": one.kind, "value": one.value });
    points.iter().map(point).collect()
}

/// The bundle. `place` says where in the archive the file of an attachment lies.
pub fn bundle(whole: &Whole, place: &dyn Fn(&Conversation, Uuid, &str) -> String) -> Value {
    let patient = &whole.patient;
    let me = json!({ "reference": urn(patient.id.uuid()) });
    let mut about = json!({
        "resourceType": "Patient",
        "id": patient.id.uuid(),
        "name": [{ "text": patient.name }],
        "communication": patient.locale.iter().map(|tag| json!({
            "language": { "coding": [{ "system": "urn:ietf:bcp:47", "code": tag }] }, "preferred": true,
        })).collect::<Vec<_>>(),
    });
    if let Some(date) = &patient.birth_date {
        about["birthDate"] = json!(date);
    }
    if let Some(mrn) = &patient.mrn {
        let kind = json!({ "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR" }] });
        about["identifier"] = json!([{ "type": kind, "value": mrn }]);
    }
    let mut entries = vec![entry(patient.id.uuid(), &about)];
    for contact in &patient.contacts {
        let id = contact.id.uuid();
        entries.push(entry(
            id,
            &json!({
                "resourceType": "RelatedPerson", "id": id, "patient": me,
                "name": contact.name.iter().map(|name| json!({ "text": name })).collect::<Vec<_>>(),
                "telecom": telecom(&contact.points),
            }),
        ));
    }
    standing(whole, &me, &mut entries);
    for one in &whole.conversations {
        for message in &one.messages {
            communication(whole, one, message, &me, place, &mut entries);
        }
        if let Some(rating) = &one.rating {
            entries.push(entry(
                one.id.uuid(),
                &json!({
                    "resourceType": "Observation", "id": one.id.uuid(), "status": "final", "subject": me,
                    "code": { "text": "Rating of the help received, 1 to 5" },
                    "effectiveDateTime": instant(rating.updated_at), "valueInteger": rating.score,
                    "note": rating.comment.iter().map(|text| json!({ "text": text })).collect::<Vec<_>>(),
                }),
            ));
        }
    }
    around::add(whole, &me, &mut entries);
    let targets: Vec<Value> = entries
        .iter()
        .filter(|one| one["fullUrl"].is_string())
        .map(|one| json!({ "reference": one["fullUrl"] }))
        .collect();
    entries.push(json!({ "resource": {
        "resourceType": "Provenance", "target": targets, "recorded": instant(whole.at),
        "agent": [{ "who": { "display": whole.clinic } }],
    }}));
    json!({ "resourceType": "Bundle", "type": "collection", "timestamp": instant(whole.at), "entry": entries })
}

/// Restrictions as Consent, with what was agreed; what they asked to have put right, with all that was said to it.
fn standing(whole: &Whole, me: &Value, entries: &mut Vec<Value>) {
    for one in &whole.standing.restrictions {
        let id = one.id.uuid();
        let said: Vec<&str> = [&one.asked, &one.note]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let words = BASE64.encode(said.join("\n\n").as_bytes());
        let mut period = json!({ "start": instant(one.since) });
        if let Some(until) = one.until {
            period["end"] = json!(instant(until));
        }
        let scope = json!({ "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy" }] });
        let category = json!({ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] });
        entries.push(entry(
            id,
            &json!({
                "resourceType": "Consent", "id": id, "status": "active", "scope": scope, "category": [category],
                "patient": me, "dateTime": instant(one.since),
                "sourceAttachment": { "contentType": "text/plain; charset=utf-8", "data": words },
                "policyRule": { "text": "Restriction of uses and disclosures (45 CFR 164.522(a), GDPR Art. 18)" },
                "provision": { "type": "deny", "period": period },
            }),
        ));
    }
    for one in &whole.standing.corrections {
        let id = one.id.uuid();
        let said = [
            ("Asked", &one.asked),
            ("The clinic's reason", &one.reason),
            ("The clinic's answer", &one.note),
            ("Statement of disagreement", &one.disagreement),
            ("The clinic's rebuttal", &one.rebuttal),
        ];
        let payload: Vec<Value> = said
            .into_iter()
            .filter_map(|(what, words)| {
                Some(json!({ "contentString": format!("{what}: {}", words.as_ref()?) }))
            })
            .collect();
        entries.push(entry(
            id,
            &json!({
                "resourceType": "Communication", "id": id, "status": "completed", "subject": me,
                "category": [{ "text": "request for amendment" }],
                "topic": { "text": format!("Amendment: {}", one.decision.code()) },
                "sent": instant(one.at), "payload": payload,
            }),
        ));
    }
}

const fn status(state: MessageState) -> &'static str {
    match state {
        MessageState::Cancelled => "stopped",
        MessageState::Bounced | MessageState::Failed => "not-done",
        _ => "completed",
    }
}

fn communication(
    whole: &Whole,
    one: &Conversation,
    message: &MessageView,
    me: &Value,
    place: &dyn Fn(&Conversation, Uuid, &str) -> String,
    entries: &mut Vec<Value>,
) {
    let id = message.id.uuid();
    let words = if one.withheld.contains(&message.id) {
        "Left out: another person's words"
    } else {
        message.body.as_str()
    };
    let mut payload = vec![json!({ "contentString": words })];
    for file in &message.attachments {
        let file_id = file.id.uuid();
        payload.push(json!({ "contentReference": { "reference": urn(file_id) } }));
        let mut attachment = json!({
            "contentType": file.media_type, "title": file.name, "size": file.size,
        });
        // A harmful file is named and left out.
        if file.scan != Scan::Infected {
            attachment["url"] = place(one, file_id, &file.name).into();
        }
        entries.push(entry(
            file_id,
            &json!({
                "resourceType": "DocumentReference", "id": file_id, "status": "current", "subject": me,
                "date": instant(message.created_at), "content": [{ "attachment": attachment }],
            }),
        ));
    }
    let category = match message.kind {
        MessageKind::Inbound => "from the patient's side",
        MessageKind::Outbound => "from the clinic",
        MessageKind::Note => "internal note of the clinic",
    };
    let sender = match (message.kind, message.author_id) {
        (MessageKind::Inbound, Some(author))
            if whole
                .patient
                .contacts
                .iter()
                .any(|contact| contact.id.uuid() == author) =>
        {
            json!({ "reference": urn(author) })
        }
        _ => json!({ "display": whole.author(message).unwrap_or("another person") }),
    };
    entries.push(entry(
        id,
        &json!({
            "resourceType": "Communication", "id": id, "status": status(message.state), "subject": me,
            "identifier": [{ "value": format!("{}/{id}", one.number) }],
            "category": [{ "text": category }], "topic": { "text": one.subject },
            "sent": instant(message.created_at), "sender": sender, "payload": payload,
        }),
    ));
}
