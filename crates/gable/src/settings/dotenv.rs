//! `.env`: lines of `NAME=value`, read as python-dotenv and the shell read them.

use std::collections::BTreeMap;

/// Reads a whole file. A value stands alone, up to a ` #` or the end of its line, or in quotes, which may hold line ends;
/// `export ` may stand before the name. `${NAME}` is the value of another variable, but not in single quotes; a `$` without
/// a brace is a dollar, as passwords have them.
///
/// # Errors
/// What is wrong and in which line, without what the line says: it may be a password.
pub(super) fn parse(
    text: &str,
    environment: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, String> {
    let mut values = BTreeMap::new();
    let mut rest = past_blank_and_comment(text);
    while !rest.is_empty() {
        let line = text[..text.len() - rest.len()].matches('\n').count() + 1;
        let place = |problem: &str| format!("line {line} {problem}");
        let (name, value, end) = assignment(rest).ok_or_else(|| place(SHAPE))?;
        let known = |name: &str| environment.get(name).or_else(|| values.get(name)).cloned();
        let value = value.expanded(known).ok_or_else(|| place(UNKNOWN))?;
        values.insert(name.to_owned(), value);
        rest = past_blank_and_comment(end);
    }
    Ok(values)
}

const SHAPE: &str = "is not NAME=value with quotes in pairs";
const UNKNOWN: &str =
    "has ${NAME} of a variable that is not set before; write '…' around a value that is meant as it is";

/// A value as it is written.
#[derive(Debug, PartialEq, Eq)]
enum Value {
    /// To be taken as it is.
    Literal(String),
    /// Other values may be named in it.
    Template(String),
}

fn past_blank_and_comment(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with('#') {
        rest = rest.split_once('\n').map_or("", |(_, next)| next).trim_start();
    }
    rest
}

/// The name, its value, and what follows.
fn assignment(text: &str) -> Option<(&str, Value, &str)> {
    let (name, rest) = text.split_once('=')?;
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    let value = rest.trim_start_matches([' ', '\t']);
    let (value, end) = match value.chars().next() {
        Some('\'') => in_single_quotes(&value[1..])?,
        Some('"') => in_double_quotes(&value[1..])?,
        _ => alone(rest),
    };
    is_name.then_some((name, value, end))
}

fn alone(text: &str) -> (Value, &str) {
    let (line, end) = text.split_once('\n').unwrap_or((text, ""));
    let comment = line.match_indices('#').map(|(at, _)| at).find(|&at| line[..at].ends_with([' ', '\t']));
    (Value::Template(line[..comment.unwrap_or(line.len())].trim().to_owned()), end)
}

fn in_single_quotes(text: &str) -> Option<(Value, &str)> {
    let (value, end) = text.split_once('\'')?;
    Some((Value::Literal(value.to_owned()), nothing_more(end)?))
}

fn in_double_quotes(text: &str) -> Option<(Value, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((Value::Template(value), nothing_more(&text[at + 1..])?)),
            '\\' => value.push_str(&unescaped(characters.next()?.1)),
            character => value.push(character),
        }
    }
    None
}

fn unescaped(character: char) -> String {
    match character {
        'n' => "\n".to_owned(),
        'r' => "\r".to_owned(),
        't' => "\t".to_owned(),
        '"' | '\'' | '\\' | '$' => character.to_string(),
        other => format!("\\{other}"),
    }
}

/// What follows a closing quote after the end of its line, on which only a comment may stand.
fn nothing_more(text: &str) -> Option<&str> {
    let (line, end) = text.split_once('\n').unwrap_or((text, ""));
    let line = line.trim();
    (line.is_empty() || line.starts_with('#')).then_some(end)
}

impl Value {
    /// The value with each `${NAME}` replaced; none where nobody knows one.
    fn expanded(self, known: impl Fn(&str) -> Option<String>) -> Option<String> {
        let template = match self {
            Value::Literal(text) => return Some(text),
            Value::Template(text) => text,
        };
        let mut pieces = template.split("${");
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, after) = piece.split_once('}')?;
            text.push_str(&known(name)?);
            text.push_str(after);
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<String, String> {
        let environment = BTreeMap::from([("HOST".to_owned(), "db".to_owned())]);
        parse(text, &environment).map(|mut values| values.remove("A").unwrap_or_default())
    }

    #[test]
    fn a_value_is_what_python_dotenv_takes_it_for() {
        for (text, right) in [
            ("A=b", "b"),
            ("A=", ""),
            ("  export A = b c  \r\n", "b c"),
            ("A=b # comment", "b"),
            ("A= # comment", ""),
            ("A=b#c", "b#c"),
            ("A=b=c", "b=c"),
            ("A=pa$word$", "pa$word$"),
            ("A=\"pa$word\"", "pa$word"),
            ("A='pa$word'", "pa$word"),
            ("A=it's", "it's"),
            ("A=b\\c", "b\\c"),
            ("A=' b # c '   # comment", " b # c "),
            ("A=\"b\\n\\\"c\\\" \\d\"", "b\n\"c\" \\d"),
            ("A='one\ntwo'\nB=c", "one\ntwo"),
            ("# don't\n\nB=c\nA=\"${B}@${HOST}\"", "c@db"),
            ("A='${B}'", "${B}"),
            ("A=ü", "ü"),
        ] {
            assert_eq!(value(text).as_deref(), Ok(right), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line_alone() {
        for text in [
            "s3cret",
            "A='s3cret",
            "A=\"s3cret",
            "A='s3cret'x",
            "=s3cret",
            "s3 cret=x",
            "A=s3cret${",
            "A=${s3cret}",
        ] {
            let problem = value(&format!("B=c\n\n# comment\n{text}\n")).expect_err(text);
            assert!(problem.starts_with("line 4 ") && !problem.contains("s3"), "{problem}");
        }
    }
}
