//! Free text: the words that are looked for, and how text goes into a URL.

use std::fmt;

const MAX_CHARACTERS: usize = 200;
const MAX_TERMS: usize = 12;

/// The words of a free-text search, each of which must begin a word of the listing.
///
/// Words are what stands between characters that are neither letter nor digit. They are lower-cased, as both databases
/// do with the listings (PostgreSQL beyond ASCII only where the database has a UTF-8 locale). A word said twice counts
/// once; the order is kept, since people like to see again what they typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms(Vec<String>);

impl Terms {
    pub(super) fn parse(text: &str) -> Result<Terms, String> {
        if text.chars().count() > MAX_CHARACTERS {
            return Err(format!("must have at most {MAX_CHARACTERS} characters"));
        }
        let mut terms: Vec<String> = Vec::new();
        for word in lower_case(text).split(|character: char| !character.is_alphanumeric()) {
            if !word.is_empty() && !terms.iter().any(|term| term == word) {
                terms.push(word.to_owned());
            }
        }
        match terms.len() {
            0 => Err("must hold a letter or a digit".to_owned()),
            1..=MAX_TERMS => Ok(Terms(terms)),
            _ => Err(format!("must have at most {MAX_TERMS} different words")),
        }
    }

    /// The words; never empty, each of letters and digits only.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

/// Letter by letter, so that what comes out is the same when it goes in again: a whole word knows two kinds of sigma, and
/// an İ would become an i with a mark of its own, which is no letter.
fn lower_case(text: &str) -> String {
    const COMBINING_DOT_ABOVE: char = '\u{307}';
    text.chars().flat_map(char::to_lowercase).filter(|&character| character != COMBINING_DOT_ABOVE).collect()
}

impl fmt::Display for Terms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(" "))
    }
}

/// `text` as the value of a query parameter: what is neither unreserved nor harmless there is percent-encoded, a space
/// becomes `+` (URL standard, application/x-www-form-urlencoded; the comma of a `bbox` stays readable).
pub(super) fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
        encoded
    })
}
