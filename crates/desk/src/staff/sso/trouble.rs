//! Why signing in at a provider came to nothing: for the log and for administrators, never for whoever wanted to come in.

use bedside_channels::http;
use serde::{Deserialize, Serialize};

/// What is wrong. No text of it holds a token, a code or anything that the provider sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// The address of the provider, or of one of its parts, can't be asked.
    Address,
    /// An address of it is not HTTPS.
    NotHttps,
    /// An address of it leads into a network that the desk may not call.
    NotAllowed,
    /// Nobody knows the name.
    NoSuchName,
    /// Nobody answers there.
    NoConnection,
    /// Its certificate is not trusted.
    Tls,
    /// It took too long.
    TooSlow,
    /// What it sent is longer than such an answer can be.
    TooLong,
    /// What came back is no HTTP.
    Protocol,
    /// There is no description of a provider at the address.
    NoDescription,
    /// What is there is no description that can be read.
    BadDescription,
    /// The description is of a provider with another address.
    OtherIssuer,
    /// It has no place where a code is exchanged for a token.
    NoTokens,
    /// It does not sign with a key that only it has (RS, PS, ES or `EdDSA`).
    NoSignatures,
    /// It publishes no key that can be used.
    NoKeys,
    /// It does not take S256 as a challenge of PKCE.
    NoPkce,
    /// It sent the person back with an error.
    Declined,
    /// The answer came from another provider, or does not say from which, as it should.
    OtherProvider,
    /// It did not take the desk's client id, secret or code.
    CodeRefused,
    /// It sent no token that says who somebody is.
    NoToken,
    /// The token's signature is not one of the provider's.
    Signature,
    /// The token is of another issuer.
    TokenIssuer,
    /// The token is for somebody else.
    TokenAudience,
    /// The token is of another sign-in.
    TokenNonce,
    /// The token is too old, or from the future.
    TokenTime,
    /// The token does not fit what it came with.
    TokenOther,
    /// What it says of the person could not be read.
    Person,
    /// The mail address is not verified.
    Unverified,
    /// No group gives a role.
    NoGroup,
    /// It says nothing of groups.
    GroupsUnsaid,
    /// Nobody has this address, and accounts are not made by themselves.
    NotInvited,
    /// The account belongs to somebody else of the provider.
    OtherSubject,
    /// The account was locked by an administrator.
    Disabled,
    /// It would leave the desk without an administrator.
    LastAdministrator,
    /// Whoever is in is not who signed in there.
    OtherPerson,
    /// The provider does not say that the person showed anew who they are.
    NotFresh,
    /// They have a second factor, which the provider did not see.
    FactorUnshown,
}

impl Trouble {
    /// What trying a provider out can find; each has words for administrators.
    pub const TRIED: [Self; 16] = [
        Self::Address,
        Self::NotHttps,
        Self::NotAllowed,
        Self::NoSuchName,
        Self::NoConnection,
        Self::Tls,
        Self::TooSlow,
        Self::TooLong,
        Self::Protocol,
        Self::NoDescription,
        Self::BadDescription,
        Self::OtherIssuer,
        Self::NoTokens,
        Self::NoSignatures,
        Self::NoKeys,
        Self::NoPkce,
    ];

    /// The stable code, for the audit log and the process's log.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::NotHttps => "not_https",
            Self::NotAllowed => "not_allowed",
            Self::NoSuchName => "no_such_name",
            Self::NoConnection => "no_connection",
            Self::Tls => "tls",
            Self::TooSlow => "too_slow",
            Self::TooLong => "too_long",
            Self::Protocol => "protocol",
            Self::NoDescription => "no_description",
            Self::BadDescription => "bad_description",
            Self::OtherIssuer => "other_issuer",
            Self::NoTokens => "no_tokens",
            Self::NoSignatures => "no_signatures",
            Self::NoKeys => "no_keys",
            Self::NoPkce => "no_pkce",
            Self::Declined => "declined",
            Self::OtherProvider => "other_provider",
            Self::CodeRefused => "code_refused",
            Self::NoToken => "no_token",
            Self::Signature => "signature",
            Self::TokenIssuer => "token_issuer",
            Self::TokenAudience => "token_audience",
            Self::TokenNonce => "token_nonce",
            Self::TokenTime => "token_time",
            Self::TokenOther => "token_other",
            Self::Person => "person",
            Self::Unverified => "unverified",
            Self::NoGroup => "no_group",
            Self::GroupsUnsaid => "groups_unsaid",
            Self::NotInvited => "not_invited",
            Self::OtherSubject => "other_subject",
            Self::Disabled => "disabled",
            Self::LastAdministrator => "last_administrator",
            Self::OtherPerson => "other_person",
            Self::NotFresh => "not_fresh",
            Self::FactorUnshown => "factor_unshown",
        }
    }

    /// Whether the provider could not be asked: trying again later may help.
    pub const fn is_outage(self) -> bool {
        matches!(
            self,
            Self::NoSuchName | Self::NoConnection | Self::Tls | Self::TooSlow | Self::Protocol
        )
    }
}

impl From<&http::Error> for Trouble {
    fn from(error: &http::Error) -> Self {
        match error {
            http::Error::Address => Self::Address,
            http::Error::NotHttps => Self::NotHttps,
            http::Error::NotAllowed => Self::NotAllowed,
            http::Error::NoSuchName => Self::NoSuchName,
            http::Error::NoConnection(_) => Self::NoConnection,
            http::Error::Tls(_) | http::Error::Trust(_) => Self::Tls,
            http::Error::TooLong => Self::TooLong,
            http::Error::TooSlow => Self::TooSlow,
            http::Error::Protocol(_) => Self::Protocol,
        }
    }
}
