//! Passwords: argon2id with the crate's defaults, which follow RFC 9106's second choice in spirit (19 MiB, 2 passes).

use super::model::{MAX_PASSWORD, MIN_PASSWORD};
use crate::app::App;
use crate::config::breached;
use crate::error::DeskError;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use bedside_vault::normalise;
use bedside_vault::secret::content_hash;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The first eight bytes of the SHA-256 of every common password of at least 15 characters, in small letters and in order
/// (docs/decisions/0008-sign-in.md says where they come from).
static COMMON: &[u8] = include_bytes!("common_passwords.bin");
/// Bytes of each.
const MARK: usize = 8;
/// Shortest word of a name that no word of a password may be, in letters: shorter ones say little of whose it is.
const SHORTEST_WORD: usize = 4;
/// Shortest name that is looked for anywhere in a password, in letters and digits: shorter ones are in many words.
const SHORTEST_NAME: usize = 6;
/// Longest piece that is told when a password is nothing else, over and over.
const PIECE: usize = 4;

/// Refuses what is too short or too long, and what anybody would try first: common passwords, one piece over and over,
/// letters in a row, and `names`, such as that of the clinic and the person's own. Any character may be used, and none must be
/// (NIST SP 800-63B-4 §3.1.1.2).
pub(super) fn check(password: &str, names: &[&str]) -> Result<(), DeskError> {
    let wrong = |code, text| Err(DeskError::invalid("password", code, text));
    let password = normalise::typed(password);
    let length = password.chars().count();
    if length < MIN_PASSWORD {
        return wrong(
            "too_short",
            "Use at least 15 characters. A few words are fine.",
        );
    }
    if length > MAX_PASSWORD {
        return wrong("too_long", "Use at most 200 characters.");
    }
    let lower = password.to_lowercase();
    if is_simple(&lower) {
        return wrong("too_simple", "Use more than one piece over and over.");
    }
    if is_common(&lower) {
        return wrong(
            "common",
            "Many people use this password. Choose another one.",
        );
    }
    let letters = letters_of(&lower);
    let is_in = |name: &&str| {
        let name = normalise::typed(name).to_lowercase();
        let whole = letters_of(&name);
        let mut long = words_of(&name).filter(|word| word.chars().count() >= SHORTEST_WORD);
        whole.chars().count() >= SHORTEST_NAME && letters.contains(&whole)
            || long.any(|word| words_of(&lower).any(|one| one == word))
    };
    if names.iter().any(is_in) {
        return wrong(
            "named",
            "Leave out the name of the clinic and of this program, and your own.",
        );
    }
    Ok(())
}

/// The same where the machine has a list of breached ones: as it was typed, brought into one form. A list that can't be read
/// is a fault, and nobody's password is set until it is mended.
pub(super) async fn check_breached(app: &App, password: &str) -> Result<(), DeskError> {
    let Some(list) = app.config.breached_passwords.clone() else {
        return Ok(());
    };
    let typed = normalise::typed(password);
    let found = tokio::task::spawn_blocking(move || breached::has(&list, &typed));
    let found = found
        .await
        .map_err(|error| DeskError::Internal(error.to_string()))?
        .map_err(|error| DeskError::Internal(format!("the list of breached passwords: {error}")))?;
    if found {
        return Err(DeskError::invalid(
            "password",
            "breached",
            "This password was stolen somewhere before. Choose another one.",
        ));
    }
    Ok(())
}

fn letters_of(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Its runs of letters.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic())
}

/// Whether it is a short piece over and over, or goes on evenly, as `abcd` or `9876` do.
fn is_simple(password: &str) -> bool {
    let all: Vec<char> = password.chars().collect();
    let repeats = |piece: usize| {
        all.iter()
            .skip(piece)
            .zip(&all)
            .all(|(one, before)| one == before)
    };
    let step = |pair: &[char]| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0]));
    let mut steps = all.windows(2).map(step);
    let first = steps.next();
    (1..=PIECE).any(repeats)
        || first.is_some_and(|first| first.abs() == 1 && steps.all(|step| step == first))
}

fn is_common(lower: &str) -> bool {
    let hash = content_hash(lower.as_bytes());
    let (marks, _) = COMMON.as_chunks::<MARK>();
    marks
        .binary_search_by(|mark| mark[..].cmp(&hash[..MARK]))
        .is_ok()
}

/// The hash to store. Slow on purpose, so it runs beside the pages.
pub(super) async fn hash(password: String) -> Result<String, DeskError> {
    blocking(move || {
        let password = normalise::typed(&password);
        let hash = Argon2::default().hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string())
            .map_err(|error| DeskError::Internal(error.to_string()))
    })
    .await?
}

/// What an unknown address is held against: nobody's password.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let hash = Argon2::default().hash_password(b"nobody has this address");
    hash.map(|hash| hash.to_string()).unwrap_or_default()
});

