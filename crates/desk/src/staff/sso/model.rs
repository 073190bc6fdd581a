//! What an organisation decided about its provider, and what follows from what the provider says: pure rules.

use crate::error::DeskError;
use crate::names;
use bedside_db::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Most groups in the table, and most that are looked at of one person.
pub const MAX_GROUPS: usize = 500;
/// Longest group, claim or word, in characters.
const MAX_WORD: usize = 255;
/// Longest issuer, client id and secret, in bytes.
const MAX_TEXT: usize = 2000;

/// What an organisation decided, as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The claim that carries somebody's groups; dots lead into objects, as in `realm_access.roles`.
    pub groups_claim: String,
    /// Roles by their code, each with the groups that give it. The first that fits counts.
    pub roles: Vec<(String, Vec<String>)>,
    /// Whether somebody who was not invited gets an account at the first sign-in.
    pub makes_accounts: bool,
    /// Whether people of the provider come in by it alone, and no more by a password or passkey of the desk.
    pub only_way: bool,
    /// What stands in `amr` or `acr` when the provider asked for a second factor. Nothing: the desk always asks for its own.
    pub factor: Vec<String>,
    /// Until when the client's secret works at the provider, where somebody said so.
    #[serde(default)]
    pub secret_ends_at: Option<Timestamp>,
}

/// A provider as administrators see it: without the client's secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderView {
    /// Its address, exactly as it names itself.
    pub issuer: String,
    /// What the provider knows the desk by.
    pub client: String,
    /// What stands on the button of the sign-in page.
    pub button: String,
    /// The rest.
    pub rules: Rules,
    /// Whether anybody can come in by it.
    pub enabled: bool,
    /// Counts up with each change.
    pub version: i64,
}

impl ProviderView {
    /// Its name in the network, as people know it from the address line.
    pub fn host(&self) -> &str {
        let rest = self.issuer.split_once("://").map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }
}

/// A provider to be kept.
#[derive(Clone)]
pub struct NewProvider {
    /// All but the secret; `version` is the one the caller saw, 0 for none.
    pub view: ProviderView,
    /// The client's secret; none keeps the one there is.
    pub secret: Option<String>,
}

impl NewProvider {
    /// Refuses what can't be used. Whether there are such roles is looked at by whoever knows them.
    pub fn check(&self) -> Result<(), DeskError> {
        let view = &self.view;
        let wrong = |field, code, text| Err(DeskError::invalid(field, code, text));
        let is_address = view.issuer.starts_with("https://") || view.issuer.starts_with("http://");
        let plain = |text: &str| {
            !text.is_empty() && text.len() <= MAX_TEXT && text.chars().all(|c| c.is_ascii_graphic())
        };
        if !is_address || !plain(&view.issuer) || view.issuer.contains(['?', '#', '@']) {
            return wrong(
                "issuer",
                "sso_issuer",
                "Write the provider's address, such as https://login.clinic.example.",
            );
        }
        if !plain(&view.client) {
            return wrong(
                "client",
                "sso_client",
                "Write the client id as the provider gave it.",
            );
        }
        if self.secret.as_deref().is_some_and(|secret| !plain(secret)) {
            return wrong(
                "secret",
                "sso_secret",
                "Write the client secret as the provider gave it.",
            );
        }
        names::checked(&view.button).map_err(|_| {
            DeskError::invalid(
                "button",
                "bad_name",
                "A name has 1 to 100 characters, on one line.",
            )
        })?;
        let rules = &view.rules;
        let word = |word: &String| {
            !word.is_empty() && word.chars().count() <= MAX_WORD && names::one_line(word)
        };
        if !word(&rules.groups_claim) {
            return wrong(
                "groups_claim",
                "sso_claim",
                "Write the name of the claim that carries the groups.",
            );
        }
        let groups = || rules.roles.iter().flat_map(|(_, groups)| groups);
        if groups().count() > MAX_GROUPS || !groups().all(word) {
            return wrong(
                "roles",
                "sso_groups",
                "There can be 500 groups, each of up to 255 characters.",
            );
        }
        if view.enabled && groups().next().is_none() {
            return wrong(
                "roles",
                "sso_no_group",
                "Name at least one group, or nobody can come in.",
            );
        }
        if rules.factor.len() > 20 || !rules.factor.iter().all(word) {
            return wrong(
                "factor",
                "sso_factor",
                "There can be 20 words, each of up to 255 characters.",
            );
        }
        Ok(())
    }
}

/// What a provider says of somebody, after everything about it was checked.
#[derive(Clone)]
pub(super) struct Said {
    /// What they are known by at this provider.
    pub subject: String,
    /// When they showed who they are there, in seconds since 1970; none where it does not say.
    pub auth_time: Option<i64>,
    /// Everything it says, by name.
    pub claims: Map<String, Value>,
}

impl Said {
    /// The mail address that the provider says is theirs. `email_verified` is `true`, or the address is none.
    pub fn verified_email(&self) -> Option<String> {
        if self.claims.get("email_verified") != Some(&Value::Bool(true)) {
            return None;
        }
        let email = self.claims.get("email")?.as_str()?;
        bedside_vault::normalise::email(email).ok()
    }

    /// The name for a new account; the beginning of the mail address where there is none that can be kept.
    pub fn name(&self, email: &str) -> String {
        let said = self.claims.get("name").and_then(Value::as_str);
        let kept = said.and_then(|name| names::checked(name).ok());
        let local = || email.split('@').next().unwrap_or_default();
        let short: String = kept
            .unwrap_or_else(local)
            .chars()
            .take(names::MAX_NAME)
            .collect();
        short
    }

