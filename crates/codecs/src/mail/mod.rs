//! Internet mail: reading it, writing it, and telling who may join a conversation.
//!
//! | Task | Door |
//! |---|---|
//! | bytes of a message → [`ParsedMail`] | [`parse`] |
//! | the new part of an answer | [`quote::Lines`], with the desk's [`own_words`] |
//! | HTML from outside → HTML that is safe to show | [`html::sanitise`] |
//! | an answer → bytes to send | [`compose::compose`] |
//! | signed reply addresses and Message-IDs | [`threading`] |
//! | a file → the words in it | [`file_words::file_words`] |
//! | an address someone typed | [`address::Address`] |
//! | a mailbox file → messages | [`mbox::Mbox`] |

pub mod address;
mod auth_results;
mod automatic;
mod bounce;
mod charset;
pub mod compose;
mod file_name;
pub mod file_words;
pub mod html;
mod limits;
pub mod mbox;
mod model;
pub mod own_words;
mod parse;
pub mod quote;
mod structure;
pub mod threading;
mod transfer;

pub use auth_results::{AuthVerdicts, Verdict};
pub use automatic::AutoKind;
pub use bounce::{Bounce, BounceAction, BounceRecipient};
pub use file_name::clean_file_name;
pub use limits::{Limits, MailError};
pub use model::{Attachment, Mailbox, ParsedMail};
pub use parse::parse;

/// Header that marks mail sent by this desk; its value names the installation.
///
/// A message that comes in with it has been round the loop once and is never answered
/// automatically.
pub const ORIGIN_HEADER: &str = "X-Bedside-Origin";
