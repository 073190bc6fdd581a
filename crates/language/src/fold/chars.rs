//! Single characters: their plain form, their script, and marks that are left out.

use unicode_normalization::char::decompose_compatible;

/// Appends the folded form of one character: compatibility decomposition without accents, lower case.
pub(super) fn push_folded(c: char, out: &mut String) {
    match c {
        'ß' => out.push_str("ss"),
        'æ' | 'Æ' => out.push_str("ae"),
        'œ' | 'Œ' => out.push_str("oe"),
        'ø' | 'Ø' => out.push('o'),
        'đ' | 'Đ' => out.push('d'),
        'ł' | 'Ł' => out.push('l'),
        'ı' => out.push('i'),
        // One spelling each for letters that Arabic keyboards and phones give several of.
        'ى' | 'ی' => out.push('ي'),
        'ة' => out.push('ه'),
        'ک' => out.push('ك'),
        // Chandrabindu is often typed as the plain dot.
        'ँ' => out.push('ं'),
        // Hangul syllables and kana with voice marks are letters of their own.
        '\u{3040}'..='\u{30FF}' | '\u{AC00}'..='\u{D7A3}' => out.push(c),
        _ => {
            if let Some(digit) = digit(c) {
                out.push(digit);
                return;
            }
            decompose_compatible(c, |part| {
                if part.is_alphanumeric() && !is_stripped_mark(part) {
                    for lower in part.to_lowercase().filter(|l| !is_stripped_mark(*l)) {
                        // What comes out of a decomposition may itself have a plainer form.
                        if lower == c {
                            out.push(c);
                        } else {
                            push_folded(lower, out);
                        }
                    }
                }
            });
        }
    }
}

/// The ASCII digit for a digit of Arabic, Persian or Devanagari.
fn digit(c: char) -> Option<char> {
    let zero = match c {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6F0}'..='\u{6F9}' => 0x6F0,
        '\u{966}'..='\u{96F}' => 0x966,
        _ => return None,
    };
    char::from_digit(c as u32 - zero, 10)
}

/// Accents over Latin, Greek and Cyrillic letters, Arabic vowel points and the line that stretches Arabic
/// words, the Devanagari dot below. Signs that spell a vowel stay.
pub(super) fn is_stripped_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{93C}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// Zero-width characters, soft hyphens, direction marks and variation selectors only hide words.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{AD}'
        | '\u{180E}' | '\u{34F}' | '\u{E0000}'..='\u{E007F}')
}

/// More that shows nothing, seen only in texts that hide words: further direction marks, fillers, rare variation selectors and
/// control characters. The index keeps its form, so it has none of it.
pub(super) fn hides(c: char) -> bool {
    matches!(c,
        '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{206A}'..='\u{206F}' | '\u{3164}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0100}'..='\u{E01EF}')
}

/// The plain letter for one in a square or a circle and for a small capital, which have no decomposition.
pub(super) fn plain(c: char) -> Option<char> {
    /// The small capitals and their like, with their letters.
    const SMALL: [(char, char); 29] = [
        ('ᴀ', 'a'),
        ('ʙ', 'b'),
        ('ᴄ', 'c'),
        ('ᴅ', 'd'),
        ('ᴇ', 'e'),
        ('ꜰ', 'f'),
        ('ɢ', 'g'),
        ('ʜ', 'h'),
        ('ɪ', 'i'),
        ('ᴊ', 'j'),
        ('ᴋ', 'k'),
        ('ʟ', 'l'),
        ('ᴍ', 'm'),
        ('ɴ', 'n'),
        ('ᴏ', 'o'),
        ('ᴘ', 'p'),
        ('ꞯ', 'q'),
        ('ʀ', 'r'),
        ('ꜱ', 's'),
        ('ᴛ', 't'),
        ('ᴜ', 'u'),
        ('ᴠ', 'v'),
        ('ᴡ', 'w'),
        ('ʏ', 'y'),
        ('ᴢ', 'z'),
        ('ɡ', 'g'),
        ('ɑ', 'a'),
        ('ɩ', 'i'),
        ('ʋ', 'v'),
    ];
    let first = match c {
        '\u{1F130}'..='\u{1F149}' => 0x1F130,
        '\u{1F150}'..='\u{1F169}' => 0x1F150,
        '\u{1F170}'..='\u{1F189}' => 0x1F170,
        '\u{1F1E6}'..='\u{1F1FF}' => 0x1F1E6,
        _ => return SMALL.iter().find(|s| s.0 == c).map(|s| s.1),
    };
    char::from_u32(u32::from('a') + (c as u32 - first))
}

/// Chinese characters.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Signs that are a word of their own: Chinese characters, kana, Hangul syllables. Their writers put spaces
/// nowhere or where they like.
pub(crate) fn is_wide(c: char) -> bool {
    is_han(c) || matches!(c, '\u{3040}'..='\u{30FF}') || is_hangul(c)
}

/// A Hangul syllable.
pub(crate) fn is_hangul(c: char) -> bool {
    matches!(c, '\u{AC00}'..='\u{D7A3}')
}

/// A word that stands for a sign people answer with, so that rules and the model can read it.
pub(super) fn sign(c: char) -> Option<&'static str> {
    match c {
        '😂' | '🤣' | '😹' | '😆' | '😜' | '🤪' => Some("haha"),
        '🆘' => Some("sos"),
        '🚑' => Some("ambulance"),
        '💀' | '☠' => Some("signskull"),
        '😭' | '😢' | '😞' | '😔' => Some("signsad"),
        '🙏' => Some("signpray"),
        '❤' | '😊' | '🥰' | '👍' => Some("signglad"),
        _ => None,
    }
}
