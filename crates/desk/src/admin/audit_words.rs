//! Words for the codes of the audit log. What has no words yet is shown as its code.

use crate::staff::{NO_ROLE, Role};
use bedside_web::I18n;
use bedside_web::i18n::Texts;
use serde_json::Value;
use std::sync::Arc;

/// Everything that the log can say was done, by its code. Each has words.
pub const ACTIONS: &[&str] = &[
    "access.close",
    "access.decide",
    "access.export",
    "access.go_on",
    "access.list",
    "access.open",
    "access.read",
    "acting.begin",
    "acting.end",
    "acting.list",
    "acting.read",
    "attachment.ask",
    "attachment.infected",
    "attachment.original",
    "attachment.queue",
    "attachment.read",
    "attachment.scan",
    "attachment.upload",
    "audit.export",
    "audit.filters",
    "audit.forget",
    "audit.keep",
    "audit.prove",
    "audit.read",
    "audit.share",
    "breach.assess",
    "breach.change",
    "breach.close",
    "breach.done",
    "breach.letter",
    "breach.list",
    "breach.look",
    "breach.notify",
    "breach.open",
    "breach.people",
    "breach.posted",
    "breach.print",
    "breach.printed",
    "breach.read",
    "breach.send",
    "breach.sign",
    "breach.take",
    "consent.again",
    "consent.own",
    "consent.read",
    "consent.record",
    "contact.change",
    "contact.create",
    "contact.link",
    "contact.list",
    "contact.read",
    "correction.export",
    "demo.settle",
    "disclosure.export",
    "disclosure.form",
    "disclosure.read",
    "disclosure.record",
    "disclosure.strike",
    "exception.list",
    "factor.add",
    "factor.codes",
    "factor.recover",
    "factor.remove",
    "factor.reset",
    "http.request",
    "identity.address",
    "identity.answer",
    "identity.approve",
    "identity.ask",
    "identity.called",
    "identity.check",
    "identity.code",
    "identity.emergency",
    "identity.notice",
    "identity.number",
    "identity.peek",
    "identity.read",
    "identity.review",
    "identity.reviews",
    "identity.signed_in",
    "identity.unlock",
    "keys.retire",
    "keys.rewrap",
    "keys.root",
    "keys.rotate",
    "language.adopt",
    "language.read",
    "language.rollback",
    "link.ask",
    "link.make",
    "link.open",
    "link.revoke",
    "mail.bounce",
    "mail.bounced",
    "mail.drop",
    "mail.fail",
    "mail.handled",
    "mail.hold",
    "mail.ignore",
    "mail.receive",
    "mail.resume",
    "mail.retry",
    "mail.send",
    "mail.try",
    "mail.wait",
    "mailbox.change",
    "mailbox.create",
    "mailbox.disable",
    "mailbox.enable",
    "message.bounce",
    "message.move",
    "message.receive",
    "message.said",
    "message.send",
    "message.undo",
    "note.add",
    "organisation.create",
    "notice.acknowledge",
    "notice.acknowledged",
    "notice.again",
    "notice.discard",
    "notice.draft",
    "notice.open",
    "notice.publish",
    "notice.save",
    "passkey.add",
    "passkey.mark",
    "passkey.remove",
    "passkey.rename",
    "passkey.stop",
    "patient.change",
    "patient.create",
    "patient.found",
    "patient.label",
    "patient.list",
    "patient.read",
    "patient.search",
    "portal.close",
    "portal.code",
    "portal.end",
    "portal.open",
    "portal.refuse",
    "privacy.approve",
    "privacy.close",
    "privacy.copied",
    "privacy.copy",
    "privacy.decide",
    "privacy.disagree",
    "privacy.download",
    "privacy.end",
    "privacy.enter",
    "privacy.erase",
    "privacy.exception",
    "privacy.expire",
    "privacy.extend",
    "privacy.hold",
    "privacy.holds",
    "privacy.list",
    "privacy.open",
    "privacy.own",
    "privacy.read",
    "privacy.release",
    "privacy.remind",
    "privacy.search",
    "privacy.seen",
    "privacy.standing",
    "privacy.take_back",
    "privacy.way",
    "privacy.way_end",
    "provisioning.default_role",
    "provisioning.group",
    "provisioning.group_remove",
    "provisioning.person",
    "provisioning.remove",
    "provisioning.role",
    "provisioning.take_over",
    "queue.refused",
    "rating.list",
    "rating.read",
    "representative.add",
    "representative.confirm",
    "representative.end",
    "representative.list",
    "representative.refuse",
    "renewal.remind",
    "restricted.list",
    "restricted.open",
    "restricted.refused",
    "restricted.review",
    "retention.begin",
    "retention.decide",
    "retention.destroy",
    "retention.end",
    "retention.list",
    "retention.preview",
    "retention.proof",
    "retention.read",
    "retention.run",
    "retention.take_back",
    "role.change",
    "role.delete",
    "session.begin",
    "session.close",
    "session.confirm",
    "session.end",
    "session.moved",
    "session.open",
    "settings.change",
    "sso.change",
    "sso.forget",
    "sso.leave",
    "sso.link",
    "sso.remove",
    "sso.show",
    "sso.try",
    "staff.create",
    "staff.disable",
    "staff.enable",
    "staff.link",
    "staff.link_shown",
    "staff.locale",
    "staff.password",
    "staff.remind",
    "staff.role",
    "staff.sign_out",
    "thread.read",
    "ticket.change",
    "ticket.create",
    "ticket.disposition",
    "ticket.follow",
    "ticket.found",
    "ticket.hand_over",
    "ticket.hand_over_undo",
    "ticket.label",
    "ticket.link",
    "ticket.list",
    "ticket.merge",
    "ticket.not_a_crisis",
    "ticket.rate",
    "ticket.read",
    "ticket.search",
    "ticket.split",
    "ticket.unfollow",
    "token.create",
    "token.revoke",
    "watch.keep",
    "watch.list",
    "watch.look",
    "watch.sign",
];

