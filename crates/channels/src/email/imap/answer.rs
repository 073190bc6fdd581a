//! The answers to FETCH and STORE.
//!
//! The library's own reading of them ends in the same way after the last answer, after a refusal
//! and after a broken connection. Here only the server's "OK" means that there are no more, because
//! a message that is taken for absent would never be asked for again.

use async_imap::error::{Error, Result};
use async_imap::imap_proto::{
    AttributeValue, MailboxDatum, MessageSection, Response, SectionPath, Status,
};

use super::Session;

/// What one FETCH answer says about a message.
#[derive(Debug, Default)]
pub(super) struct FetchAnswer<'a> {
    pub uid: Option<u32>,
    pub size: Option<u32>,
    pub internal_date: Option<&'a str>,
    pub body: Option<&'a [u8]>,
    pub header: Option<&'a [u8]>,
}

/// Runs `command` and gives what `pick` takes from its answers; sets `news` when the server
/// mentions new mail meanwhile.
pub(super) async fn collect<T>(
    session: &mut Session,
    command: &str,
    mut pick: impl FnMut(&FetchAnswer) -> Option<T>,
    news: &mut bool,
) -> Result<Vec<T>> {
    let id = session.run_command(command).await?;
    let mut picked = Vec::new();
    while let Some(response) = session.read_response().await? {
        match response.parsed() {
            Response::Fetch(_, attributes) => picked.extend(pick(&read(attributes))),
            Response::MailboxData(MailboxDatum::Exists(_)) => *news = true,
            Response::Data {
                status: Status::Bye,
                ..
            } => return Err(Error::ConnectionLost),
            Response::Done {
                tag,
                status,
                outcome,
            } if *tag == id => {
                let words = || {
                    outcome
                        .information
                        .as_deref()
                        .unwrap_or_default()
                        .to_owned()
                };
                return match status {
                    Status::Ok => Ok(picked),
                    _ => Err(Error::No(words())),
                };
            }
            _ => {}
        }
    }
    Err(Error::ConnectionLost)
}

fn read<'a>(attributes: &'a [AttributeValue]) -> FetchAnswer<'a> {
    let mut answer = FetchAnswer::default();
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(uid) => answer.uid = Some(*uid),
            AttributeValue::Rfc822Size(size) => answer.size = Some(*size),
            AttributeValue::InternalDate(date) => answer.internal_date = Some(date),
            AttributeValue::BodySection {
                section: None,
                data,
                ..
            } => {
                answer.body = data.as_deref();
            }
            AttributeValue::BodySection {
                section: Some(SectionPath::Full(MessageSection::Header)),
                data,
                ..
            } => answer.header = data.as_deref(),
            _ => {}
        }
    }
    answer
}