    /// Their groups: a list of texts, or one text. None where it says nothing of groups, which is another thing than that
    /// they are in none: Entra ID leaves them out where there are many, and so does a mapping that was taken away.
    pub fn groups(&self, claim: &str) -> Option<Vec<&str>> {
        match find(&self.claims, claim)? {
            Value::Array(all) => Some(all.iter().filter_map(Value::as_str).collect()),
            Value::String(one) => Some(vec![one]),
            _ => None,
        }
    }

    /// Whether it says that a second factor was shown, in one of these words.
    pub fn shows_factor(&self, words: &[String]) -> bool {
        let is_one = |text: &Value| {
            text.as_str()
                .is_some_and(|text| words.iter().any(|word| word == text))
        };
        let methods = self.claims.get("amr").and_then(Value::as_array);
        methods.is_some_and(|all| all.iter().any(is_one))
            || self.claims.get("acr").is_some_and(is_one)
    }
}

/// What a claim holds. Its name may have dots of its own, so the whole name is looked for first.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(found) = claims.get(name) {
        return Some(found);
    }
    let (first, rest) = name.split_once('.')?;
    find(claims.get(first)?.as_object()?, rest)
}

impl Rules {
    /// The role of somebody with these groups, of those that there `is`; none where no group fits.
    pub fn role_of(&self, groups: &[&str], is: impl Fn(&str) -> bool) -> Option<&str> {
        let fits = |(role, giving): &&(String, Vec<String>)| {
            is(role) && giving.iter().any(|group| groups.contains(&group.as_str()))
        };
        self.roles.iter().find(fits).map(|(role, _)| role.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn said(claims: &Value) -> Said {
        Said {
            subject: "s".to_owned(),
            auth_time: None,
            claims: claims.as_object().unwrap().clone(),
        }
    }

    #[test]
    fn an_address_counts_when_it_is_verified() {
        let fine = json!({ "email": "Ana@Clinic.example", "email_verified": true });
        assert_eq!(
            said(&fine).verified_email().as_deref(),
            Some("ana@clinic.example")
        );
        for verified in [
            json!(false),
            json!("true"),
            json!(1),
            json!(null),
            json!([true]),
        ] {
            let claims = json!({ "email": "ana@clinic.example", "email_verified": verified });
            assert_eq!(said(&claims).verified_email(), None, "{verified}");
        }
        assert_eq!(
            said(&json!({ "email": "ana@clinic.example" })).verified_email(),
            None
        );
        let none = json!({ "email": "no address", "email_verified": true });
        assert_eq!(said(&none).verified_email(), None);
    }

    #[test]
    fn groups_are_found_where_providers_put_them() {
        let claims = json!({
            "groups": ["a", 7, "b"], "one": "c", "https://x.example/roles": ["d"],
            "realm_access": { "roles": ["e"] }, "number": 7, "none": [], "null": null,
        });
        for (claim, groups) in [
            ("groups", Some(vec!["a", "b"])),
            ("one", Some(vec!["c"])),
            ("https://x.example/roles", Some(vec!["d"])),
            ("realm_access.roles", Some(vec!["e"])),
            ("none", Some(vec![])),
            ("null", None),
            ("realm_access", None),
            ("number", None),
            ("missing.roles", None),
        ] {
            assert_eq!(said(&claims).groups(claim), groups, "{claim}");
        }
    }

    #[test]
    fn the_first_role_that_fits_counts() {
        let rules = Rules {
            roles: vec![
                ("gone".to_owned(), vec!["a".to_owned()]),
                ("supervisor".to_owned(), vec!["lead".to_owned()]),
                ("agent".to_owned(), vec!["a".to_owned(), "desk".to_owned()]),
            ],
            ..Rules::default()
        };
        let is = |role: &str| role != "gone";
        assert_eq!(rules.role_of(&["desk", "lead"], is), Some("supervisor"));
        assert_eq!(rules.role_of(&["a"], is), Some("agent"));
        assert_eq!(rules.role_of(&["Desk", ""], is), None);
        assert_eq!(rules.role_of(&[], is), None);
    }

    #[test]
    fn a_second_factor_counts_when_its_word_is_known() {
        let words = ["mfa".to_owned()];
        assert!(said(&json!({ "amr": ["pwd", "mfa"] })).shows_factor(&words));
        assert!(said(&json!({ "acr": "mfa" })).shows_factor(&words));
        for claims in [
            json!({ "amr": ["pwd"] }),
            json!({ "amr": "mfa" }),
            json!({ "acr": 1 }),
            json!({}),
        ] {
            assert!(!said(&claims).shows_factor(&words), "{claims}");
        }
        assert!(!said(&json!({ "amr": ["mfa"] })).shows_factor(&[]));
    }

    proptest! {
        #[test]
        fn whatever_a_provider_says_is_read(claim in "\\PC{0,40}", text in "\\PC{0,200}") {
            let claims = json!({ "email": text, "email_verified": true, "name": text, "groups": text, "a": { "b": [text] } });
            let said = said(&claims);
            let _ = (said.verified_email(), said.groups(&claim), said.groups("a.b"));
            prop_assert!(said.name("ana@clinic.example").chars().count() <= names::MAX_NAME);
        }
    }
}
