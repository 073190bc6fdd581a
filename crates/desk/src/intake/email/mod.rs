//! Mail in. Owns `mailboxes` and `inbound_mails`.

pub mod mailboxes;
