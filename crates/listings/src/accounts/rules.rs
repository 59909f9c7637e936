//! What names and addresses of users must be.

/// What a username is, in words.
pub const USERNAME_RULE: &str = "must be 1 to 150 letters (a–z, A–Z), digits and @ . + - _";

/// Whether a text is a username: the rule of Django's `ASCIIUsernameValidator`. Of other alphabets there are letters that look
/// like ours, and databases differ about their case.
#[must_use]
pub fn is_username(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"@.+-_".contains(&byte);
    (1..=150).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// What an address is, in words.
pub const EMAIL_RULE: &str = "must be an address such as ann@homes.example, at most 254 characters, or empty";

/// Whether a text is empty, or may be an email address: nobody can tell more without writing to it.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let is_plain = !text.contains(|character: char| character.is_control() || character.is_whitespace());
    let has_parts = text.rsplit_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    text.is_empty() || (is_plain && has_parts && text.chars().count() <= 254)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_what_django_takes_for_one() {
        for name in ["a", "Ann", "ann@homes.example", "a.b+c-d_e", &"x".repeat(150)] {
            assert!(is_username(name), "{name}");
        }
        for name in ["", " ann", "ann ", "a b", "änn", "a/b", "a\0", "a\n", &"x".repeat(151)] {
            assert!(!is_username(name), "{name:?}");
        }
    }

    #[test]
    fn an_address_has_two_parts_or_is_empty() {
        for address in ["", "ann@homes.example", "\"a@b\"@homes.example"] {
            assert!(is_email(address), "{address}");
        }
        for address in
            ["ann", "@homes.example", "ann@", "a nn@homes.example", &format!("{}@b", "a".repeat(253))]
        {
            assert!(!is_email(address), "{address}");
        }
    }
}
