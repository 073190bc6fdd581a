//! What the copy for machines holds around the words: who acts for the patient, what they said yes and no to, which notices
//! they were given, what they asked by law and to whom their data were given. Pure.

use super::fhir::{entry, instant};
use super::gather::Whole;
use crate::privacy::consents::model::Word;
use crate::privacy::consents::{Channel, ConsentView, Decision, Purpose};
use crate::privacy::requests::{Decision as Ended, Request, State};
use bedside_web::Locale;
use bedside_web::i18n::Texts;
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
    let mut all = whole.consents.iter();
    all.any(|later| ends(&later.word, &one.word))
}

/// Whether one word ends another: a yes is for one address of whoever said it, and a no of one contact for their own alone.
fn ends(later: &Word, word: &Word) -> bool {
    let theirs = match later.decision {
        Decision::Given => (later.point, later.contact) == (word.point, word.contact),
        Decision::Refused | Decision::Withdrawn => {
            later.contact.is_none() || later.contact == word.contact
        }
    };
    theirs
        && (later.at, later.id) > (word.at, word.id)
        && (later.purpose.is_none() || later.purpose == word.purpose)
        && (later.channel.is_none() || later.channel == word.channel)
        && (later.party.is_none() || later.party == word.party)
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
    if whole.given.is_cut {
        // What it is known by matters to nobody: it says that the list before it is not whole.
        let words = Texts::new(Locale::En);
        entries.push(json!({ "resource": {
            "resourceType": "OperationOutcome",
            "issue": [{
                "severity": "warning", "code": "incomplete", "diagnostics": words.text("disclosures-letter-cut"),
            }],
        }}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ConsentId, ContactId};
    use bedside_db::Timestamp;
    use uuid::Uuid;

    fn word(decision: Decision, at: i64, contact: Option<u128>, point: Option<u8>) -> Word {
        Word {
            id: ConsentId::from_uuid(Uuid::from_u128(at.unsigned_abs().into())),
            at: Timestamp::from_micros(at),
            purpose: Some(Purpose::Reminders),
            channel: Some(Channel::Email),
            decision,
            patient: None,
            contact: contact.map(|number| ContactId::from_uuid(Uuid::from_u128(number))),
            point: point.map(|number| [number; 16]),
            party: None,
        }
    }

    #[test]
    fn a_word_ends_what_was_said_of_the_same_address_and_by_the_same_person() {
        let yes = word(Decision::Given, 1, Some(1), Some(1));
        let later = |decision, contact, point| ends(&word(decision, 2, contact, point), &yes);
        assert!(later(Decision::Given, Some(1), Some(1)));
        assert!(!later(Decision::Given, Some(1), Some(2)));
        assert!(!later(Decision::Given, Some(2), Some(1)));
        assert!(later(Decision::Withdrawn, None, None));
        assert!(later(Decision::Refused, Some(1), None));
        assert!(!later(Decision::Refused, Some(2), None));
        assert!(!ends(&yes, &word(Decision::Given, 2, Some(1), Some(1))));
    }
}
