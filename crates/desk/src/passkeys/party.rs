//! The desk as `WebAuthn` knows it (the "relying party"), and the library's steps.

use super::answer::wrong;
use crate::error::DeskError;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey as Key, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder, WebauthnError,
};

/// Seconds that a browser waits for its person.
const TIMEOUT: Duration = Duration::from_secs(super::question::SECONDS.unsigned_abs());

/// What is kept of a question until its answer.
#[derive(Serialize, Deserialize)]
pub(super) enum Kept {
    /// A new key is to be made.
    New(Box<PasskeyRegistration>),
    /// A key is to be shown.
    Show(DiscoverableAuthentication),
}

/// What came of a signature.
pub(super) enum Signed {
    /// It is right; the key as it is kept from now on.
    Right(Box<Key>),
    /// It is right, and its device counts backwards: there may be a copy.
    Copied,
}

/// The desk at `address`, the one that people use. Never what a request says of itself: a name in a header could be anybody's.
/// None where that address has no name of its own: keys are bound to names.
fn party(address: &str, name: &str) -> Option<Webauthn> {
    let origin = Url::parse(address).ok()?;
    let id = origin.domain()?.to_owned();
    let builder = WebauthnBuilder::new(&id, &origin).ok()?;
    builder.rp_name(name).timeout(TIMEOUT).build().ok()
}

/// Whether people can have passkeys at `address`, that of this desk: it has a name, and is reached over HTTPS or is this machine.
pub fn possible(address: &str) -> bool {
    let Ok(origin) = Url::parse(address) else {
        return false;
    };
    let local = origin
        .domain()
        .is_some_and(|name| name == "localhost" || name.ends_with(".localhost"));
    (origin.scheme() == "https" || local) && party(address, "desk").is_some()
}

fn known(address: &str, name: &str) -> Result<Webauthn, DeskError> {
    let conflict = DeskError::Conflict {
        code: "no_passkeys",
        text: "The address of this desk can't have passkeys.",
    };
    if possible(address) {
        party(address, name).ok_or(conflict)
    } else {
        Err(conflict)
    }
}

fn broken(error: &WebauthnError) -> DeskError {
    DeskError::Internal(format!("passkey: {error}"))
}

/// Asks a browser to make a key for somebody who has `others`.
pub(super) fn ask_new(
    address: &str,
    clinic: &str,
    (owner, email, name): (Uuid, &str, &str),
    others: &[Key],
) -> Result<(Value, Kept), DeskError> {
    let others = others.iter().map(|key| key.cred_id().clone()).collect();
    let (options, kept) = known(address, clinic)?
        .start_passkey_registration(owner, email, name, Some(others))
        .map_err(|error| broken(&error))?;
    let mut options = serde_json::to_value(&options)?;
    // A key that a device finds by itself, so that signing in asks for no address.
    let selection = &mut options["publicKey"]["authenticatorSelection"];
    selection["residentKey"] = "required".into();
    selection["requireResidentKey"] = true.into();
    Ok((options, Kept::New(Box::new(kept))))
}

/// The key that a browser made as it was asked.
pub(super) fn made(
    address: &str,
    kept: &PasskeyRegistration,
    answer: &str,
) -> Result<Key, DeskError> {
    let answer: RegisterPublicKeyCredential = serde_json::from_str(answer).map_err(|_| wrong())?;
    let made = known(address, "desk")?.finish_passkey_registration(&answer, kept);
    made.map_err(|_| wrong())
}

/// Asks a browser to show a key: one of `keys`, or whichever it finds where none are named.
pub(super) fn ask(address: &str, keys: &[Key]) -> Result<(Value, Kept), DeskError> {
    let (mut options, kept) = known(address, "desk")?
        .start_discoverable_authentication()
        .map_err(|error| broken(&error))?;
    options.mediation = None;
    options.public_key.extensions = None;
    let mut options = serde_json::to_value(&options)?;
    let named = keys.iter().map(|key| {
        let id = BASE64URL_NOPAD.encode(key.cred_id().as_ref());
        serde_json::json!({ "type": "public-key", "id": id })
    });
    options["publicKey"]["allowCredentials"] = named.collect();
    Ok((options, Kept::Show(kept)))
}

/// What a browser says, not yet looked at.
pub(super) struct Said(PublicKeyCredential);

impl Said {
    pub fn read(answer: &str) -> Result<Self, DeskError> {
        serde_json::from_str(answer).map(Self).map_err(|_| wrong())
    }

    /// The number of the key, as its device knows it.
    pub fn key(&self) -> &[u8] {
        self.0.get_credential_id()
    }

    /// Whose it is, where the device says so.
    pub fn person(&self) -> Option<&[u8]> {
        self.0.get_user_unique_id()
    }
}

/// Looks at a signature by `key`.
pub(super) fn shown(
    address: &str,
    kept: DiscoverableAuthentication,
    said: &Said,
    mut key: Key,
) -> Result<Signed, DeskError> {
    let looked = known(address, "desk")?.finish_discoverable_authentication_v2(&said.0, kept, &key);
    match looked {
        Ok(result) => {
            key.update_credential(&result);
            Ok(Signed::Right(Box::new(key)))
        }
        Err(WebauthnError::CredentialPossibleCompromise) => Ok(Signed::Copied),
        Err(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn passkeys_need_a_name_and_a_safe_way() {
        for url in [
            "https://desk.clinic.example",
            "https://desk.clinic.example:8443",
            "http://localhost:8080",
        ] {
            assert!(possible(url), "{url}");
        }
        for url in [
            "http://desk.clinic.example",
            "https://192.0.2.7",
            "http://127.0.0.1:8080",
            "https://[::1]",
            "nonsense",
            "",
        ] {
            assert!(!possible(url), "{url}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_browser_sends_as_a_new_key_is_refused(
            text in "\\PC{0,80}",
            bytes in vec(any::<u8>(), 0..300),
            client in vec(any::<u8>(), 0..80),
        ) {
            let (address, owner) = ("https://desk.example", Uuid::nil());
            let (options, kept) = ask_new(address, "Clinic", (owner, "ana@clinic.example", "Ana"), &[]).unwrap();
            let Kept::New(kept) = kept else { panic!("another question") };
            prop_assert!(made(address, &kept, &text).is_err());
            // Client data that is right, so that the rest is looked at, and an attestation that begins like one.
            let right = json!({
                "type": "webauthn.create", "challenge": options["publicKey"]["challenge"], "origin": address,
            });
            let begins = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59", &u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], &bytes].concat();
            for client in [client, right.to_string().into_bytes()] {
                for object in [&bytes, &begins] {
                    let answer = json!({ "id": "AA", "rawId": "AA", "type": "public-key", "response": {
                        "clientDataJSON": BASE64URL_NOPAD.encode(&client),
                        "attestationObject": BASE64URL_NOPAD.encode(object),
                    } });
                    prop_assert!(made(address, &kept, &answer.to_string()).is_err());
                }
            }
        }

        #[test]
        fn whatever_a_browser_sends_as_a_signature_is_read_or_refused(text in "\\PC{0,120}", bytes in vec(any::<u8>(), 0..80)) {
            let _ = Said::read(&text);
            let part = BASE64URL_NOPAD.encode(&bytes);
            let answer = json!({ "id": part, "rawId": part, "type": "public-key", "response": {
                "clientDataJSON": part, "authenticatorData": part, "signature": part, "userHandle": part,
            } });
            let said = Said::read(&answer.to_string()).unwrap();
            prop_assert_eq!(said.key(), &bytes[..]);
            prop_assert_eq!(said.person(), Some(&bytes[..]));
        }
    }
}