/// Whether `password` fits. Without a hash the same work is done, so that an unknown address takes as long.
pub(super) async fn fits(password: String, hash: Option<String>) -> Result<bool, DeskError> {
    blocking(move || {
        let known = hash.is_some();
        let hash = hash.as_ref().unwrap_or(&NOBODY);
        let typed = normalise::typed(&password);
        // Passwords of earlier releases were kept as their first keyboard wrote them.
        let fits = held_against(&typed, hash) || typed != password && held_against(&password, hash);
        fits && known
    })
    .await
}

/// The one place where a password is looked at, and where the time goes.
fn held_against(password: &str, hash: &str) -> bool {
    #[cfg(test)]
    LOOKS.lock().push((password.to_owned(), cost(hash)));
    let Ok(parsed) = PasswordHash::new(hash) else {
        return false;
    };
    Argon2::default()
        .verify_password(password.as_bytes(), &parsed)
        .is_ok()
}

/// Every look so far: the password, and what it cost.
#[cfg(test)]
pub(super) static LOOKS: parking_lot::Mutex<Vec<(String, String)>> =
    parking_lot::Mutex::new(Vec::new());

/// Everything in a hash that decides how long a look at it takes: method, version, memory, passes and lengths.
#[cfg(test)]
fn cost(hash: &str) -> String {
    let parts: Vec<&str> = hash.split('$').collect();
    let [_, method, version, work, salt, sum] = parts[..] else {
        panic!("no hash: {hash}");
    };
    format!("{method} {version} {work} {} {}", salt.len(), sum.len())
}

/// Hashing takes 19 MiB each, so a crowd at the door waits in a line.
static AT_ONCE: Semaphore = Semaphore::const_new(4);
/// How long somebody stands in that line.
const PATIENCE: Duration = Duration::from_secs(10);

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DeskError> {
    let crowded = || DeskError::Unavailable("too many passwords at once".to_owned());
    let turn = tokio::time::timeout(PATIENCE, AT_ONCE.acquire());
    let _turn = turn.await.map_err(|_| crowded())?.map_err(|_| crowded())?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| DeskError::Internal("hashing stopped".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(password: &str) -> Option<&'static str> {
        let names = [
            "Riverside Clinic",
            "Bedside",
            "José Ana",
            "ana.whitaker",
            "Li",
            "Li An",
        ];
        check(password, &names).err().map(|error| error.code())
    }

    #[test]
    fn what_anybody_would_try_first_is_refused() {
        for (password, refused) in [
            ("correct horse battery staple", None),
            ("Grüße an die Küche 🙂", None),
            ("fourteen chars", Some("too_short")),
            ("passwordPassword", Some("common")),
            ("123456789qwerty", Some("common")),
            ("aaaaaaaaaaaaaaaaaa", Some("too_simple")),
            ("abcabcabcabcabcabc", Some("too_simple")),
            ("Na! na! na! Na! na! ", Some("too_simple")),
            ("nanananananananana", Some("too_simple")),
            ("abcdefghijklmnopqr", Some("too_simple")),
            ("zyxwvutsrqponmlkj", Some("too_simple")),
            ("riverside-CLINIC 2026!", Some("named")),
            ("our dear Bedside desk", Some("named")),
            ("Jose\u{301} Ana knows it", Some("named")),
            ("ana.whitaker and I", Some("named")),
            ("like the lights of Lima", None),
            // One word of a name is enough, between whatever is no letter; a part of another word is none of it.
            ("whitaker2026!whitaker", Some("named")),
            ("seven CLINIC doors", Some("named")),
            ("Jose\u{301} knows it all", Some("named")),
            ("clinically proven tea", None),
            ("anagrams of banana", None),
            ("only a brilliant idea", None),
        ] {
            assert_eq!(code(password), refused, "{password}");
        }
        assert_eq!(code(&"ab c d efg".repeat(21)), Some("too_long"));
        assert_eq!(code(&"ab c d efg".repeat(20)), None);
    }

    #[test]
    fn the_list_is_whole_and_in_order() {
        let (marks, rest) = COMMON.as_chunks::<MARK>();
        assert!(rest.is_empty());
        // At least the 3000 most common ones of this length (ASVS 5.0, V6.2.4).
        assert!(marks.len() > 9000 && marks.is_sorted());
    }

    #[tokio::test]
    async fn a_password_fits_from_every_keyboard() {
        let (composed, apart) = (
            "Señora mía, buenos días",
            "Sen\u{303}ora mi\u{301}a, buenos di\u{301}as",
        );
        let stored = hash(apart.to_owned()).await.unwrap();
        for typed in [composed, apart] {
            assert!(fits(typed.to_owned(), Some(stored.clone())).await.unwrap());
        }
        // As an earlier release kept it.
        let old = Argon2::default()
            .hash_password(apart.as_bytes())
            .unwrap()
            .to_string();
        assert!(fits(apart.to_owned(), Some(old)).await.unwrap());
    }

    proptest! {
        #[test]
        fn any_text_is_held_against_the_rules(password in any::<String>(), name in any::<String>()) {
            let short = normalise::typed(&password).chars().count() < MIN_PASSWORD;
            let refused = check(&password, &[&name]).err().map(|error| error.code());
            prop_assert_eq!(refused == Some("too_short"), short);
        }
    }
}
