//! One spelling for values that are looked up exactly, so that equal ones have equal blind indexes.
//!
//! Each function is idempotent, takes any text, and refuses what could never match anything ([`typed`] takes all).

use thiserror::Error;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Longest value taken, in bytes.
pub const MAX_LEN: usize = 1024;
/// Most digits in an international number (ITU-T E.164 §6).
const E164_MAX_DIGITS: usize = 15;
/// Fewest digits taken for a number; shorter ones are service numbers and belong to nobody.
const PHONE_MIN_DIGITS: usize = 7;

/// Why a value can't be looked up. The texts do not show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unusable {
    /// Nothing is left of it.
    #[error("the value is empty")]
    Empty,
    /// More than [`MAX_LEN`] bytes.
    #[error("the value is longer than {MAX_LEN} bytes")]
    TooLong,
    /// No text before or behind an `@`.
    #[error("this is not an email address")]
    NotAnAddress,
    /// Too few or too many digits, or letters or control characters among them.
    #[error("this is not a telephone number")]
    NotANumber,
    /// Not a day of the calendar as YYYY-MM-DD.
    #[error("this is not a date as YYYY-MM-DD")]
    NotADate,
}

/// Text as every keyboard would have it (NFC): what looks the same is the same. For passwords, of which nothing else may be
/// changed.
pub fn typed(text: &str) -> String {
    text.nfc().collect()
}

/// An email address in lower case, NFKC, without invisible characters, to look it up: whether mail can be sent there is
/// not asked here. Plus tags and dots stay: only
/// some providers ignore them.
pub fn email(text: &str) -> Result<String, Unusable> {
    let address = fold_case(limited(text)?);
    let address = address.trim();
    match address.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() => Ok(address.to_owned()),
        _ if address.is_empty() => Err(Unusable::Empty),
        _ => Err(Unusable::NotAnAddress),
    }
}

/// A telephone number as `+` and digits (E.164). `country_code` (digits only) is taken for numbers
/// written the national way, without their trunk zero. An extension is left out.
///
/// It does not know each country's numbering plan: it serves to find a number again, not to dial it.
pub fn phone(text: &str, country_code: &str) -> Result<String, Unusable> {
    let text = fold_case(limited(text)?);
    let text = text.trim();
    if text.is_empty() {
        return Err(Unusable::Empty);
    }
    if text.contains(char::is_control) {
        return Err(Unusable::NotANumber);
    }
    let text = text.strip_prefix("tel:").unwrap_or(text);
    // "+44 (0)20 …": the bracketed zero is dialled only inside the country.
    let main = without_extension(text).replace("(0)", "");
    let mut digits = String::with_capacity(E164_MAX_DIGITS + 1);
    for character in main.chars() {
        match digit(character) {
            Some(digit) => digits.push(digit),
            None if character.is_alphabetic() => return Err(Unusable::NotANumber),
            None => {}
        }
    }
    let international = if main.trim_start().trim_start_matches('(').starts_with('+') {
        digits
    } else if let Some(rest) = digits.strip_prefix("00") {
        rest.to_owned()
    } else {
        from_national(&digits, country_code)
    };
    if !(PHONE_MIN_DIGITS..=E164_MAX_DIGITS).contains(&international.len())
        || international.starts_with('0')
    {
        return Err(Unusable::NotANumber);
    }
    Ok(format!("+{international}"))
}

fn from_national(digits: &str, country_code: &str) -> String {
    match country_code {
        // The North American plan writes its own country code as the trunk prefix.
        "1" if digits.len() == 11 && digits.starts_with('1') => digits.to_owned(),
        // Italy and San Marino dial the leading zero from abroad too.
        "39" | "378" => format!("{country_code}{digits}"),
        _ => format!(
            "{country_code}{}",
            digits.strip_prefix('0').unwrap_or(digits)
        ),
    }
}

fn without_extension(text: &str) -> &str {
    let end = text
        .find([';', '#', 'x', ','])
        .into_iter()
        .chain(text.find("ext"))
        .min();
    &text[..end.unwrap_or(text.len())]
}

/// The decimal digits that people type: ASCII, Arabic-Indic, Persian, Devanagari. Full-width ones
/// are ASCII after NFKC.
fn digit(character: char) -> Option<char> {
    let zero = match character {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6F0}'..='\u{6F9}' => '\u{6F0}',
        '\u{966}'..='\u{96F}' => '\u{966}',
        _ => return None,
    };
    char::from_digit(u32::from(character) - u32::from(zero), 10)
}

