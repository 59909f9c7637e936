//! XML as a strict reader takes it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// The texts of all elements by path (`feed/entry/title`) and the values of all attributes (`feed/link@href`), each in
/// the order of the document, which must be well-formed.
pub(crate) fn elements(document: &str) -> BTreeMap<String, Vec<String>> {
    assert!(document.chars().all(is_legal), "a character that XML 1.0 can't hold");
    let mut reader = Reader::from_str(document);
    let (mut path, mut text, mut found) = (Vec::new(), String::new(), BTreeMap::<_, Vec<String>>::new());
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}:\n{document}")) {
            Event::Start(start) => {
                path.push(start.name().as_ref().to_owned());
                note(&path, &start, &mut found);
                text.clear();
            }
            Event::Empty(empty) => {
                path.push(empty.name().as_ref().to_owned());
                note(&path, &empty, &mut found);
                path.pop();
            }
            Event::Text(piece) => text.push_str(&piece.xml10_content()),
            Event::GeneralRef(entity) => text.push_str(&resolved(&entity)),
            Event::End(_) => {
                found.entry(path.join("/")).or_default().push(std::mem::take(&mut text));
                path.pop();
            }
            Event::Eof => break,
            Event::Decl(_) => {}
            other => panic!("{other:?} in a document that needs none"),
        }
    }
    assert!(path.is_empty(), "not all is closed: {path:?}");
    found
}

fn note(path: &[String], start: &BytesStart<'_>, found: &mut BTreeMap<String, Vec<String>>) {
    for attribute in start.attributes() {
        let attribute = attribute.unwrap();
        let value = quick_xml::escape::unescape(&attribute.value).unwrap().into_owned();
        found.entry(format!("{}@{}", path.join("/"), attribute.key.as_ref())).or_default().push(value);
    }
}

/// What `&name;` or `&#number;` stands for.
fn resolved(entity: &BytesRef<'_>) -> String {
    if let Some(character) = entity.resolve_char_ref().unwrap() {
        assert!(is_legal(character), "{character:?} can't be had by its number either");
        return character.to_string();
    }
    quick_xml::escape::resolve_predefined_entity(entity).unwrap().to_owned()
}

/// XML 1.0, production 2.
fn is_legal(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
