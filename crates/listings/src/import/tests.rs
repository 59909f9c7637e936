//! Files that can't be read, and rows as they are read.

use super::*;
use crate::record::Given;

fn import(format: Format, content: &[u8]) -> Result<Vec<Row>, (u64, Fault)> {
    rows(&Import { format, content, on_error: OnError::Abort }).map(Iterator::collect)
}

fn csv_fault(text: &str) -> (u64, Fault) {
    import(Format::Csv, text.as_bytes()).unwrap_err()
}

#[test]
fn a_header_must_name_known_columns_each_once_and_those_that_are_needed() {
    for (header, field, rule) in [
        ("", "", "empty"),
        ("title,location,colour\n", "colour", "known are title"),
        ("title,location,title\n", "title", "two columns"),
        ("Title,location\n", "Title", "known are title"),
        ("title,price\n", "location", "missing"),
        ("title,location,\n", "", "known are title"),
    ] {
        let (line, fault) = csv_fault(header);
        assert_eq!((line, fault.field.as_str()), (1, field), "{header}");
        assert!(fault.rule.contains(rule), "{}", fault.rule);
    }
    for header in ["title,location", "id,price", "reference,status", " title , location "] {
        assert!(import(Format::Csv, header.as_bytes()).is_ok(), "{header}");
    }
}

#[test]
fn what_is_not_utf_8_is_named_by_its_line() {
    for format in [Format::Csv, Format::Ndjson] {
        let (line, fault) = import(format, b"title,location\nHome,Accra\nCaf\xe9,Accra\n").unwrap_err();
        assert!(
            (line, fault.value.as_str()) == (3, "E9 2C 41 63") && fault.rule.contains("UTF-8"),
            "{fault}"
        );
        for mark in [&b"\xff\xfet\0"[..], b"\xfe\xff\0t"] {
            assert!(import(format, mark).unwrap_err().1.value.contains("UTF-16"));
        }
    }
}

#[test]
fn a_mark_at_the_begin_quotes_and_line_breaks_in_them_are_understood() {
    let text = "\u{feff}title,location,description\r\n\"A \"\"fine\"\", home\",Accra,\"one\r\ntwo\"\r\n\r\nB,Tema,\r\n";
    let rows = import(Format::Csv, text.as_bytes()).unwrap();
    let record = rows[0].record.as_ref().unwrap();
    assert_eq!(record.given("title"), Some(&Given::Text("A \"fine\", home".into())));
    assert_eq!(record.given("description"), Some(&Given::Text("one\r\ntwo".into())));
    assert_eq!((rows.len(), rows[1].number, rows[1].line), (2, 2, 5));
}

#[test]
fn a_row_with_more_or_fewer_cells_than_the_header_is_named_by_its_line() {
    let rows = import(Format::Csv, b"title,location\nA\nB,C,D\nE,F\n").unwrap();
    for (row, value) in [(0, "1 cells"), (1, "3 cells")] {
        let fault = rows[row].record.as_ref().unwrap_err();
        assert_eq!((rows[row].line, fault.value.as_str()), (row as u64 + 2, value));
        assert!(fault.rule.contains("2 cells"));
    }
    assert!(rows[2].record.is_ok());
}

#[test]
fn an_empty_cell_is_null_or_empty_or_says_nothing() {
    let header =
        "id,reference,title,description,price,location,status,kind,bedrooms,latitude,created_at,version";
    let rows = import(Format::Csv, format!("{header}\n,,,,,,,,,,,\n").as_bytes()).unwrap();
    let record = rows[0].record.as_ref().unwrap();
    let empty = |name: &str| (name.to_owned(), Given::Text(String::new()));
    let null = |name: &str| (name.to_owned(), Given::Null);
    let expected = [
        empty("title"),
        empty("description"),
        null("price"),
        empty("location"),
        null("bedrooms"),
        null("latitude"),
    ];
    assert_eq!(record.0, expected);
}

#[test]
fn each_line_of_ndjson_is_a_row() {
    let rows =
        import(Format::Ndjson, b"\xef\xbb\xbf{\"title\": \"A\"}\r\n\n  \n{}\n[]\n{\"a\": 1, \"a\": 2}\nx")
            .unwrap();
    let lines: Vec<_> = rows.iter().map(|row| (row.number, row.line, row.record.is_ok())).collect();
    assert_eq!(lines, [(1, 1, true), (2, 4, true), (3, 5, false), (4, 6, false), (5, 7, false)]);
}

#[test]
fn a_report_lists_so_many_errors_and_counts_the_rest() {
    let mut report = Report::default();
    for row in 0..600 {
        report.refuse(row, row, vec![Fault::new("a", "", "x"), Fault::new("b", "", "y")]);
    }
    assert_eq!((report.refused, report.errors.len(), report.errors_total), (600, MOST_ERRORS, 1_200));
    assert!(report.is_refused(OnError::Abort) && !report.is_refused(OnError::Skip));
}