/// A name without case, accents and punctuation: "  José  O’Brien-López " is "jose obrien lopez".
/// The order of its parts stays, as it carries meaning in many cultures.
pub fn name(text: &str) -> Result<String, Unusable> {
    // Decomposed before folding, as marks may hide a letter that folds, and after, as folding may
    // bring new marks.
    let lower: String = fold_case(limited(text)?).nfkd().collect();
    let mut folded = String::with_capacity(lower.len());
    for character in lower.chars().filter(|&c| !is_accent(c)) {
        match plain_letters(character) {
            Some(letters) => folded.push_str(letters),
            None if is_apostrophe(character) => {}
            None if character.is_alphanumeric() || is_combining_mark(character) => {
                folded.push(character);
            }
            None => folded.push(' '),
        }
    }
    let words: Vec<&str> = folded.split_ascii_whitespace().collect();
    // What was left out may have stood between marks, whose order has to be made canonical again.
    non_empty(words.join(" ").nfc().collect())
}

/// Letters that have no decomposition in Unicode but are spelled with plain ones in practice.
const fn plain_letters(character: char) -> Option<&'static str> {
    Some(match character {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ħ' => "h",
        'ı' => "i",
        'þ' => "th",
        'ς' => "σ",
        _ => return None,
    })
}

/// Marks that people leave out when they type: accents, and the vowel points of Hebrew and Arabic.
/// Marks of other scripts stay, as a Hindi or Japanese name without them is another name.
const fn is_accent(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36F}'
            | '\u{591}'..='\u{5C7}'
            | '\u{64B}'..='\u{65F}'
            | '\u{670}'
            | '\u{1AB0}'..='\u{1AFF}'
            | '\u{1DC0}'..='\u{1DFF}'
            | '\u{20D0}'..='\u{20FF}'
            | '\u{FE20}'..='\u{FE2F}'
    )
}

const fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '’' | '‘' | 'ʼ' | 'ʻ' | '`' | '´' | '′')
}

/// A medical record number: its letters and digits in upper case. Leading zeros stay.
pub fn mrn(text: &str) -> Result<String, Unusable> {
    let folded = fold_case(limited(text)?);
    let kept = folded.chars().filter(|c| c.is_alphanumeric());
    let upper: String = kept.flat_map(char::to_uppercase).collect();
    non_empty(upper.nfkc().filter(|c| c.is_alphanumeric()).collect())
}

/// A birth date as YYYY-MM-DD; YYYYMMDD is taken too (HL7, X12). Other orders are ambiguous and
/// refused.
pub fn birth_date(text: &str) -> Result<String, Unusable> {
    let text = limited(text)?.trim();
    if text.is_empty() {
        return Err(Unusable::Empty);
    }
    let digits: Vec<u32> = match text.len() {
        8 => text.chars().map_while(|c| c.to_digit(10)).collect(),
        10 if text.get(4..5) == Some("-") && text.get(7..8) == Some("-") => text
            .chars()
            .filter(|&c| c != '-')
            .map_while(|c| c.to_digit(10))
            .collect(),
        _ => return Err(Unusable::NotADate),
    };
    if digits.len() != 8 {
        return Err(Unusable::NotADate);
    }
    let number = |part: &[u32]| part.iter().fold(0, |sum, digit| sum * 10 + digit);
    let (year, month, day) = (
        number(&digits[..4]),
        number(&digits[4..6]),
        number(&digits[6..]),
    );
    if year == 0 || day == 0 || day > days_in_month(year, month) {
        return Err(Unusable::NotADate);
    }
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}

const fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 0,
    }
}

/// Name and birth date as one value, for [`crate::BlindKind::NameAndBirthDate`].
pub fn name_and_birth_date(full_name: &str, date: &str) -> Result<String, Unusable> {
    Ok(format!("{}|{}", name(full_name)?, birth_date(date)?))
}

fn limited(text: &str) -> Result<&str, Unusable> {
    if text.len() > MAX_LEN {
        return Err(Unusable::TooLong);
    }
    Ok(text)
}

fn non_empty(text: String) -> Result<String, Unusable> {
    if text.is_empty() {
        return Err(Unusable::Empty);
    }
    Ok(text)
}

/// NFKC in lower case without invisible characters. Case is folded a character at a time, so that
/// the end of a word does not matter, and normalised again, as lower case may compose anew.
fn fold_case(text: &str) -> String {
    let visible = text.nfkc().filter(|&c| !is_invisible(c));
    let lower: String = visible.flat_map(char::to_lowercase).collect();
    lower.nfkc().collect()
}

/// Characters that show nothing and come along with copied text: soft hyphen, zero-width and
/// direction marks, byte order mark.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
    )
}
