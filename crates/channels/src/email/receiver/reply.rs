//! The answers, with enhanced status codes (RFC 3463).

use crate::email::scrub::scrub;

pub(super) const TOO_MANY_CONNECTIONS: &[u8] =
    b"421 4.3.2 too many connections, please try again later\r\n";
pub(super) const SHUTTING_DOWN: &str = "421 4.3.2 going down, please try again later";
pub(super) const TIMED_OUT: &str = "421 4.4.2 waited too long";
pub(super) const TOO_MANY_ERRORS: &str = "421 4.7.0 too many errors";
pub(super) const TOO_MANY_MESSAGES: &str = "421 4.7.0 enough for one connection, please come back";
pub(super) const LINE_TOO_LONG: &str = "500 5.5.6 line too long";
pub(super) const BARE_LINE_END: &str = "500 5.5.2 a line ends with CR LF";
pub(super) const UNKNOWN_COMMAND: &str = "500 5.5.1 unknown command";
pub(super) const NOT_OFFERED: &str = "502 5.5.1 not offered here";
pub(super) const OUT_OF_ORDER: &str = "503 5.5.1 not at this point";
pub(super) const NO_RECIPIENTS: &str = "503 5.5.1 no valid recipients";
pub(super) const TOO_LARGE: &str = "552 5.3.4 message too large";
pub(super) const NO_ROOM: &str = "452 4.3.1 too much mail at the moment, please try again later";
pub(super) const OK: &str = "250 2.0.0 OK";
pub(super) const BYE: &str = "221 2.0.0 goodbye";
pub(super) const GO_AHEAD: &str = "354 end with <CR><LF>.<CR><LF>";
pub(super) const SENDER_OK: &str = "250 2.1.0 sender OK";
pub(super) const RCPT_OK: &str = "250 2.1.5 recipient OK";
pub(super) const RCPT_UNKNOWN: &str = "550 5.1.1 no such mailbox here";
pub(super) const RCPT_LATER: &str = "450 4.3.0 can't say now, please try again later";
pub(super) const TOO_MANY_RCPTS: &str = "452 4.5.3 too many recipients";
pub(super) const BAD_SENDER: &str = "501 5.1.7 that is not an address";
pub(super) const BAD_RECIPIENT: &str = "501 5.1.3 that is not an address";
pub(super) const BAD_PARAMETER: &str = "501 5.5.4 a parameter is wrong";
pub(super) const UNKNOWN_PARAMETER: &str = "555 5.5.4 a parameter is not offered here";
pub(super) const NEEDS_SMTPUTF8: &str = "553 5.6.7 that address needs SMTPUTF8";
pub(super) const CANNOT_VERIFY: &str = "252 2.5.0 send mail to find out";
pub(super) const HELP: &str = "214 2.0.0 see RFC 5321";

/// A reply with a text that did not come from here.
pub(super) fn with_text(code: u16, enhanced: &str, text: &str) -> String {
    let text: String = scrub(text).chars().filter(char::is_ascii).collect();
    format!("{code} {enhanced} {text}")
}