/// What can be looked for, each code with its words, in the order of the words; `chosen` is among them whatever it is.
pub fn actions(t: Texts, chosen: &str) -> Vec<(String, String)> {
    let mut all: Vec<_> = ACTIONS
        .iter()
        .map(|code| ((*code).to_owned(), words(t, "audit-action", code)))
        .collect();
    if !chosen.is_empty() && !ACTIONS.contains(&chosen) {
        all.push((chosen.to_owned(), chosen.to_owned()));
    }
    all.sort_by_cached_key(|(_, words)| words.to_lowercase());
    all
}

/// Words for `code`, of the kind that the texts' keys begin with; the code itself where there are none.
pub fn words(t: Texts, kind: &str, code: &str) -> String {
    let key = key(kind, code);
    if I18n::global().has(t.locale, &key) {
        t.text(&key).to_owned()
    } else {
        code.to_owned()
    }
}

fn key(kind: &str, code: &str) -> String {
    format!("{kind}-{}", code.replace(['_', ' ', '.', ':'], "-"))
}

/// An id, its end alone where it is long: the end is what tells two of them apart.
pub fn short(id: &str) -> String {
    let count = id.chars().count();
    if count <= 16 {
        return id.to_owned();
    }
    let end: String = id.chars().skip(count - 6).collect();
    format!("…{end}")
}

/// What an entry was done to, beside its kind: an id, or which list was looked at.
pub fn object(t: Texts, roles: &[Arc<Role>], kind: &str, id: &str) -> String {
    if kind == "role" {
        return role_name(t, roles, id);
    }
    if kind != "view" {
        return short(id);
    }
    match id.split_once(':') {
        Some(("status", status)) => words(t, "status", status),
        Some((of, id)) => format!("{} {}", words(t, "audit-view", of), short(id)),
        None => words(t, "audit-view", id),
    }
}

/// What else an entry tells, as `name: value` pairs in words. Roles have their names as long as they are there.
pub fn detail(t: Texts, roles: &[Arc<Role>], json: &str) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(json) else {
        return json.to_owned();
    };
    let pair = |(name, value): (&String, &Value)| {
        let values = match value {
            Value::Array(values) if values.is_empty() => return None,
            Value::Array(values) => values.iter().map(|one| said(t, roles, name, one)).collect(),
            Value::Null => return None,
            one => vec![said(t, roles, name, one)],
        };
        let name = words(t, "audit-detail", name);
        Some(format!("{name}: {}", values.join(", ")))
    };
    fields
        .iter()
        .filter_map(pair)
        .collect::<Vec<_>>()
        .join(" · ")
}

