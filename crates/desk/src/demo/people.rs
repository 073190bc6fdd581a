//! Invented patients. First and last names are combined at random; nobody is meant.

use super::random::Chance;
use bedside_web::Locale;

const FIRST_EN: &[&str] = &[
    "Grace", "Amara", "Oliver", "Priya", "Noah", "Mei", "Liam", "Fatima", "Ethan", "Ingrid",
    "Kofi", "Hannah", "Ravi", "Chloe", "Yusuf", "Sienna", "Daniel", "Aisha", "Marcus", "Linh",
    "Tobias", "Nadia", "Samuel", "Keiko", "Patrick", "Zainab", "Walter", "Ruth", "Dmitri",
    "Leilani", "George", "Anjali", "Isaac", "Freya", "Omar", "Beatrice", "Jamal", "Elspeth",
    "Hiroshi", "Tamsin",
];
const LAST_EN: &[&str] = &[
    "Whitcombe",
    "Okafor",
    "Bergström",
    "Patel",
    "Nakamura",
    "O'Leary",
    "Haddad",
    "Kowalski",
    "Chen",
    "Abernathy",
    "Diallo",
    "Fischer",
    "Nguyen",
    "Castellan",
    "Rosenthal",
    "Petrov",
    "Kahale",
    "Brightwater",
    "Iyer",
    "Lindgren",
    "Mensah",
    "Farrow",
    "Yamada",
    "Sokolov",
    "Doyle",
    "Achebe",
    "Vandermeer",
    "Khan",
    "Ellery",
    "Thornquist",
    "Baptiste",
    "Quigley",
    "Svensson",
    "Rao",
];
const FIRST_ES: &[&str] = &[
    "Guadalupe",
    "Mateo",
    "Ximena",
    "Joaquín",
    "Rosario",
    "Emiliano",
    "Marisol",
    "Ignacio",
    "Pilar",
    "Andrés",
    "Inés",
    "Ramón",
    "Lucía",
    "Efraín",
    "Consuelo",
    "Damián",
    "Renata",
    "Octavio",
    "Belén",
    "Fermín",
    "Nieves",
    "Hernán",
    "Graciela",
    "Tomás",
];
const LAST_ES: &[&str] = &[
    "Villarreal",
    "Echeverría",
    "Montes",
    "Quintanilla",
    "Ibarra",
    "Zúñiga",
    "Palacios",
    "Carranza",
    "Olmedo",
    "Barrientos",
    "Figueroa",
    "Urrutia",
    "Santillán",
    "Peñaloza",
    "Cárdenas",
    "Valdivia",
    "Robledo",
    "Escobedo",
    "Larios",
    "Ávila",
];

/// Somebody invented.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) birth_date: String,
    pub(super) mrn: String,
    pub(super) locale: Locale,
    pub(super) secure_link: bool,
}

/// `count` people; the same ones for the same seed.
pub(super) fn people(chance: &mut Chance, count: usize) -> Vec<Person> {
    (0..count).map(|number| person(chance, number)).collect()
}

fn person(chance: &mut Chance, number: usize) -> Person {
    let spanish = chance.percent(32);
    let mut one = |list: &[&'static str]| {
        let index = usize::try_from(chance.next() % (list.len() as u64)).unwrap_or(0);
        list[index]
    };
    let (first, last) = if spanish {
        (one(FIRST_ES), one(LAST_ES))
    } else {
        (one(FIRST_EN), one(LAST_EN))
    };
    let second = if spanish {
        format!(" {}", one(LAST_ES))
    } else {
        String::new()
    };
    let plain = |text: &str| -> String {
        let small = text.to_lowercase();
        let folded = small.chars().map(|c| match c {
            'á' => 'a',
            'é' => 'e',
            'í' => 'i',
            'ó' | 'ö' => 'o',
            'ú' => 'u',
            'ñ' => 'n',
            other => other,
        });
        folded.filter(char::is_ascii_alphanumeric).collect()
    };
    Person {
        name: format!("{first} {last}{second}"),
        email: format!(
            "{}.{}{}@mail.example",
            plain(first),
            plain(last),
            number + 1
        ),
        // 555-0100 to 555-0199 are kept for fiction in the North American plan.
        phone: format!("+1 {} 555 01{:02}", 201 + number / 100 * 7, number % 100),
        birth_date: format!(
            "{}-{:02}-{:02}",
            chance.between(1938, 2008),
            chance.between(1, 13),
            chance.between(1, 29)
        ),
        mrn: format!("RF-{:05}", 20_000 + number * 7),
        locale: if spanish { Locale::Es } else { Locale::En },
        secure_link: chance.percent(4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_can_be_stored_and_nobody_twice() {
        let all = people(&mut Chance::new(7), 400);
        let mut seen = std::collections::HashSet::new();
        for person in &all {
            assert!(
                bedside_vault::normalise::email(&person.email).is_ok(),
                "{}",
                person.email
            );
            assert!(
                bedside_vault::normalise::phone(&person.phone, "1").is_ok(),
                "{}",
                person.phone
            );
            assert!(bedside_vault::normalise::birth_date(&person.birth_date).is_ok());
            assert!(seen.insert(person.email.clone()) && seen.insert(person.phone.clone()));
            assert!(seen.insert(person.mrn.clone()));
        }
    }
}
