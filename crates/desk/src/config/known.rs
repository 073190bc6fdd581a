//! Passwords that programs ship with, and that whoever knocks at a service tries first.

/// The most usual ones, in small letters.
const KNOWN: [&str; 24] = [
    "",
    "0000",
    "1234",
    "12345",
    "123456",
    "12345678",
    "123456789",
    "admin",
    "administrator",
    "changeit",
    "changeme",
    "default",
    "demo",
    "example",
    "guest",
    "letmein",
    "master",
    "pass",
    "password",
    "postgres",
    "qwerty",
    "root",
    "secret",
    "test",
];

/// Whether `password` lets anybody in who tries what everybody tries: a usual one, or the account's own name, with digits
/// behind it or without.
pub fn is_known_password(user: &str, password: &str) -> bool {
    let plain = |text: &str| text.trim().to_lowercase();
    let (user, password) = (plain(user), plain(password));
    let word = password.trim_end_matches(|c: char| c.is_ascii_digit() || c == '!');
    let name = user.split('@').next().unwrap_or_default();
    KNOWN.contains(&password.as_str())
        || !word.is_empty() && (KNOWN.contains(&word) || word == name || word == user)
        || password == user
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_tries_is_known_and_other_words_are_not() {
        for (user, password) in [
            ("postgres", "postgres"),
            ("desk", "Desk"),
            ("desk", "desk2026!"),
            ("desk", "password1"),
            ("help@clinic.example", "help"),
            ("help@clinic.example", "help@clinic.example"),
            ("a", ""),
            ("a", "ChangeMe"),
            ("root", "123456"),
        ] {
            assert!(is_known_password(user, password), "{user} {password}");
        }
        for (user, password) in [
            ("desk", "hunter2"),
            ("desk", "correct-horse"),
            ("desk", "desk of the clinic"),
            ("a", "734091"),
            ("test", "p&w d=%"),
        ] {
            assert!(!is_known_password(user, password), "{user} {password}");
        }
    }
}
