//! Somebody's device with a passkey on it, and the browser in front of it (Web Authentication, level 2): what is asked goes in as JSON,
//! what is signed comes out as JSON. Every part of it can be told to lie.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use bedside_vault::secret::random_bytes;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

/// The person is there.
const PRESENT: u8 = 0x01;
/// The device made sure that it is them.
const VERIFIED: u8 = 0x04;
/// A new key is in the data.
const NEW_KEY: u8 = 0x40;

pub struct Device {
    pub key: EcdsaKeyPair,
    pub id: Vec<u8>,
    /// Whose key it is, as the desk said.
    pub user: Vec<u8>,
    /// Signatures so far. A device that counts none says zero each time.
    pub count: u32,
    /// Whether it counts.
    pub counts: bool,
    /// Whether it makes sure who holds it.
    pub verifies: bool,
    /// The address that the browser shows.
    pub origin: String,
    /// The name that keys are bound to.
    pub party: String,
}

impl Device {
    /// A new one, at a page of this address.
    pub fn at(origin: &str) -> Self {
        let host = origin.split("://").last().unwrap();
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: random_bytes::<32>().to_vec(),
            user: Vec::new(),
            count: 0,
            counts: false,
            verifies: true,
            origin: origin.to_owned(),
            party: host.split(':').next().unwrap().to_owned(),
        }
    }

    /// Another device with the same key, as a thief would have it.
    pub fn copy_key(&self) -> Self {
        let pkcs8 = self.key.to_pkcs8v1().unwrap();
        Self {
            key: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).unwrap(),
            id: self.id.clone(),
            user: self.user.clone(),
            origin: self.origin.clone(),
            party: self.party.clone(),
            ..*self
        }
    }

    fn client_data(&self, what: &str, asked: &Value) -> Vec<u8> {
        let challenge = &asked["publicKey"]["challenge"];
        let data = json!({ "type": what, "challenge": challenge, "origin": self.origin, "crossOrigin": false });
        data.to_string().into_bytes()
    }

    fn authenticator_data(&mut self, flags: u8) -> Vec<u8> {
        if self.counts {
            self.count += 1;
        }
        let verified = if self.verifies { VERIFIED } else { 0 };
        let mut data = digest(&SHA256, self.party.as_bytes()).as_ref().to_vec();
        data.push(PRESENT | verified | flags);
        data.extend(self.count.to_be_bytes());
        data
    }

    /// Makes its key known.
    pub fn make(&mut self, asked: &Value) -> String {
        let user = asked["publicKey"]["user"]["id"].as_str().unwrap();
        self.user = BASE64URL_NOPAD.decode(user.as_bytes()).unwrap();
        let client = self.client_data("webauthn.create", asked);
        let mut data = self.authenticator_data(NEW_KEY);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        // A COSE key: kty EC2, alg ES256, crv P-256, x, y.
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        let point = self.key.public_key().as_ref();
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        // { "fmt": "none", "attStmt": {}, "authData": … } as CBOR.
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        let response = json!({
            "clientDataJSON": BASE64URL_NOPAD.encode(&client),
            "attestationObject": BASE64URL_NOPAD.encode(&object),
            "transports": ["internal"],
        });
        self.signed(&response)
    }

    /// Shows its key.
    pub fn show(&mut self, asked: &Value) -> String {
        let client = self.client_data("webauthn.get", asked);
        let data = self.authenticator_data(0);
        let what = [&data[..], digest(&SHA256, &client).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &what).unwrap();
        let response = json!({
            "clientDataJSON": BASE64URL_NOPAD.encode(&client),
            "authenticatorData": BASE64URL_NOPAD.encode(&data),
            "signature": BASE64URL_NOPAD.encode(signature.as_ref()),
            "userHandle": BASE64URL_NOPAD.encode(&self.user),
        });
        self.signed(&response)
    }

    fn signed(&self, response: &Value) -> String {
        let id = BASE64URL_NOPAD.encode(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {} }).to_string()
    }
}
