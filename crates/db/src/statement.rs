//! SQL texts as values with a name, so that all of them can be listed and checked.

/// A SQL text for both engines. Made by [`statements!`](crate::statements) only.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// The constant's name, for messages.
    pub name: &'static str,
    /// The text with `$1`-style parameters, as PostgreSQL reads it.
    pub dollar: &'static str,
    /// The same text with `?1`-style parameters, as SQLite reads it.
    pub question: &'static str,
    /// How many parameters it has.
    pub parameters: usize,
}

/// Declares a store's statements as constants, and the list `ALL` of them.
///
/// ```
/// bedside_db::statements! {
///     /// One note by its id.
///     NOTE_BY_ID = "SELECT body FROM notes WHERE id = $1";
/// }
/// assert_eq!(ALL.len(), 1);
/// assert_eq!(NOTE_BY_ID.question, "SELECT body FROM notes WHERE id = ?1");
/// ```
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $(
            $(#[$doc])*
            pub const $name: $crate::Statement = {
                const SQL: &str = $sql;
                const BYTES: [u8; SQL.len()] = $crate::for_sqlite(SQL);
                $crate::Statement {
                    name: stringify!($name),
                    dollar: SQL,
                    question: match std::str::from_utf8(&BYTES) {
                        Ok(text) => text,
                        Err(_) => panic!("a SQL text is UTF-8"),
                    },
                    parameters: $crate::count_parameters(SQL),
                }
            };
        )+
        /// Every statement of this store, for the test that prepares them on both engines.
        pub const ALL: &[$crate::Statement] = &[$($name),+];
    };
}

/// Locks the rows that a query finds until the command ends; the last words of a text. Rows that refer to them can still
/// be added meanwhile.
const ROW_LOCK: &[u8] = b" FOR NO KEY UPDATE";

/// `$1` becomes `?1`: SQLite numbers `$1` by first appearance, and `?1` by its number. A row lock becomes nothing: SQLite
/// has one writer, to whom all rows belong.
pub const fn for_sqlite<const N: usize>(sql: &str) -> [u8; N] {
    let bytes = sql.as_bytes();
    let mut out = [b' '; N];
    let mut at = 0;
    while at < N {
        if begins(bytes, at, ROW_LOCK) {
            break;
        }
        out[at] = bytes[at];
        if bytes[at] == b'$' && at + 1 < N && bytes[at + 1].is_ascii_digit() {
            out[at] = b'?';
        }
        at += 1;
    }
    out
}

const fn begins(bytes: &[u8], at: usize, word: &[u8]) -> bool {
    let mut next = 0;
    while next < word.len() {
        if at + next >= bytes.len() || bytes[at + next] != word[next] {
            return false;
        }
        next += 1;
    }
    true
}

/// The highest parameter number of `sql`.
pub const fn count_parameters(sql: &str) -> usize {
    let bytes = sql.as_bytes();
    let mut highest = 0;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'$' {
            let mut number = 0;
            at += 1;
            while at < bytes.len() && bytes[at].is_ascii_digit() {
                number = number * 10 + (bytes[at] - b'0') as usize;
                at += 1;
            }
            if number > highest {
                highest = number;
            }
        } else {
            at += 1;
        }
    }
    highest
}

#[cfg(test)]
mod tests {
    crate::statements! {
        LOCKED = "SELECT a FROM b WHERE c = $1 AND d = $2 FOR NO KEY UPDATE OF b";
    }

    #[test]
    fn a_row_lock_is_for_the_server_alone() {
        assert!(LOCKED.dollar.ends_with("FOR NO KEY UPDATE OF b"));
        assert_eq!(
            LOCKED.question.trim_end(),
            "SELECT a FROM b WHERE c = ?1 AND d = ?2"
        );
        assert_eq!(LOCKED.parameters, 2);
        assert_eq!(ALL.len(), 1);
    }
}
