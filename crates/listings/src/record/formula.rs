//! Texts in a table that a spreadsheet would take for formulas (OWASP, "CSV Injection").

/// What a cell begins with that is a formula to some spreadsheet.
const BEGINNINGS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// What makes a text of it, to them.
const GUARD: char = '\'';

/// The text as a cell that no spreadsheet calculates: with a `'` before it where it would. [`unguarded`] takes that off again.
#[must_use]
pub fn guarded(text: &str) -> String {
    if is_formula(text.trim_start_matches(GUARD)) { format!("{GUARD}{text}") } else { text.to_owned() }
}

/// The text of a cell that [`guarded`] has made; any other cell is its own text.
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix(GUARD) {
        Some(text) if is_formula(text.trim_start_matches(GUARD)) => text,
        _ => cell,
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(BEGINNINGS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_comes_back_and_none_is_a_formula(text in "'{0,3}[=+@\t\r'a-]{0,3}.{0,5}") {
            let cell = guarded(&text);
            prop_assert!(!is_formula(&cell), "{cell}");
            prop_assert_eq!(unguarded(&cell), text);
        }
    }

    #[test]
    fn what_is_no_formula_stays_as_it_is() {
        for text in ["", "Home", "'tis a home", "5 = five", "a@b"] {
            assert_eq!((guarded(text).as_str(), unguarded(text)), (text, text));
        }
        assert_eq!(guarded("=1+1"), "'=1+1");
        assert_eq!(guarded("'=1"), "''=1");
    }
}