/// A role's name as long as it is there, then its code.
pub fn role_name(t: Texts, roles: &[Arc<Role>], code: &str) -> String {
    if code == NO_ROLE {
        return t.text("admin-staff-no-role").to_owned();
    }
    let role = roles.iter().find(|role| role.code == code);
    role.map_or(code, |role| role.names.in_locale(t.locale))
        .to_owned()
}

fn said(t: Texts, roles: &[Arc<Role>], name: &str, value: &Value) -> String {
    match value {
        Value::Bool(true) => t.text("form-yes").to_owned(),
        Value::Bool(false) => t.text("form-no").to_owned(),
        Value::String(codes) if name == "scopes" => {
            let codes = codes.split_whitespace();
            codes
                .map(|code| words(t, "scope", code))
                .collect::<Vec<_>>()
                .join(", ")
        }
        Value::String(ids) if name == "queues" => {
            let ids = ids.split_whitespace().map(short);
            ids.collect::<Vec<_>>().join(", ")
        }
        Value::String(code) if name == "decision" => words(t, "access-said", code),
        Value::String(code) if name == "role" => role_name(t, roles, code),
        Value::String(code) if name == "by" => words(t, "audit", code),
        Value::String(code) => short(&words(t, name, code)),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::clinic;
    use crate::startup::built_in_clinic;
    use bedside_web::Locale;

    #[test]
    fn ways_in_kinds_and_purposes_have_words_in_every_language() {
        for (kind, codes) in [
            (
                "audit-source",
                "page api public mail job command_line".to_owned(),
            ),
            (
                "audit-purpose",
                "treatment payment operations access".to_owned(),
            ),
            (
                "audit-actor",
                "staff token contact visitor system".to_owned(),
            ),
            (
                "audit-view",
                "active crisis done tag queue assignee contact patient follower low all".to_owned(),
            ),
            ("audit-kind", kinds()),
            ("audit-action", ACTIONS.join(" ")),
        ] {
            for code in codes.split_whitespace() {
                for locale in Locale::ALL {
                    let key = key(kind, code);
                    assert!(I18n::global().has(locale, &key), "{key} in {locale}");
                }
            }
        }
    }

    fn kinds() -> String {
        "ticket contact patient staff token organisation setting mailbox inbound_mail outbound_mail attachment \
         upload view route audit_entry audit_filter access_round role privacy_request privacy_copy group breach \
         retention_rule retention_run"
            .to_owned()
    }

    #[test]
    fn what_is_known_is_said_and_the_rest_is_its_code() {
        let t = Texts::new(Locale::Es);
        assert_eq!(
            object(t, &[], "view", "active"),
            t.text("audit-view-active").to_owned()
        );
        assert_eq!(
            object(t, &[], "view", "status:open"),
            t.text("status-open").to_owned()
        );
        assert_eq!(
            object(t, &[], "ticket", "0199a0b2-0000-7000-8000-0000deadbeef"),
            "…adbeef"
        );
        let clinic = clinic::parse(&built_in_clinic()).unwrap();
        let roles: Vec<_> = clinic
            .roles
            .into_iter()
            .map(|one| Arc::new(one.role))
            .collect();
        for (json, words) in [
            (
                r#"{"by":["actor"],"role":"nurse","count":2,"patient":null,"odd":"x"}"#,
                "por: Quién · cantidad: 2 · odd: x · función: Enfermería",
            ),
            (
                r#"{"scopes":"tickets:read audit:read","clinical":false}"#,
                "personal clínico: No · puede: Ver solicitudes, Leer el registro de auditoría",
            ),
            (r#"{"role":"of_another_time"}"#, "función: of_another_time"),
            // A look at everything is by nothing.
            (r#"{"by":[]}"#, ""),
            ("not json", "not json"),
            ("", ""),
        ] {
            assert_eq!(detail(t, &roles, json), words);
        }
    }
}
