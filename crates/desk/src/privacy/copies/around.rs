//! What the copy for machines holds around the words: who acts for the patient, what they said yes and no to, which notices
//! they were given, what they asked by law and to whom their data were given. Pure.

use super::fhir::{entry, instant};
use super::gather::Whole;
use crate::privacy::consents::{Channel, ConsentView, Decision, Purpose};
use crate::privacy::requests::{Decision as Ended, Request, State};
use data_encoding::BASE64;
use serde_json::{Value, json};

/// Adds all of it. `me` is the reference to the patient.
pub(super) fn add(whole: &Whole, me: &Value, entries: &mut Vec<Value>) {
    acting(whole, me, entries);
    for one in &whole.consents {
        entries.push(consent(whole, one, me));
    }
    for one in &whole.notices {
        let id = one.id.uuid();
        let words = format!("version {}, SHA-256 {}", one.notice.number, one.text_hash);
        entries.push(entry(
            id,
            &json!({
                "resourceType": "Communication", "id": id, "status": "completed", "subject": me,
                "category": [{ "text": "notice of privacy practices" }], "sent": instant(one.at),
                "payload": [{ "contentString": words }],
            }),
        ));
    }
    for one in &whole.asked {
        entries.push(asked(one, me));
    }
    given(whole, me, entries);
}

fn acting(whole: &Whole, me: &Value, entries: &mut Vec<Value>) {
    for one in &whole.acting {
        let id = one.id.uuid();
        let mut period = json!({ "start": instant(one.starts_at) });
        if let Some(end) = one.ended_at.or(one.until) {
            period["end"] = json!(instant(end));
        }
        let mut person = json!({
            "resourceType": "RelatedPerson", "id": id, "patient": me, "active": one.is_open(), "period": period,
            "relationship": [{ "text": one.relationship.code() }, { "text": one.authority.code() }],
        });
        if !one.name.is_empty() {
            person["name"] = json!([{ "text": one.name }]);
        }
        entries.push(entry(id, &person));
    }
}

/// Whether somebody said something else of the same later.
fn is_over(whole: &Whole, one: &ConsentView) -> bool {
    let (word, all) = (&one.word, &whole.consents);
    all.iter().any(|later| {
        let later = &later.word;
        (later.at, later.id) > (word.at, word.id)
            && (later.purpose.is_none() || later.purpose == word.purpose)
            && (later.channel.is_none() || later.channel == word.channel)
            && (later.party.is_none() || later.party == word.party)
    })
}

fn consent(whole: &Whole, one: &ConsentView, me: &Value) -> Value {
    let (id, word) = (one.word.id.uuid(), &one.word);
    let status = match word.decision {
        Decision::Given if !is_over(whole, one) => "active",
        Decision::Refused => "rejected",
        Decision::Given | Decision::Withdrawn => "inactive",
    };
    let permit = match word.decision {
        Decision::Given => "permit",
        Decision::Refused | Decision::Withdrawn => "deny",
    };
    let purpose = word.purpose.map_or("everything", Purpose::code);
    let mut provision = json!({ "type": permit });
    let ways = [word.channel.map(Channel::code), one.party.as_deref()];
    let ways: Vec<Value> = ways
        .into_iter()
        .flatten()
        .map(|way| json!({ "text": way }))
        .collect();
    if !ways.is_empty() {
        provision["code"] = json!(ways);
    }
    let system = "http://terminology.hl7.org/CodeSystem/consentscope";
    entry(
        id,
        &json!({
            "resourceType": "Consent", "id": id, "status": status, "patient": me, "dateTime": instant(word.at),
            "scope": { "coding": [{ "system": system, "code": "patient-privacy" }] },
            "category": [{ "text": purpose }], "provision": provision,
            "policyRule": { "text": "As the words say that were shown" },
            "sourceAttachment": {
                "contentType": "text/plain; charset=utf-8", "language": one.locale, "data": BASE64.encode(one.text.as_bytes()),
            },
        }),
    )
}

fn asked(one: &Request, me: &Value) -> Value {
    let id = one.id.uuid();
    let status = match (one.state, one.decision()) {
        (_, Some(Ended::Refused)) => "rejected",
        (_, Some(Ended::Withdrawn)) => "cancelled",
        (State::Open, _) => "requested",
        (State::Decided, _) => "in-progress",
        (State::Closed, _) => "completed",
    };
    // What stays of it has its id already, and what an entry is known by is known once.
    json!({ "resource": {
        "resourceType": "Task", "id": id, "status": status, "intent": "order", "for": me,
        "code": { "text": format!("{} ({})", one.kind.code(), one.law.code()) },
        "authoredOn": one.received_on.to_string(),
    }})
}

fn given(whole: &Whole, me: &Value, entries: &mut Vec<Value>) {
    let system = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
    for one in &whole.given.recorded {
        let id = one.id.uuid();
        let recipient = match one.address.as_str() {
            "" => one.recipient.clone(),
            address => format!("{}, {address}", one.recipient),
        };
        entries.push(entry(
            id,
            &json!({
                "resourceType": "AuditEvent", "id": id, "type": { "system": system, "code": "disclose" },
                "recorded": instant(one.made_at), "purposeOfEvent": [{ "text": one.purpose }],
                "agent": [{ "name": recipient, "requestor": false }],
                "source": { "observer": { "display": whole.clinic } },
                "entity": [{ "what": me, "description": one.what }],
            }),
        ));
    }
}
