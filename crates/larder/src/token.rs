//! Write tokens: who wrote sees the write, on any node.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::freshness::Xid;
use crate::incarnation::Incarnation;

/// Says which transaction somebody has written in. A reader that shows it sees what that transaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteToken {
    /// The life of the server that the transaction belongs to.
    pub incarnation: Incarnation,
    /// The transaction.
    pub xid: Xid,
}

/// What tokens are signed with, the same on all nodes: a forged one is told from ours.
#[derive(Clone)]
pub struct TokenKey(Hmac<Sha256>);

const MAC_BYTES: usize = 16;

impl TokenKey {
    /// The key made from a secret of the application. It is used for nothing else, whatever else the secret is used for.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length (RFC 2104 §2).
    #[must_use]
    pub fn new(secret: &[u8]) -> TokenKey {
        let mac = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        let own = mac(secret).chain_update(b"larder write token 1").finalize().into_bytes();
        TokenKey(mac(&own))
    }

    /// The token as a text that a header field or a cookie holds: `incarnation.xid.mac`.
    #[must_use]
    pub fn sign(&self, token: WriteToken) -> String {
        let body = format!("{}.{}", token.incarnation, token.xid.0);
        let mac = self.0.clone().chain_update(&body).finalize().into_bytes();
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(&mac[..MAC_BYTES]))
    }

    /// The token that a text is; none where it is not one that this key signed.
    #[must_use]
    pub fn verify(&self, text: &str) -> Option<WriteToken> {
        let (body, mac) = text.rsplit_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok().filter(|mac| mac.len() == MAC_BYTES)?;
        self.0.clone().chain_update(body).verify_truncated_left(&mac).ok()?;
        let (incarnation, xid) = body.split_once('.')?;
        let incarnation = Incarnation::from_str(incarnation).ok()?;
        Some(WriteToken { incarnation, xid: Xid(xid.parse().ok()?) })
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> WriteToken {
        WriteToken { incarnation: Incarnation::of(["a", "b"]), xid: Xid(4711) }
    }

    #[test]
    fn a_token_comes_back_as_it_was_signed() {
        let key = TokenKey::new(b"secret");
        assert_eq!(key.verify(&key.sign(token())), Some(token()));
    }

    #[test]
    fn a_forged_or_foreign_token_is_none() {
        let key = TokenKey::new(b"secret");
        let signed = key.sign(token());
        let foreign = TokenKey::new(b"another").sign(token());
        let later = signed.replace("4711", "4712");
        for forged in [foreign.as_str(), &later, "", ".", "a.b.c", &signed[1..], &signed[..signed.len() - 4]]
        {
            assert_eq!(key.verify(forged), None, "{forged}");
        }
    }
}
