//! How whoever resets a second factor made sure that it is them: as surely as when they were given their first link.

/// What was looked at. There is no other way: a mail, a message or a voice alone shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// They stood there with a document that shows who they are.
    Document,
    /// They were called on a number that was on file before they asked.
    NumberOnFile,
    /// Their head of team, who knows them, said so in person.
    HeadOfTeam,
    /// Whoever runs the desk's machine did it there, where the only administrator can't come in.
    Machine,
}

impl Evidence {
    /// Those that a colleague can choose.
    pub const CHOICES: [Self; 3] = [Self::Document, Self::NumberOnFile, Self::HeadOfTeam];

    /// As the audit log and the form have it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::NumberOnFile => "number_on_file",
            Self::HeadOfTeam => "head_of_team",
            Self::Machine => "machine",
        }
    }

    /// What a colleague chose; none for anything else.
    pub fn chosen(code: &str) -> Option<Self> {
        Self::CHOICES.into_iter().find(|one| one.code() == code)
    }
}
