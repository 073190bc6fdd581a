//! A term in all the forms it is written in, each with the plain words in the same form.

/// The forms of a term: (as written, plain).
///
/// `copayment` with `fixed fee(s)` gives `copayments` with `fixed fees` too. Verbs and irregular words list their
/// forms: `utilize / utilizes` with `use / uses`; a single plain text then serves all. Says what is wrong with them.
pub(super) fn of(
    term: &str,
    plain: &str,
    noun: bool,
    spanish: bool,
) -> Result<Vec<(String, String)>, &'static str> {
    let terms: Vec<&str> = term.split(" / ").map(str::trim).collect();
    let plains: Vec<&str> = plain.split(" / ").map(str::trim).collect();
    if terms.iter().chain(&plains).any(|one| one.is_empty()) {
        return Err("an empty form");
    }
    if noun && terms.len() == 1 {
        let (singular, plural) = match plains[..] {
            [one] => (without_marks(one), with_marks(one, spanish)),
            [singular, plural] => (singular.to_owned(), plural.to_owned()),
            _ => return Err("a noun has one plain text or two: for one, for many"),
        };
        let mut forms = vec![(terms[0].to_owned(), singular)];
        forms.extend(pluralised(terms[0], spanish).map(|many| (many, plural)));
        return Ok(forms);
    }
    match plains.len() {
        1 => Ok(terms
            .iter()
            .map(|one| ((*one).to_owned(), without_marks(plains[0])))
            .collect()),
        n if n == terms.len() => Ok(terms
            .iter()
            .zip(plains)
            .map(|(one, plain)| ((*one).to_owned(), plain.to_owned()))
            .collect()),
        _ => Err("as many plain forms as terms are needed, or one for all"),
    }
}

fn without_marks(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    let mut rest = plain;
    while let Some((before, after)) = rest.split_once('(') {
        out.push_str(before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    out + rest
}

fn with_marks(plain: &str, spanish: bool) -> String {
    let many = plain.replace(['(', ')'], "");
    if !spanish {
        return many;
    }
    match many.split_once(' ') {
        Some(("el", rest)) => format!("los {rest}"),
        Some(("la", rest)) => format!("las {rest}"),
        _ => many,
    }
}

/// The plural of a term; `None` when it is one already or has none.
fn pluralised(term: &str, spanish: bool) -> Option<String> {
    let letters = term.chars().filter(|c| c.is_alphabetic()).count();
    if letters < 3 {
        return None;
    }
    if !spanish {
        let (head, last) = term
            .rsplit_once(' ')
            .map_or(("", term), |(head, last)| (head, last));
        let many = english_plural(last)?;
        return Some(if head.is_empty() {
            many
        } else {
            format!("{head} {many}")
        });
    }
    let mut head = true;
    let words = term.split(' ').map(|word| {
        head &= !matches!(
            word,
            "de" | "del" | "en" | "por" | "con" | "sin" | "a" | "al" | "para" | "que"
        );
        if head {
            spanish_plural(word)
        } else {
            word.to_owned()
        }
    });
    Some(words.collect::<Vec<_>>().join(" ")).filter(|many| many != term)
}

fn english_plural(word: &str) -> Option<String> {
    if word.len() > 3 && word.ends_with("is") {
        return Some(format!("{}es", &word[..word.len() - 2]));
    }
    if word.ends_with('s') && !word.ends_with("ss") {
        return None;
    }
    if let Some(stem) = word.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'o', 'u'])
    {
        return Some(format!("{stem}ies"));
    }
    let hisses = ["ss", "x", "z", "ch", "sh"]
        .iter()
        .any(|end| word.ends_with(end));
    Some(format!("{word}{}", if hisses { "es" } else { "s" }))
}

fn spanish_plural(word: &str) -> String {
    match word.chars().next_back() {
        Some('s' | 'S') | None => word.to_owned(),
        Some('z') => format!("{}ces", &word[..word.len() - 1]),
        Some('a' | 'e' | 'i' | 'o' | 'u' | 'á' | 'é' | 'ó') => format!("{word}s"),
        Some(_) => format!("{word}es"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(term: &str, plain: &str, noun: bool, spanish: bool) -> Vec<(String, String)> {
        of(term, plain, noun, spanish).unwrap()
    }

    fn pair(term: &str, plain: &str) -> (String, String) {
        (term.to_owned(), plain.to_owned())
    }

    #[test]
    fn nouns_have_two_forms() {
        let both = |one, many| vec![one, many];
        assert_eq!(
            forms("copayment", "fixed fee(s) you pay", true, false),
            both(
                pair("copayment", "fixed fee you pay"),
                pair("copayments", "fixed fees you pay")
            )
        );
        assert_eq!(
            forms("biopsy", "tissue test(s)", true, false)[1],
            pair("biopsies", "tissue tests")
        );
        assert_eq!(
            forms("prognosis", "outlook", true, false)[1],
            pair("prognoses", "outlook")
        );
        assert_eq!(
            forms(
                "infarto agudo de miocardio",
                "el ataque(s) al corazón",
                true,
                true
            )[1],
            pair("infartos agudos de miocardio", "los ataques al corazón")
        );
        assert_eq!(
            forms("radiografía", "la placa(s)", true, true)[1],
            pair("radiografías", "las placas")
        );
        assert_eq!(
            forms("vitals", "blood pressure", true, false),
            [pair("vitals", "blood pressure")]
        );
    }

    #[test]
    fn listed_forms_go_in_pairs() {
        assert_eq!(
            forms("utilize / utilizes", "use / uses", false, false),
            [pair("utilize", "use"), pair("utilizes", "uses")]
        );
        assert_eq!(
            forms("PRN / as needed basis", "when you need it", false, false)[1],
            pair("as needed basis", "when you need it")
        );
        assert!(of("a / b / c", "x / y", false, false).is_err());
        assert!(of("a / ", "x", false, false).is_err());
    }
}
